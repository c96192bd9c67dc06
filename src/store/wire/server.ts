import { Packr, Unpackr } from 'msgpackr';
import type { RawData, WebSocket } from 'ws';
import { type Clock, KeelsonError, type Logger, silentLogger, systemClock } from '../../base/index.ts';
import { decodeRange, decodeTxn } from '../codec.ts';
import {
  COMPACT,
  DELETE,
  LEASE_GRANT,
  LEASE_KEEP_ALIVE,
  LEASE_REVOKE,
  PUT,
  RANGE,
  TXN,
  type TxnCommand,
} from '../command.ts';
import { InvalidRequestError, TooLargeError } from '../errors.ts';
import type { Store, WatchBatch, WatchEvent } from '../types.ts';
import { validateOperation, validateRange } from '../validate.ts';
import { Outbox } from './outbox.ts';
import {
  BARRIER,
  defaultWireLimits,
  ERROR,
  EVENTS,
  LEASE_TIME_TO_LIVE,
  LEASES,
  MAX_SERVER_FRAME_BYTES,
  OK,
  PROGRESS,
  SERIALIZABLE_RANGE,
  STATUS,
  UNWATCH,
  WATCH,
  type WireLimits,
} from './protocol.ts';
import { encodeError, encodeEvent, encodeTxnResult } from './results.ts';
import { isPlainMsgpack } from './scan.ts';
import { sendRange } from './send-range.ts';
import { sizeOf } from './size.ts';

export interface ServeStoreOptions {
  clock?: Clock;
  logger?: Logger;
  limits?: Partial<WireLimits>;
}

/**
 * Serves a store on a WebSocket whose other side is already authenticated and allowed everything here, until
 * the socket closes. The WebSocket server should set `maxPayload` to 2 MiB too. Garbage closes the socket.
 */
export function serveStore(socket: WebSocket, store: Store, options: ServeStoreOptions = {}): void {
  new Connection(socket, store, options);
}

const packr = new Packr({ useRecords: false });
const unpackr = new Unpackr({ useRecords: false });

/** Batches go to many watches on many sockets, but are packed once. */
const packedEvents = new WeakMap<readonly WatchEvent[], Uint8Array>();

type EventsMessage = [id: 0, kind: typeof EVENTS, revision: number, ids: number[], events: Uint8Array];
type Request = [id: number, command: readonly [op: number, ...rest: unknown[]]];

interface Watch {
  /** Revision up to which everything was delivered. */
  readonly revision: number;
  cancel(): void;
}

class Connection {
  readonly #socket: WebSocket;
  readonly #store: Store;
  readonly #logger: Logger;
  readonly #limits: WireLimits;
  readonly #outbox: Outbox;
  readonly #watches = new Map<number, Watch>();
  #underWay = 0;
  #paused = false;
  #draining = false;
  #alive = true;
  #progress = 0;
  /** The message that more watches of the same batch can join while it is not sent. */
  #latest: { events: readonly WatchEvent[]; message: EventsMessage } | undefined;

  constructor(socket: WebSocket, store: Store, options: ServeStoreOptions) {
    this.#socket = socket;
    this.#store = store;
    this.#logger = options.logger ?? silentLogger;
    this.#limits = { ...defaultWireLimits, ...options.limits };
    this.#outbox = new Outbox(socket);
    const ticker = (options.clock ?? systemClock).setTicker(this.#limits.pingMs, () => this.#tick());
    socket.on('message', (data, isBinary) => this.#onMessage(data, isBinary));
    socket.on('pong', () => {
      this.#alive = true;
    });
    // What is wrong with a socket closes it; that is all we need to know.
    socket.on('error', (error) => this.#logger.debug({ error: error.message }, 'store connection failed'));
    socket.on('close', () => {
      ticker.cancel();
      for (const watch of this.#watches.values()) watch.cancel();
      this.#watches.clear();
    });
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (!isBinary || !Buffer.isBuffer(data)) {
      this.#refuse(1003, 'frames must be binary');
    } else if (data.length > this.#limits.maxFrameBytes) {
      this.#refuse(1009, 'the frame is too large');
    } else {
      const requests = decodeFrame(data);
      if (requests === undefined) this.#refuse(1008, 'a frame must be a msgpack array of [id, [op, …]]');
      for (const request of requests ?? []) void this.#handle(request);
      this.#regulate();
    }
  }

  async #handle([id, command]: Request): Promise<void> {
    this.#underWay++;
    try {
      const answer = await this.#answer(command, id);
      if (answer !== undefined) this.#reply(id, answer);
    } catch (error) {
      this.#outbox.push([id, ERROR, ...encodeError(error)], 64);
    }
    this.#underWay--;
    if (this.#paused) this.#regulate();
  }

  #reply(id: number, answer: unknown[]): void {
    const bytes = sizeOf(answer);
    if (bytes > MAX_SERVER_FRAME_BYTES / 2) throw new TooLargeError('done, but the result is too large to be sent');
    this.#outbox.push([id, OK, ...answer], bytes);
  }

  /** What follows `[id, OK`; undefined when the answer is sent already, or none is wanted. */
  async #answer(command: Request[1], id: number): Promise<unknown[] | undefined> {
    const store = this.#store;
    switch (command[0]) {
      case PUT: {
        // `put` itself checks what it is given.
        const [, key, value, lease] = command as unknown as [number, string, Uint8Array, number];
        return [(await store.put(key, value, { lease })).revision];
      }
      case DELETE: {
        const [, key, end] = command as unknown as [number, string, string | null];
        const { revision, deleted } = await store.delete(key, end ?? undefined);
        return [revision, deleted];
      }
      case TXN:
        validateOperation(command);
        return [encodeTxnResult(await store.txn(decodeTxn(command as unknown as TxnCommand)))];
      case RANGE:
      case SERIALIZABLE_RANGE: {
        const range = [RANGE, ...command.slice(1)];
        validateRange(range);
        const request = { ...decodeRange(range), serializable: command[0] === SERIALIZABLE_RANGE };
        return sendRange(this.#outbox, store, id, request);
      }
      case LEASE_GRANT: {
        const lease = await store.leaseGrant({ id: command[1] as number, ttl: command[2] as number });
        return [lease.id, lease.ttl];
      }
      case LEASE_REVOKE:
        return [(await store.leaseRevoke(command[1] as number)).revision];
      case LEASE_KEEP_ALIVE:
        return [(await store.leaseKeepAlive(command[1] as number)).ttl];
      case LEASE_TIME_TO_LIVE: {
        const { ttl, remaining, keys } = await store.leaseTimeToLive(command[1] as number);
        return [ttl, remaining, keys];
      }
      case LEASES:
        return [await store.leases()];
      case COMPACT:
        await store.compact(command[1] as number);
        return [];
      case STATUS:
        return [await store.status()];
      case BARRIER:
        await store.readBarrier();
        return [];
      case WATCH:
        return this.#watch(id, command);
      case UNWATCH:
        this.#unwatch(command[1]);
        return undefined;
      default:
        throw new InvalidRequestError(`no such operation: ${command[0]}`);
    }
  }

  #watch(id: number, command: Request[1]): undefined {
    const [, key, end, fromRevision, previous] = command as unknown as [number, string, string | null, number, boolean];
    if (this.#watches.has(id)) throw new InvalidRequestError('a watch with this id exists');
    if (this.#watches.size >= this.#limits.maxWatches) {
      throw new KeelsonError('OVERLOADED', `more than ${this.#limits.maxWatches} watches on one connection`);
    }
    const handle = this.#store.watch({
      key,
      end: end ?? undefined,
      fromRevision,
      previous: previous === true,
      listener: (batch) => this.#onBatch(id, batch),
      onEnd: (error) => this.#endWatch(id, error),
    });
    this.#watches.set(id, handle);
    // At once: events may follow before an awaited answer.
    this.#outbox.push([id, OK, handle.revision], 0);
    return undefined;
  }

  #unwatch(id: unknown): void {
    this.#watches.get(id as number)?.cancel();
    this.#watches.delete(id as number);
  }

