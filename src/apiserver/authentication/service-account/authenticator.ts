import type { Clock } from '../../../base/index.ts';
import type { StateReader } from '../../registry/types.ts';
import type { TokenAuthenticator, TokenIdentity } from '../types.ts';
import { brokenBond } from './bound-objects.ts';
import { isPrivateClaims, type PrivateClaims, userOfClaims } from './claims.ts';
import { LEGACY_ISSUER, type ServiceAccountTokens } from './tokens.ts';

const secrets = { group: '', resource: 'secrets' };
const LEGACY_PREFIX = 'kubernetes.io/serviceaccount/';

/** Tokens of service accounts: bound ones, and those that Secrets of type kubernetes.io/service-account-token hold. */
export function serviceAccountAuthenticator(options: {
  tokens: ServiceAccountTokens;
  state: StateReader;
  clock: Clock;
}): TokenAuthenticator {
  const { tokens, state, clock } = options;

  const checked = async (claims: PrivateClaims, tokenId: string | undefined) => {
    const broken = await brokenBond(state, claims, clock.now());
    if (broken !== undefined) throw new Error(broken);
    return userOfClaims(claims, tokenId);
  };

  return {
    async authenticateToken(token, audiences): Promise<TokenIdentity | undefined> {
      const payload = await tokens.verify(token);
      if (payload === undefined) return undefined;
      const { iss, aud, jti } = payload;
      if (iss === LEGACY_ISSUER) {
        let claims = legacyClaims(payload, state, token);
        if (claims === undefined) {
          await state.fresh();
          claims = legacyClaims(payload, state, token);
        }
        if (claims === undefined) throw new Error('service account token has been invalidated: its secret is gone');
        // Such a token is for the API server alone.
        const meant = audiences.filter((audience) => tokens.audiences.includes(audience));
        if (meant.length === 0) throw new Error('token audiences do not match');
        return { user: await checked(claims, undefined), audiences: meant };
      }
      const claims = payload['kubernetes.io'];
      if (!isPrivateClaims(claims)) throw new Error('the token does not say whose it is');
      const own = Array.isArray(aud) ? aud : [aud];
      const meant = audiences.filter((audience) => own.includes(audience));
      if (meant.length === 0) {
        throw new Error(
          `token audiences ${JSON.stringify(own)} is invalid for the target audiences ${JSON.stringify(audiences)}`,
        );
      }
      return { user: await checked(claims, typeof jti === 'string' ? jti : undefined), audiences: meant };
    },
  };
}

/** What the token in a Secret stands for, as long as that Secret holds it. */
function legacyClaims(
  payload: Readonly<Record<string, unknown>>,
  state: StateReader,
  token: string,
): PrivateClaims | undefined {
  const claim = (name: string): string => String(payload[LEGACY_PREFIX + name] ?? '');
  const namespace = claim('namespace');
  const secret = state.lookup(secrets, namespace, claim('secret.name'))?.object;
  const data = secret?.['data'] as { token?: string } | undefined;
  if (secret === undefined || Buffer.from(data?.token ?? '', 'base64').toString() !== token) return undefined;
  return {
    namespace,
    serviceaccount: { name: claim('service-account.name'), uid: claim('service-account.uid') },
    secret: { name: secret.metadata.name!, uid: secret.metadata.uid! },
  };
}

/** The claims of a token that a Secret is to hold. */
export function claimsForSecret(
  claims: Required<Pick<PrivateClaims, 'namespace' | 'serviceaccount' | 'secret'>>,
): Record<string, string> {
  const { namespace, serviceaccount, secret } = claims;
  return {
    sub: `system:serviceaccount:${namespace}:${serviceaccount.name}`,
    [`${LEGACY_PREFIX}namespace`]: namespace,
    [`${LEGACY_PREFIX}secret.name`]: secret.name,
    [`${LEGACY_PREFIX}service-account.name`]: serviceaccount.name,
    [`${LEGACY_PREFIX}service-account.uid`]: serviceaccount.uid,
  };
}
