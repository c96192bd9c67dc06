import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { errors } from '../../api/index.ts';
import type { Exchange } from '../exchange.ts';
import { codecOf } from './codec.ts';
import { JSON_PROTOCOL, limits, MSGPACK_PROTOCOL, WATCH_PATH } from './protocol.ts';
import { type SessionOptions, WatchSession } from './session.ts';

/** Accepts sockets of the watch API (see protocol.ts) at `/watch`. */
export function watchApiRoute(
  options: Pick<SessionOptions, 'registry' | 'authorizer'>,
): (exchange: Exchange, socket: Duplex, head: Buffer) => boolean {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.messageBytes,
    handleProtocols: (offered) => [JSON_PROTOCOL, MSGPACK_PROTOCOL].find((protocol) => offered.has(protocol)) ?? false,
  });
  return (exchange, socket, head) => {
    if (exchange.info.path !== WATCH_PATH) return false;
    const offered = String(exchange.request.headers['sec-websocket-protocol'] ?? '');
    // A client that names no subprotocol speaks JSON.
    if (offered !== '' && ![JSON_PROTOCOL, MSGPACK_PROTOCOL].some((protocol) => offered.includes(protocol))) {
      throw errors.badRequest(`offer the WebSocket subprotocol ${JSON_PROTOCOL} or ${MSGPACK_PROTOCOL}`);
    }
    server.handleUpgrade(exchange.request, socket, head, (webSocket) => {
      const codec = codecOf(webSocket.protocol || JSON_PROTOCOL);
      if (codec !== undefined)
        new WatchSession({ ...options, socket: webSocket, stream: socket, codec, user: exchange.user });
    });
    return true;
  };
}
