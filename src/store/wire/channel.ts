import { Unpackr } from 'msgpackr';
import type { RawData, WebSocket } from 'ws';
import { type Clock, KeelsonError, type Random, sleep } from '../../base/index.ts';
import { StoppedError, TooLargeError } from '../errors.ts';
import { openLink, type TlsOptions, watchLiveness } from './link.ts';
import { Outbox } from './outbox.ts';
import { defaultWireLimits, ERROR, EVENTS, OK, PART, PROGRESS, UNWATCH } from './protocol.ts';
import type { RemoteWatch } from './remote-watch.ts';
import { decodeError, decodeEvent, type EventRow, type KeyValueRow } from './results.ts';
import { sizeOf } from './size.ts';

export interface ChannelOptions {
  urls: readonly string[];
  tls: TlsOptions;
  timeoutMs: number;
  pingMs: number;
  clock: Clock;
  random: Random;
}

/** `[id, OK, …result]`. */
export type Answer = readonly unknown[];

interface Request {
  command: readonly unknown[];
  /** About the size in a frame. */
  bytes: number;
  /** May be asked again when the connection was lost. */
  isRepeatable: boolean;
  resolve: (answer: Answer) => void;
  reject: (error: Error) => void;
  /** Pieces of a range's result that came ahead of the rest. */
  kvs: KeyValueRow[];
}

const MIN_BACKOFF_MS = 50;
const MAX_BACKOFF_MS = 1000;
/** Answers TIMEOUT in a row after which this peer seems to be cut off from the others. */
const MAX_TIMEOUTS = 3;
/** With room for the frame around it. */
const MAX_REQUEST_BYTES = defaultWireLimits.maxFrameBytes - 4096;

const unpackr = new Unpackr({ useRecords: false });

/** Requests and watches over one connection after another to any of several peers. */
export class Channel {
  readonly #options: ChannelOptions;
  readonly #closing = new AbortController();
  #socket: WebSocket | undefined;
  #outbox: Outbox | undefined;
  #nextUrl = 0;
  #lastId = 0;
  #timeouts = 0;
  /** Sent, not answered. */
  readonly #pending = new Map<number, Request>();
  /** Not sent, for lack of a connection. */
  #waiting: Request[] = [];
  /** Ends the wait of those that wait. */
  #stopWaiting: (() => void) | undefined;
  /** Why there is no connection. */
  #failure: Error | undefined;
  /** All watches, and those on the present connection by id. */
  readonly #watches = new Set<RemoteWatch>();
  readonly #watchesById = new Map<number, RemoteWatch>();

  constructor(options: ChannelOptions) {
    this.#options = options;
    void this.#connect();
  }

