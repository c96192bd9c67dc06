import { once } from 'node:events';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { type ServeStoreOptions, STORE_PROTOCOL, type Store, serveStore } from '../../src/store/index.ts';

/** A store on a WebSocket server of its own. */
export interface StoreServer {
  url: string;
  sockets: WebSocketServer;
  /** Breaks all connections; new ones are welcome. */
  disconnect(): void;
  close(): Promise<void>;
}

export async function startStoreServer(
  store: Store,
  options: ServeStoreOptions & { tls?: ServerOptions; port?: number } = {},
): Promise<StoreServer> {
  const server: Server = options.tls === undefined ? createHttpServer() : createTlsServer(options.tls);
  const sockets = new WebSocketServer({
    server,
    maxPayload: 2 * 1024 * 1024,
    handleProtocols: (offered) => (offered.has(STORE_PROTOCOL) ? STORE_PROTOCOL : false),
  });
  sockets.on('connection', (socket) => serveStore(socket, store, options));
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    sockets,
    disconnect() {
      for (const client of sockets.clients) client.terminate();
    },
    async close() {
      for (const client of sockets.clients) client.terminate();
      sockets.close();
      server.close();
      await once(server, 'close');
    },
  };
}
