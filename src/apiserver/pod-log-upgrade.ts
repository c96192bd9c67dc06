import type { IncomingMessage } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import { errors, type ResourceType } from '../api/index.ts';
import { drained } from './http/drained.ts';
import type { KubeletConnection } from './kubelet-connection.ts';
import { openPodLog } from './pod-log.ts';
import type { Registry } from './registry/types.ts';
import { requestOf } from './resources.ts';
import type { UpgradeRoute } from './server.ts';

/** Nothing is expected from who reads a log. */
const MAX_MESSAGE_BYTES = 1024;

/** By subprotocol, how bytes become messages; '' is who asks for none. */
const encodings: Readonly<Record<string, BufferEncoding | undefined>> = {
  '': undefined,
  'binary.k8s.io': undefined,
  'base64.binary.k8s.io': 'base64',
};

/** `…/pods/NAME/log` over WebSocket: an empty message first, then the log, then the end. */
export function podLogUpgradeRoute(options: {
  registry: Registry;
  pods: ResourceType;
  kubelets: KubeletConnection;
}): UpgradeRoute {
  const { registry, pods, kubelets } = options;
  return async (exchange, socket, head) => {
    const { info, request } = exchange;
    if (!info.isResource || info.group !== '' || info.resource !== 'pods' || info.subresource !== 'log') return false;
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    const protocol = offered.find((name) => Object.hasOwn(encodings, name));
    if (protocol === undefined) throw errors.badRequest(`unable to negotiate protocol: client supports ${offered}`);
    const gone = new AbortController();
    socket.once('close', () => gone.abort());
    const log = await openPodLog({ ...exchange, signal: gone.signal }, requestOf(exchange, pods), registry, kubelets);
    const server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE_BYTES,
      handleProtocols: () => protocol || false,
    });
    server.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('error', () => webSocket.terminate());
      send(log, webSocket, encodings[protocol], () => drained(socket)).catch(() => webSocket.close(1011));
    });
    return true;
  };
}

async function send(
  log: IncomingMessage | undefined,
  webSocket: WebSocket,
  encoding: BufferEncoding | undefined,
  room: () => Promise<void>,
): Promise<void> {
  const write = (bytes: Buffer): void => webSocket.send(encoding === undefined ? bytes : bytes.toString(encoding));
  write(Buffer.alloc(0));
  for await (const chunk of log ?? []) {
    write(chunk as Buffer);
    await room();
  }
  webSocket.close(1000);
}