  /** Rejects with UNAVAILABLE when the connection is lost meanwhile, unless repeatable; or when there is none for too long. */
  request(command: readonly unknown[], isRepeatable: boolean): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#closing.signal.aborted) throw new StoppedError();
      const bytes = sizeOf(command);
      if (bytes > MAX_REQUEST_BYTES) throw new TooLargeError('the request is larger than 2 MiB');
      const request: Request = { command, bytes, isRepeatable, resolve, reject, kvs: [] };
      if (this.#outbox === undefined) this.#wait(request);
      else this.#send(request, this.#outbox);
    });
  }

  watch(watch: RemoteWatch): void {
    if (this.#closing.signal.aborted) {
      queueMicrotask(() => watch.end(new StoppedError()));
      return;
    }
    this.#watches.add(watch);
    if (this.#outbox !== undefined) this.#startWatch(watch, this.#outbox);
  }

  unwatch(watch: RemoteWatch): void {
    this.#watches.delete(watch);
    if (this.#watchesById.delete(watch.id)) this.#outbox?.push([++this.#lastId, [UNWATCH, watch.id]], 0);
  }

  close(): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(new StoppedError());
    this.#stopWaiting?.();
    const requests = [...this.#pending.values(), ...this.#waiting];
    this.#pending.clear();
    this.#waiting = [];
    for (const request of requests) request.reject(new StoppedError());
    for (const watch of this.#watches) watch.end(new StoppedError());
    this.#watches.clear();
    this.#outbox?.flush();
    this.#socket?.close(1000);
  }

  #send(request: Request, outbox: Outbox): void {
    const id = ++this.#lastId;
    this.#pending.set(id, request);
    outbox.push([id, request.command], request.bytes);
  }

  #wait(request: Request): void {
    this.#waiting.push(request);
    if (this.#stopWaiting !== undefined) return;
    // A clock's timers let the process end, but not while somebody waits.
    const hold = setInterval(() => {}, 60_000);
    const timer = this.#options.clock.setTimer(this.#options.timeoutMs, () => {
      this.#stopWaiting?.();
      const waiting = this.#waiting;
      this.#waiting = [];
      const message = this.#failure?.message ?? 'there is no connection';
      for (const { reject } of waiting) reject(new KeelsonError('UNAVAILABLE', message, { cause: this.#failure }));
    });
    this.#stopWaiting = () => {
      clearInterval(hold);
      timer.cancel();
      this.#stopWaiting = undefined;
    };
  }

  /** Tries one peer after the other until one answers; waits a little after each round. */
  async #connect(): Promise<void> {
    const { urls, tls, clock, random } = this.#options;
    const { signal } = this.#closing;
    for (let tries = 0; !signal.aborted; tries++) {
      if (tries > 0 && tries % urls.length === 0) {
        const delay = Math.min(MIN_BACKOFF_MS * 2 ** (tries / urls.length - 1), MAX_BACKOFF_MS);
        await sleep(clock, delay * (0.5 + random.next() / 2), signal).catch(() => {});
      }
      const url = urls[this.#nextUrl++ % urls.length]!;
      try {
        this.#begin(await openLink(url, tls, signal));
        return;
      } catch (error) {
        this.#failure = error as Error;
      }
    }
  }

  #begin(socket: WebSocket): void {
    const outbox = new Outbox(socket);
    const liveness = watchLiveness(socket, this.#options.clock, this.#options.pingMs);
    this.#socket = socket;
    this.#outbox = outbox;
    this.#timeouts = 0;
    socket.on('message', (data) => this.#onMessage(socket, data));
    socket.once('close', () => {
      liveness.cancel();
      if (this.#socket === socket) this.#onLost();
    });
    this.#stopWaiting?.();
    // Watches first: whoever writes after starting a watch sees the write.
    for (const watch of this.#watches) this.#startWatch(watch, outbox);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const request of waiting) this.#send(request, outbox);
  }

  #startWatch(watch: RemoteWatch, outbox: Outbox): void {
    watch.id = ++this.#lastId;
    watch.started = false;
    this.#watchesById.set(watch.id, watch);
    const command = watch.command();
    outbox.push([watch.id, command], sizeOf(command));
  }

  /** Leaves the present peer, for the next one to be asked. */
  #leave(): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#onLost();
    socket.close(1000);
  }

  #onLost(): void {
    this.#socket = undefined;
    this.#outbox = undefined;
    this.#failure = undefined;
    this.#watchesById.clear();
    if (this.#closing.signal.aborted) return;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const request of pending) {
      if (request.isRepeatable) {
        request.kvs = [];
        this.#wait(request);
      } else {
        request.reject(new KeelsonError('UNAVAILABLE', 'the connection was lost: the outcome is unknown'));
      }
    }
    void this.#connect();
  }

  #onMessage(socket: WebSocket, data: RawData): void {
    for (const message of unpackr.unpack(data as Buffer) as [id: number, kind: number, ...rest: unknown[]][]) {
      // An earlier message, or what a listener did, may have ended this connection.
      if (this.#socket !== socket) return;
      const [id, kind] = message;
      switch (kind) {
        case OK:
          this.#onAnswer(id, message);
          break;
        case ERROR:
          this.#onError(id, decodeError(...(message.slice(2) as [string, string, number])));
          break;
        case PART:
          this.#pending.get(id)?.kvs.push(...(message[2] as KeyValueRow[]));
          break;
        case EVENTS:
          this.#onEvents(message[2] as number, message[3] as number[], message[4] as Buffer);
          break;
        case PROGRESS:
          for (const watch of this.#watchesById.values()) if (watch.started) watch.reached(message[2] as number);
          break;
      }
    }
  }

  #onAnswer(id: number, answer: Answer): void {
    const request = this.#pending.get(id);
    if (request === undefined) {
      this.#watchesById.get(id)?.begin(answer[2] as number);
      return;
    }
    this.#pending.delete(id);
    this.#timeouts = 0;
    if (request.kvs.length === 0) {
      request.resolve(answer);
      return;
    }
    const [head, kind, revision, count, more, kvs] = answer;
    request.kvs.push(...(kvs as KeyValueRow[]));
    request.resolve([head, kind, revision, count, more, request.kvs]);
  }

  #onError(id: number, error: KeelsonError): void {
    // The peer is going down: what is under way there counts as lost.
    if (error.code === 'STOPPED') {
      this.#leave();
      return;
    }
    const request = this.#pending.get(id);
    if (request === undefined) {
      this.#onWatchError(id, error);
      return;
    }
    this.#pending.delete(id);
    request.reject(error);
    if (error.code !== 'TIMEOUT') this.#timeouts = 0;
    else if (++this.#timeouts >= MAX_TIMEOUTS && this.#options.urls.length > 1) this.#leave();
  }

  #onWatchError(id: number, error: KeelsonError): void {
    const watch = this.#watchesById.get(id);
    if (watch === undefined) return;
    this.#watchesById.delete(id);
    if (error.code === 'OVERLOADED' && this.#outbox !== undefined) {
      // We read too slowly, but have caught up: go on where we are.
      this.#startWatch(watch, this.#outbox);
    } else {
      this.#watches.delete(watch);
      watch.end(error);
    }
  }

  #onEvents(revision: number, ids: readonly number[], packed: Buffer): void {
    const events = (unpackr.unpack(packed) as EventRow[]).map(decodeEvent);
    const batch = { revision, events };
    for (const id of ids) this.#watchesById.get(id)?.deliver(batch);
  }
}
