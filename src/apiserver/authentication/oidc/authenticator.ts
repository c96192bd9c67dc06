import type { JWTPayload, JWTVerifyGetKey } from 'jose';
import type { Clock } from '../../../base/index.ts';
import type { User } from '../../registry/types.ts';
import type { TokenAuthenticator } from '../types.ts';
import { getJson } from './get-json.ts';

/** Whose tokens are taken, and how they are read; each field is the flag of kube-apiserver that begins with `oidc-`. */
export interface OidcOptions {
  issuerUrl: string;
  clientId: string;
  /** Default: `sub`. */
  usernameClaim?: string | undefined;
  /** Default: the issuer's URL and `#`, but nothing for `email`; `-`: nothing. */
  usernamePrefix?: string | undefined;
  groupsClaim?: string | undefined;
  groupsPrefix?: string | undefined;
  /** Claims that must have these values. */
  requiredClaims?: Readonly<Record<string, string>> | undefined;
  /** Default: RS256. */
  signingAlgs?: readonly string[] | undefined;
  /** Who signed the issuer's certificate, PEM; absent: whom the machine trusts. */
  ca?: string | undefined;
  /** Of the API server itself, for tokens whose holder asks for no other. */
  audiences: readonly string[];
  clock: Clock;
}

const REFRESH_KEYS_MS = 10 * 60_000;

/**
 * ID tokens of an OpenID Connect provider
 * (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#openid-connect-tokens). The provider's keys are asked
 * for when its first token comes; while that fails, its tokens are refused.
 */
export function oidcAuthenticator(options: OidcOptions): TokenAuthenticator {
  const { issuerUrl, clientId, clock } = options;
  let keys: Promise<JWTVerifyGetKey> | undefined;

  return {
    async authenticateToken(token, audiences) {
      const { decodeJwt, jwtVerify } = await import('jose');
      if (issuerOf(token, decodeJwt) !== issuerUrl) return undefined;
      keys ??= discoverKeys(options);
      keys.catch(() => {
        // The next token tries again.
        keys = undefined;
      });
      const { payload } = await jwtVerify(token, await keys, {
        issuer: issuerUrl,
        audience: clientId,
        algorithms: [...(options.signingAlgs ?? ['RS256'])],
        currentDate: new Date(clock.now()),
        requiredClaims: ['exp'],
      });
      const meant = audiences.filter((audience) => options.audiences.includes(audience) || audience === clientId);
      return { user: userOf(payload, options), audiences: meant };
    },
  };
}

function issuerOf(token: string, decode: (token: string) => JWTPayload): string | undefined {
  try {
    return decode(token).iss;
  } catch {
    // No JSON Web Token at all.
    return undefined;
  }
}

/** The provider's keys, looked up anew when one is unknown or they are old. */
async function discoverKeys({ issuerUrl, ca }: OidcOptions): Promise<JWTVerifyGetKey> {
  const { createRemoteJWKSet, customFetch } = await import('jose');
  const url = `${issuerUrl.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const document = (await getJson(url, ca)) as { issuer?: string; jwks_uri?: string };
  if (document.issuer !== issuerUrl) {
    throw new Error(
      `oidc: issuer did not match the issuer returned by provider, expected "${issuerUrl}" got "${document.issuer}"`,
    );
  }
  return createRemoteJWKSet(new URL(document.jwks_uri ?? ''), {
    cacheMaxAge: REFRESH_KEYS_MS,
    [customFetch]: async (address: string) => Response.json(await getJson(address, ca)),
  });
}

/** As whom the token's holder acts. Throws when the token doesn't say, or not what it must. */
export function userOf(
  claims: JWTPayload,
  {
    issuerUrl,
    usernameClaim = 'sub',
    usernamePrefix,
    groupsClaim,
    groupsPrefix = '',
    requiredClaims = {},
  }: OidcOptions,
): User {
  const name = claims[usernameClaim];
  if (typeof name !== 'string' || name === '')
    throw new Error(`oidc: parse username claims "${usernameClaim}": claim not present`);
  if (usernameClaim === 'email' && 'email_verified' in claims && claims['email_verified'] !== true) {
    throw new Error('oidc: email not verified');
  }
  for (const [claim, wanted] of Object.entries(requiredClaims)) {
    if (claims[claim] === undefined) throw new Error(`oidc: required claim ${claim} not present in ID token`);
    if (claims[claim] !== wanted) throw new Error(`oidc: required claim ${claim} value does not match`);
  }
  const usual = usernameClaim === 'email' ? '' : `${issuerUrl}#`;
  const prefix = usernamePrefix === '-' ? '' : (usernamePrefix ?? usual);
  const groups = groupsClaim === undefined ? [] : groupsOf(claims[groupsClaim], groupsClaim);
  return { name: prefix + name, groups: groups.map((group) => groupsPrefix + group) };
}

function groupsOf(claim: unknown, name: string): string[] {
  if (claim === undefined) return [];
  if (typeof claim === 'string') return [claim];
  if (Array.isArray(claim) && claim.every((each) => typeof each === 'string')) return claim;
  throw new Error(`oidc: parse groups claim "${name}": neither a text nor a list of texts`);
}
