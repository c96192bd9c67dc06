import { WebSocketServer } from 'ws';
import { errors } from '../api/index.ts';
import { negotiate, parseAccept } from './http/accept.ts';
import { drained } from './http/drained.ts';
import type { Registry } from './registry/index.ts';
import { collectionOf, requestOf } from './resources.ts';
import type { UpgradeRoute } from './server.ts';
import { pipeWatch } from './watch.ts';

/** Nothing is expected from the client of a plain watch. */
const MAX_MESSAGE_BYTES = 1024;

/** Kubernetes' plain watch over WebSocket: `GET …?watch=true` with an upgrade; one text message an event. */
export function watchUpgradeRoute(options: { registry: Registry; now: () => number }): UpgradeRoute {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
  });
  return async (exchange, socket, head) => {
    const { info } = exchange;
    if (!info.isResource || info.verb !== 'watch') return false;
    const type = options.registry.scheme.findResource(info.group, info.version, info.resource);
    if (type === undefined) return false;
    const shape = negotiate(parseAccept(exchange.request.headers.accept), { tables: true, protobuf: false });
    if (shape === undefined) throw errors.notAcceptable(['application/json']);
    const begun = Promise.withResolvers<void>();
    socket.once('close', begun.resolve);
    server.handleUpgrade(exchange.request, socket, head, (webSocket) => {
      const gone = new AbortController();
      webSocket.on('close', () => gone.abort());
      webSocket.on('error', () => webSocket.terminate());
      const sink = {
        write(line: Buffer): number {
          webSocket.send(line, { binary: false });
          return webSocket.bufferedAmount;
        },
        drained: () => drained(socket),
        end: () => webSocket.close(1000),
      };
      const request = collectionOf(exchange, requestOf(exchange, type));
      pipeWatch({ ...exchange, signal: gone.signal }, request, options.registry, shape, options.now, sink)
        .catch(() => webSocket.close(1011))
        .finally(begun.resolve);
    });
    await begun.promise;
    return true;
  };
}
