import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** What a direction of a link does with bytes at present. */
export interface Weather {
  blocked(): boolean;
  /** Milliseconds, drawn anew for each piece. */
  delayMs(): number;
}

/** A direction of a connection holds back no more than this; then the sender has to wait. */
const MAX_HELD_BYTES = 1024 * 1024;
const POLL_MS = 20;

/** Stands in for a peer's port towards one other peer, and passes on what comes, as the weather allows. */
export class LinkProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  /** `there`: from who connects to the target; `back`: the other direction. */
  static async start(target: { host: string; port: number }, there: Weather, back: Weather): Promise<LinkProxy> {
    const server = createServer({ allowHalfOpen: false });
    const proxy = new LinkProxy(server);
    server.on('connection', (near) => proxy.#join(near, target, there, back));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  /** Connects the two ends once both directions are open: a handshake needs both. */
  #join(near: Socket, target: { host: string; port: number }, there: Weather, back: Weather): void {
    this.#keep(near);
    const tryJoin = (): void => {
      if (near.destroyed) return;
      if (there.blocked() || back.blocked()) {
        setTimeout(tryJoin, POLL_MS);
        return;
      }
      const far = connect(target);
      this.#keep(far);
      pump(near, far, there);
      pump(far, near, back);
      near.once('close', () => far.destroy());
      far.once('close', () => near.destroy());
    };
    tryJoin();
  }

  #keep(socket: Socket): void {
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    // What went wrong shows as the end of the connection.
    socket.on('error', () => {});
    socket.once('close', () => this.#sockets.delete(socket));
  }
}

/** Passes bytes on in order, each piece when it is due and the way is open. */
function pump(from: Socket, to: Socket, weather: Weather): void {
  const held: { data: Buffer; due: number }[] = [];
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    timer = undefined;
    while (held[0] !== undefined && !weather.blocked() && held[0].due <= performance.now()) {
      const { data } = held.shift()!;
      bytes -= data.length;
      to.write(data);
    }
    if (bytes < MAX_HELD_BYTES) from.resume();
    const first = held[0];
    if (first !== undefined && !to.destroyed) {
      timer = setTimeout(flush, Math.max(weather.blocked() ? POLL_MS : 0, first.due - performance.now()));
    }
  };
  from.on('data', (data) => {
    const due = Math.max(performance.now() + weather.delayMs(), held.at(-1)?.due ?? 0);
    held.push({ data, due });
    bytes += data.length;
    if (bytes >= MAX_HELD_BYTES) from.pause();
    if (timer === undefined) flush();
  });
  to.once('close', () => clearTimeout(timer));
}
