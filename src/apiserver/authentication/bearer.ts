import type { IncomingMessage } from 'node:http';
import { errors } from '../../api/index.ts';
import type { Authenticator, TokenAuthenticator } from './types.ts';

const SOCKET_PROTOCOL_PREFIX = 'base64url.bearer.authorization.k8s.io.';

/**
 * Bearer tokens, from the Authorization header or, as browsers can't set that for WebSockets, from a subprotocol's name
 * (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#putting-a-bearer-token-in-a-request).
 */
export function bearerAuthenticator(tokens: TokenAuthenticator, audiences: readonly string[]): Authenticator {
  return {
    async authenticate(request) {
      const token = headerToken(request) ?? takeProtocolToken(request);
      if (token === undefined) return undefined;
      const identity = await tokens.authenticateToken(token, audiences).catch(() => undefined);
      if (identity === undefined) throw errors.unauthorized();
      return identity.user;
    },
  };
}

function headerToken({ headers }: IncomingMessage): string | undefined {
  const [, token] = /^bearer +(\S+) *$/i.exec(headers.authorization ?? '') ?? [];
  return token;
}

/** The token among the subprotocols; it is taken out, so that it is not the one that is agreed on. */
function takeProtocolToken({ headers }: IncomingMessage): string | undefined {
  const offered = headers['sec-websocket-protocol']?.split(',').map((name) => name.trim()) ?? [];
  const carrier = offered.find((name) => name.startsWith(SOCKET_PROTOCOL_PREFIX));
  if (carrier === undefined) return undefined;
  const others = offered.filter((name) => !name.startsWith(SOCKET_PROTOCOL_PREFIX));
  if (others.length === 0) throw errors.badRequest('missing additional subprotocol beside the bearer token');
  headers['sec-websocket-protocol'] = others.join(', ');
  return Buffer.from(carrier.slice(SOCKET_PROTOCOL_PREFIX.length), 'base64url').toString();
}
