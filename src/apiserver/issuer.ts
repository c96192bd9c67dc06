import { isIPv6, type Socket } from 'node:net';
import type { ServiceAccountTokens } from './authentication/service-account/index.ts';
import { sendBody } from './http/respond.ts';
import type { Route } from './server.ts';

const KEYS_PATH = '/openid/v1/jwks';

/**
 * What others need to check service account tokens by themselves
 * (https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#service-account-issuer-discovery).
 */
export function issuerRoute(tokens: ServiceAccountTokens): Route {
  return async (exchange) => {
    const { info, response } = exchange;
    if (info.verb !== 'get') return false;
    if (info.path === KEYS_PATH) {
      response.setHeader('Cache-Control', 'public, max-age=3600');
      await sendBody(exchange, 200, 'application/jwk-set+json', JSON.stringify(await tokens.keySet()));
      return true;
    }
    if (info.path !== '/.well-known/openid-configuration') return false;
    const [key] = (await tokens.keySet()).keys as [{ alg: string }];
    const document = {
      issuer: tokens.issuer,
      jwks_uri: `https://${addressOf(exchange.request.socket)}${KEYS_PATH}`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [key.alg],
    };
    response.setHeader('Cache-Control', 'public, max-age=3600');
    await sendBody(exchange, 200, 'application/json', JSON.stringify(document));
    return true;
  };
}

/** Where who asks has reached this server; the issuer's own name needs not lead here. */
function addressOf({ localAddress = '', localPort }: Socket): string {
  return `${isIPv6(localAddress) ? `[${localAddress}]` : localAddress}:${localPort}`;
}
