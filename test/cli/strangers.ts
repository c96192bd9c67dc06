import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** What a stranger has to identify with; PEM texts. */
export interface Identity {
  ca: string;
  cert: string;
  key: string;
}

/** Somebody who comes to a TLS port and does not behave. Resolves when there is nothing left to do. */
export type Stranger = (port: number, admin: Identity) => Promise<void>;

const httpRequest = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n';
const upgrade = [
  'GET / HTTP/1.1',
  'host: x',
  'connection: upgrade',
  'upgrade: websocket',
  'sec-websocket-version: 13',
  'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==',
  '\r\n',
].join('\r\n');
/** The beginning of a ClientHello that announces 508 bytes more. */
const halfHello = Buffer.concat([Buffer.from('1603010200010001fc0303', 'hex'), randomBytes(20)]);

/** Sends it in the clear. */
const plain =
  (data: string | Buffer): Stranger =>
  async (port) =>
    await talk(connect(port, '127.0.0.1'), 'connect', data);

/** Sends it over TLS, with the administrator's certificate: known to the API, but not a peer. */
const secure =
  (data: string | Buffer, identified = true): Stranger =>
  async (port, { ca, cert, key }) =>
    await talk(
      connectTls({ host: '127.0.0.1', port, ca, ...(identified ? { cert, key } : {}) }),
      'secureConnect',
      data,
    );

/** Begins what it never ends, and is gone without a word. */
const vanish: Stranger = async (port) => {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(halfHello);
  socket.resetAndDestroy();
};

export const strangers: readonly [what: string, stranger: Stranger][] = [
  ['nothing at all', plain('')],
  ['HTTP in the clear', plain(httpRequest)],
  ['a few bytes', plain(randomBytes(7))],
  ['a megabyte of noise', plain(randomBytes(1 << 20))],
  ['half a handshake', plain(halfHello)],
  ['half a handshake, then a reset', vanish],
  ['a handshake without a certificate', secure('', false)],
  ['noise over TLS', secure(randomBytes(5_000))],
  ['a request over TLS', secure(httpRequest)],
  ['endless headers', secure(`GET / HTTP/1.1\r\n${'x-y: z\r\n'.repeat(100_000)}`)],
  ['a WebSocket upgrade and noise', secure(Buffer.concat([Buffer.from(upgrade), randomBytes(5_000)]))],
];

const PATIENCE_MS = 300;

/** Sends, and waits a little for the other side to hang up, which is up to it. */
async function talk(socket: Socket, ready: string, data: string | Buffer): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    // A refusal is what a stranger deserves.
    socket.on('error', () => {}).once('close', () => resolve());
  });
  socket.once(ready, () => socket.write(data));
  socket.resume();
  await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
  socket.destroy();
}
