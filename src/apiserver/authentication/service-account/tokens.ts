import { createHash } from 'node:crypto';
import type { Clock } from '../../../base/index.ts';
import type { TokenClaims } from './claims.ts';
import { readSigningKey } from './signing-key.ts';

/** The issuer that Kubernetes' own installers choose, and which the in-cluster name of the API server resolves to. */
export const DEFAULT_ISSUER = 'https://kubernetes.default.svc.cluster.local';

/** Makes and checks the signatures of service account tokens. */
export interface ServiceAccountTokens {
  readonly issuer: string;
  /** The API server itself: what a token is for when nothing else is said. */
  readonly audiences: readonly string[];
  sign(claims: TokenClaims): Promise<string>;
  /** For tokens in Secrets, which say no issuer of ours, no audience, and never end. */
  signLegacy(claims: Readonly<Record<string, string>>): Promise<string>;
  /**
   * What a token of this issuer says, its time and signature checked; undefined for a token of any other. Rejects when it doesn't
   * hold. Whether its audience and the objects in it are right is the caller's to check.
   */
  verify(token: string): Promise<Readonly<Record<string, unknown>> | undefined>;
  /** The public key, as a JSON Web Key Set (RFC 7517). */
  keySet(): Promise<{ keys: unknown[] }>;
}

/** The issuer of tokens in Secrets. */
export const LEGACY_ISSUER = 'kubernetes/serviceaccount';

const REMEMBERED = 1_000;
const REMEMBERED_MS = 10_000;
/** Clocks of a cluster's machines differ. */
const LEEWAY_SECONDS = 60;

export function serviceAccountTokens(options: {
  /** Private key in PEM format. */
  key: string;
  issuer?: string;
  clock: Clock;
}): ServiceAccountTokens {
  const { clock, issuer = DEFAULT_ISSUER } = options;
  const key = readSigningKey(options.key);
  const header = { alg: key.algorithm, kid: key.id };
  // Clients send the same token with each request: its signature is checked once in a while.
  const known = new Map<string, { claims: Readonly<Record<string, unknown>>; until: number }>();

  const sign = async (claims: object): Promise<string> => {
    const { SignJWT } = await import('jose/jwt/sign');
    return new SignJWT({ ...claims }).setProtectedHeader(header).sign(key.privateKey);
  };
  return {
    issuer,
    audiences: [issuer],
    sign,
    signLegacy: (claims) => sign({ iss: LEGACY_ISSUER, ...claims }),
    async verify(token) {
      const id = createHash('sha256').update(token).digest('base64');
      const now = clock.now();
      const found = known.get(id);
      if (found !== undefined && now < found.until) return found.claims;
      known.delete(id);
      const [{ decodeJwt }, { jwtVerify }] = await Promise.all([import('jose/jwt/decode'), import('jose/jwt/verify')]);
      const claimed = claimedIssuer(token, decodeJwt);
      if (claimed !== issuer && claimed !== LEGACY_ISSUER) return undefined;
      const { payload } = await jwtVerify(token, key.publicKey, {
        algorithms: [key.algorithm],
        currentDate: new Date(now),
        clockTolerance: LEEWAY_SECONDS,
      });
      const until = Math.min(now + REMEMBERED_MS, ((payload.exp ?? Number.POSITIVE_INFINITY) + LEEWAY_SECONDS) * 1_000);
      known.set(id, { claims: payload, until });
      if (known.size > REMEMBERED) known.delete(known.keys().next().value as string);
      return payload;
    },
    async keySet() {
      const { exportJWK } = await import('jose/key/export');
      const jwk = await exportJWK(key.publicKey);
      return { keys: [{ use: 'sig', kty: jwk.kty, kid: key.id, alg: key.algorithm, ...jwk }] };
    },
  };
}

function claimedIssuer(token: string, decode: (token: string) => { iss?: string }): string | undefined {
  try {
    return decode(token).iss;
  } catch {
    // No JSON Web Token at all.
    return undefined;
  }
}
