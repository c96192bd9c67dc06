import { WebSocket } from 'ws';
import { type Clock, KeelsonError, type Timer } from '../../base/index.ts';
import { MAX_SERVER_FRAME_BYTES, STORE_PATH, STORE_PROTOCOL } from './protocol.ts';

export interface TlsOptions {
  /** PEM texts: the authority that the servers' certificates come from, and this client's certificate and key. */
  ca?: string;
  cert?: string;
  key?: string;
}

const HANDSHAKE_MS = 3000;

/** Opens a connection to one peer. Rejects with UNAVAILABLE. */
export function openLink(url: string, tls: TlsOptions, signal: AbortSignal): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const target = storeUrl(url);
    const socket = new WebSocket(target, STORE_PROTOCOL, {
      ca: tls.ca,
      cert: tls.cert,
      key: tls.key,
      handshakeTimeout: HANDSHAKE_MS,
      maxPayload: MAX_SERVER_FRAME_BYTES,
      perMessageDeflate: false,
      // Masks protect proxies on plain connections; inside TLS a mask of zeros saves the work.
      ...(target.startsWith('wss:') ? { generateMask() {} } : {}),
    });
    const fail = (reason: string, cause?: unknown): void => {
      reject(new KeelsonError('UNAVAILABLE', `can not connect to ${url}: ${reason}`, { cause }));
      socket.terminate();
    };
    const abort = (): void => fail('the store was closed');
    signal.addEventListener('abort', abort, { once: true });
    // Stays for good: a socket that fails later closes as well.
    socket.on('error', (error) => fail(error.message, error));
    socket.once('unexpected-response', (_request, response) => fail(`it answered with status ${response.statusCode}`));
    socket.once('close', () => signal.removeEventListener('abort', abort));
    socket.once('open', () => resolve(socket));
  });
}

/** Terminates the connection when a ping is not answered before the next one is due. */
export function watchLiveness(socket: WebSocket, clock: Clock, pingMs: number): Timer {
  let alive = true;
  socket.on('pong', () => {
    alive = true;
  });
  return clock.setTicker(pingMs, () => {
    if (alive) socket.ping();
    else socket.terminate();
    alive = false;
  });
}

/** `https://host:port` stands for the store that the API server there offers. */
function storeUrl(url: string): string {
  const target = new URL(url.replace(/^http/, 'ws'));
  if (target.pathname === '/') target.pathname = STORE_PATH;
  return target.href;
}
