import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { KeelsonError, nodeHttp } from '../base/index.ts';

/** A request to switch protocols that can't be granted; what is told is its message. */
export class UpgradeRefused extends KeelsonError {
  readonly httpCode: number;

  constructor(httpCode: number, message: string) {
    super('UPGRADE_REFUSED', message);
    this.httpCode = httpCode;
  }
}

/** One request to switch protocols. */
export interface Upgrade {
  request: IncomingMessage;
  socket: Duplex;
  /** What came with the request already. */
  head: Buffer;
}

/** Of one message. */
const messageBytesMax = 4 * 1024 * 1024;

export function isWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

/** What the client would speak over a WebSocket, the dearest first; the empty text when it does not say. */
export function offeredSubprotocols({ headers }: IncomingMessage): string[] {
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  return offered.filter((name, i) => name !== '' || i === 0);
}

/** Makes the connection a WebSocket that speaks `subprotocol`; it is paused, so that nothing comes before somebody listens. */
export function acceptWebSocket({ request, socket, head }: Upgrade, subprotocol: string): Promise<WebSocket> {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: messageBytesMax,
    handleProtocols: () => subprotocol || false,
  });
  return new Promise((resolve, reject) => {
    // A handshake that is wrong is answered by the server.
    socket.once('close', () => reject(new UpgradeRefused(400, 'the handshake failed')));
    server.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.pause();
      resolve(webSocket);
    });
  });
}

const spdy = 'SPDY/3.1';

/**
 * Makes the connection a SPDY/3.1 one that speaks the first of the protocols offered which is `supported`. Throws an
 * UpgradeRefused.
 */
export function acceptSpdy(
  { request, socket, head }: Upgrade,
  supported: readonly string[],
): { socket: Duplex; protocol: string } {
  if (request.headers.upgrade?.toLowerCase() !== spdy.toLowerCase()) {
    throw new UpgradeRefused(400, 'unable to upgrade: missing upgrade headers in request');
  }
  const offered = [request.headersDistinct['x-stream-protocol-version'] ?? []].flat();
  const protocol = offered.length === 0 ? '' : offered.find((name) => supported.includes(name));
  if (protocol === undefined) {
    const lists = `client supports [${offered.join(' ')}], server accepts [${supported.join(' ')}]`;
    throw new UpgradeRefused(403, `unable to upgrade: unable to negotiate protocol: ${lists}`);
  }
  const chosen = protocol === '' ? '' : `X-Stream-Protocol-Version: ${protocol}\r\n`;
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${spdy}\r\n${chosen}\r\n`);
  if (head.length > 0) socket.unshift(head);
  return { socket, protocol };
}

/** Answers a request to switch protocols that is not granted. */
export function refuseUpgrade(socket: Duplex, code: number, text: string): void {
  if (socket.destroyed || !socket.writable) return;
  const body = Buffer.from(text);
  const headers = `Connection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${body.length}`;
  const reason = nodeHttp().STATUS_CODES[code] ?? 'Refused';
  socket.end(Buffer.concat([Buffer.from(`HTTP/1.1 ${code} ${reason}\r\n${headers}\r\n\r\n`), body]));
}
