import { connect, type TLSSocket } from 'node:tls';

export interface Credentials {
  ca: string;
  cert: string;
  key: string;
}

/**
 * One kept-alive connection over HTTP/1.1 with one request under way: so little of a client that what is measured is the server. It
 * reads bodies with a Content-Length, which is how all but watches are answered.
 */
export class HttpConnection {
  readonly #socket: TLSSocket;
  #pending: { resolve: (length: number) => void; reject: (error: Error) => void } | undefined;
  #head = '';
  #left = 0;
  #length = 0;

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => this.#pending?.reject(error));
    socket.on('close', () => this.#pending?.reject(new Error('the server closed the connection')));
  }

  static open(server: string, credentials: Credentials): Promise<HttpConnection> {
    const { hostname, port } = new URL(server);
    return new Promise((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port), ...credentials, ALPNProtocols: ['http/1.1'] });
      socket.once('error', reject);
      socket.once('secureConnect', () => resolve(new HttpConnection(socket)));
    });
  }

  /** Resolves with the length of the answer's body. Rejects unless its code is 2xx. */
  request(method: string, path: string, body = ''): Promise<number> {
    const type = body === '' ? '' : 'Content-Type: application/json\r\n';
    const length = Buffer.byteLength(body);
    const text = `${method} ${path} HTTP/1.1\r\nHost: bench\r\n${type}Content-Length: ${length}\r\n\r\n${body}`;
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      this.#socket.write(text);
    });
  }

  close(): void {
    this.#pending = undefined;
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    let body = chunk.length;
    if (this.#left === 0) {
      this.#head += chunk.toString('latin1');
      const end = this.#head.indexOf('\r\n\r\n');
      if (end < 0) return;
      body = this.#head.length - end - 4;
      const head = this.#head.slice(0, end);
      this.#head = '';
      if (!/^HTTP\/1\.1 2/.test(head)) {
        this.#settle(new Error(head.slice(0, head.indexOf('\r'))));
        return;
      }
      this.#length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
      this.#left = this.#length;
    }
    this.#left -= body;
    if (this.#left === 0) this.#settle();
  }

  #settle(error?: Error): void {
    const pending = this.#pending;
    this.#pending = undefined;
    if (error === undefined) pending?.resolve(this.#length);
    else pending?.reject(error);
  }
}
