import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { errors, groupOf, type ResourceType, type Status } from '../../api/index.ts';
import { errorMessage } from '../../base/index.ts';
import { type Authorizer, denied } from '../authorization/index.ts';
import { drained } from '../http/drained.ts';
import { statusOf } from '../http/respond.ts';
import type { EncodedEvent, Registry, User } from '../registry/types.ts';
import { fellBehind, MAX_BUFFERED_BYTES } from '../watch.ts';
import type { Codec } from './codec.ts';
import { type ClientMessage, limits, parseClientMessage, type WatchId } from './protocol.ts';

/** Events that may wait for acknowledgements of one watch. */
const MAX_WAITING_EVENTS = 1_000;
/** WebSocket close codes (RFC 6455 §7.4.1). */
const UNSUPPORTED_DATA = 1003;

export interface SessionOptions {
  socket: WebSocket;
  /** The stream below the socket: tells when there is room again. */
  stream: Duplex;
  codec: Codec;
  user: User;
  registry: Registry;
  authorizer: Authorizer;
}

type WatchMessage = Extract<ClientMessage, { op: 'watch' }>;

/** One socket of the watch API, from its first message to its close. */
export class WatchSession {
  readonly #options: SessionOptions;
  readonly #watches = new Map<WatchId, ClientWatch>();

  constructor(options: SessionOptions) {
    this.#options = options;
    const { socket } = options;
    socket.on('message', (data, binary) => this.#receive(data as Buffer, binary));
    socket.on('error', () => socket.terminate());
    socket.once('close', () => {
      for (const watch of this.#watches.values()) watch.stop();
      this.#watches.clear();
    });
  }

  #receive(data: Buffer, binary: boolean): void {
    const { codec, socket } = this.#options;
    let message: ClientMessage;
    try {
      if (binary !== codec.binary) throw new Error(codec.binary ? 'messages must be binary' : 'messages must be text');
      message = parseClientMessage(codec.decode(data));
    } catch (error) {
      // A close reason has room for 123 bytes.
      socket.close(UNSUPPORTED_DATA, errorMessage(error).slice(0, 120));
      return;
    }
    switch (message.op) {
      case 'watch':
        void this.#start(message);
        return;
      case 'ack':
        this.#watches.get(message.id)?.acknowledge(message.count);
        return;
      case 'cancel':
        this.#end(message.id, { type: 'ENDED' });
    }
  }

  async #start(message: WatchMessage): Promise<void> {
    const { id } = message;
    if (this.#watches.has(id))
      return this.#send({ id, type: 'ERROR', status: errors.badRequest(`id ${id} is in use on this socket`).status });
    if (this.#watches.size >= limits.watches) {
      const status = errors.tooManyRequests(`a socket carries at most ${limits.watches} watches: open another`).status;
      return this.#send({ id, type: 'ERROR', status });
    }
    const watch = new ClientWatch(message.window, (event) => this.#sendEvent(id, event));
    this.#watches.set(id, watch);
    try {
      const type = await this.#allowed(message);
      this.#send({ id, type: 'STARTED' });
      watch.started(
        await this.#options.registry.watch({
          type,
          namespace: type.namespaced ? message.namespace : undefined,
          user: this.#options.user,
          warnings: [],
          ...(message.labelSelector === undefined ? {} : { labelSelector: message.labelSelector }),
          ...(message.fieldSelector === undefined ? {} : { fieldSelector: message.fieldSelector }),
          ...(message.resourceVersion === undefined
            ? { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', allowBookmarks: true }
            : { resourceVersion: message.resourceVersion, allowBookmarks: message.bookmarks ?? false }),
          drained: () => Promise.all([drained(this.#options.stream), watch.drained()]).then(() => {}),
          onEvent: (event) => {
            if (this.#watches.get(id) !== watch) return false;
            if (watch.offer(event)) return true;
            this.#end(id, { type: 'ERROR', status: fellBehind() });
            return false;
          },
          onEnd: (status: Status | undefined) =>
            this.#end(id, status === undefined ? { type: 'ENDED' } : { type: 'ERROR', status }),
        }),
      );
    } catch (error) {
      this.#end(id, { type: 'ERROR', status: statusOf(error) });
    }
  }

  async #allowed({ apiVersion, resource, namespace }: WatchMessage): Promise<ResourceType> {
    const group = groupOf(apiVersion);
    const version = apiVersion.slice(apiVersion.indexOf('/') + 1);
    const type = this.#options.registry.scheme.findResource(group, version, resource);
    if (type === undefined) throw errors.resourceNotFound();
    const { user, authorizer } = this.#options;
    const attributes = {
      user,
      verb: 'watch',
      path: '',
      resource: { group, version, resource, subresource: '', namespace, name: '' },
    };
    const { allowed, reason } = await authorizer.authorize(attributes);
    if (!allowed) throw denied(attributes, reason);
    return type;
  }

  /** False when the socket's buffer is over its bound. */
  #sendEvent(id: WatchId, event: EncodedEvent): boolean {
    const { socket, codec } = this.#options;
    if (socket.readyState !== socket.OPEN) return false;
    socket.send(codec.encodeEvent(id, event), { binary: codec.binary });
    return socket.bufferedAmount <= MAX_BUFFERED_BYTES;
  }

  #send(message: unknown): void {
    const { socket, codec } = this.#options;
    if (socket.readyState === socket.OPEN) socket.send(codec.encode(message), { binary: codec.binary });
  }

  #end(id: WatchId, last: { type: 'ENDED' } | { type: 'ERROR'; status: Status }): void {
    const watch = this.#watches.get(id);
    if (watch === undefined) return;
    this.#watches.delete(id);
    watch.stop();
    this.#send({ id, ...last });
  }
}

/** One watch on a socket: its window, and the events that wait for it to open. */
class ClientWatch {
  readonly #send: (event: EncodedEvent) => boolean;
  #credit: number;
  #waiting: EncodedEvent[] = [];
  readonly #onDrained: (() => void)[] = [];
  #handle: { stop(): void } | undefined;
  #stopped = false;

  constructor(window: number | undefined, send: (event: EncodedEvent) => boolean) {
    this.#credit = window ?? Number.POSITIVE_INFINITY;
    this.#send = send;
  }

  started(handle: { stop(): void }): void {
    this.#handle = handle;
    if (this.#stopped) handle.stop();
  }

  /** Sends now or keeps for later; false when too much waits. */
  offer(event: EncodedEvent): boolean {
    if (this.#credit < 1) return this.#waiting.push(event) <= MAX_WAITING_EVENTS;
    this.#credit--;
    return this.#send(event);
  }

  /** Resolves when nothing waits for an acknowledgement, or the watch is over. */
  drained(): Promise<void> {
    if (this.#waiting.length === 0 || this.#stopped) return Promise.resolve();
    return new Promise((resolve) => this.#onDrained.push(resolve));
  }

  acknowledge(count: number): void {
    this.#credit = Math.min(this.#credit + count, limits.window);
    const ready = this.#waiting.splice(0, this.#credit);
    this.#credit -= ready.length;
    for (const event of ready) this.#send(event);
    if (this.#waiting.length === 0) this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#onDrained.splice(0)) resolve();
  }

  stop(): void {
    this.#stopped = true;
    this.#waiting = [];
    this.#wake();
    this.#handle?.stop();
  }
}