  #onBatch(id: number, { revision, events }: WatchBatch): void {
    if (this.#outbox.waiting > this.#limits.maxBufferedBytes) {
      this.#watches.get(id)?.cancel();
      this.#endWatch(id, new KeelsonError('OVERLOADED', `too slow a reader: resume from revision ${revision}`));
      return;
    }
    if (this.#latest?.events === events && this.#outbox.last === this.#latest.message) {
      this.#latest.message[3].push(id);
      return;
    }
    let packed = packedEvents.get(events);
    if (packed === undefined) {
      packed = packr.pack(events.map(encodeEvent));
      packedEvents.set(events, packed);
    }
    if (packed.length > MAX_SERVER_FRAME_BYTES / 2) {
      this.#watches.get(id)?.cancel();
      this.#endWatch(id, new TooLargeError(`revision ${revision} changes too much to be sent: read anew`));
      return;
    }
    const message: EventsMessage = [0, EVENTS, revision, [id], packed];
    this.#outbox.push(message, packed.length);
    this.#latest = { events, message };
  }

  #endWatch(id: number, error: Error): void {
    this.#watches.delete(id);
    this.#outbox.push([id, ERROR, ...encodeError(error)], 64);
  }

  #tick(): void {
    if (this.#alive) this.#socket.ping();
    else this.#socket.terminate();
    this.#alive = false;
    if (this.#watches.size === 0) return;
    let revision = Number.POSITIVE_INFINITY;
    for (const watch of this.#watches.values()) revision = Math.min(revision, watch.revision);
    if (revision <= this.#progress) return;
    this.#progress = revision;
    this.#outbox.push([0, PROGRESS, revision], 0);
  }

  /** Stops reading while too much is under way or waits to be sent. */
  #regulate(): void {
    const { maxRequests, maxBufferedBytes } = this.#limits;
    const isFull = this.#outbox.waiting > maxBufferedBytes;
    if (!this.#paused && (isFull || this.#underWay > maxRequests)) {
      this.#paused = true;
      this.#socket.pause();
    } else if (this.#paused && !isFull && this.#underWay <= maxRequests / 2) {
      this.#paused = false;
      this.#socket.resume();
    }
    if (!isFull || this.#draining) return;
    this.#draining = true;
    void this.#outbox.drained().then(() => {
      this.#draining = false;
      this.#regulate();
    });
  }

  #refuse(code: number, reason: string): void {
    this.#logger.warn({ code, reason }, 'closing a store connection');
    this.#socket.close(code, reason);
  }
}

/** Undefined for garbage. */
function decodeFrame(frame: Buffer): Request[] | undefined {
  if (!isPlainMsgpack(frame)) return undefined;
  const requests: unknown = unpackr.unpack(frame);
  return Array.isArray(requests) && requests.every(isRequest) ? requests : undefined;
}

function isRequest(message: unknown): message is Request {
  if (!Array.isArray(message) || message.length !== 2) return false;
  const [id, command] = message;
  return Number.isSafeInteger(id) && id > 0 && Array.isArray(command) && Number.isInteger(command[0]);
}
