import type { ServiceError } from '@grpc/grpc-js';
import { type Clock, errorCode, KeelsonError, sleep } from '../../base/index.ts';
import { CompactedError, StoppedError, type WatchBatch, type WatchEvent } from '../../store/index.ts';
import {
  type EventMessage,
  eventTypes,
  type WatchAnswer,
  type WatchCreateMessage,
  type WatchMessage,
} from '../messages.ts';
import { type Decoded, toKeyValue, toNumber } from './answers.ts';
import type { Connection } from './connection.ts';
import { toStoreError } from './errors.ts';
import type { KeySpace } from './key-space.ts';

export interface EventSourceOptions {
  connection: Connection;
  keys: KeySpace;
  clock: Clock;
  /** From which revision on. */
  from: number;
  /** Events tell what was there before. */
  previous: boolean;
  /**
   * Every revision that touches the prefix, in order, exactly once; without events where only the store's own notes changed.
   * Also called, without events, for a revision up to which nothing has happened.
   */
  onBatch(batch: WatchBatch): void;
  /** It can't go on: COMPACTED, STOPPED or STORE_REFUSED. */
  onEnd(error: KeelsonError): void;
}

const RETRY_MS = 100;

type Answer = Decoded<WatchAnswer> & { events: Decoded<EventMessage>[] };

/** All changes under a prefix, over one gRPC stream after the other. */
export class EventSource {
  readonly #options: EventSourceOptions;
  readonly #closing = new AbortController();
  #next: number;

  constructor(options: EventSourceOptions) {
    this.#options = options;
    this.#next = options.from;
    void this.#run();
  }

  /** Everything up to this revision was delivered. */
  get revision(): number {
    return this.#next - 1;
  }

  close(): void {
    this.#closing.abort();
  }

  async #run(): Promise<void> {
    const { connection, clock, onEnd } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await this.#follow();
      } catch (error) {
        if (signal.aborted) return;
        if (connection.signal.aborted) return onEnd(new StoppedError());
        if (['COMPACTED', 'STORE_REFUSED'].includes(errorCode(error) ?? '')) return onEnd(error as KeelsonError);
        await sleep(clock, RETRY_MS, signal).catch(() => {});
      }
    }
  }

  /** One stream. Rejects when it is over. */
  async #follow(): Promise<never> {
    const { connection, keys, previous } = this.#options;
    const { signal } = this.#closing;
    const { server, stream } = await connection.open<WatchMessage, Answer>('Watch.Watch');
    const cancel = (): void => stream.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      return await new Promise<never>((_, reject) => {
        const fail = (error: KeelsonError): void => {
          if (error.code !== 'COMPACTED' && !signal.aborted) connection.leave(server);
          reject(error);
        };
        stream.on('data', (answer: Answer) => {
          const failure = failureOf(answer);
          if (failure !== undefined) fail(failure);
          else this.#take(answer);
        });
        stream.on('error', (error) => fail(toStoreError(error as ServiceError)));
        stream.on('end', () => fail(new KeelsonError('UNAVAILABLE', 'etcd ended the watch')));
        if (signal.aborted) return cancel();
        const createRequest: Partial<WatchCreateMessage> = {
          ...keys.everything,
          startRevision: this.#next,
          prevKv: previous,
          progressNotify: true,
        };
        stream.write({ createRequest: createRequest as WatchCreateMessage });
      });
    } finally {
      signal.removeEventListener('abort', cancel);
      stream.cancel();
    }
  }

  #take(answer: Answer): void {
    if (answer.events.length > 0) this.#deliver(answer.events);
    // Nothing has happened for long. (The first answer tells of a revision before anything was looked at.)
    else if (!answer.created) this.#reached(toNumber(answer.header.revision), []);
  }

  /** etcd never divides what happened at one revision. */
  #deliver(messages: readonly Decoded<EventMessage>[]): void {
    let revision = 0;
    let events: WatchEvent[] = [];
    for (const message of messages) {
      const at = toNumber(message.kv.modRevision);
      if (at !== revision) {
        if (revision > 0) this.#reached(revision, events);
        revision = at;
        events = [];
      }
      const event = this.#event(message);
      if (event !== undefined) events.push(event);
    }
    this.#reached(revision, events);
  }

  #reached(revision: number, events: readonly WatchEvent[]): void {
    if (revision < this.#next || this.#closing.signal.aborted) return;
    this.#next = revision + 1;
    this.#options.onBatch({ revision, events });
  }

  #event({ type, kv, prevKv }: Decoded<EventMessage>): WatchEvent | undefined {
    const { keys } = this.#options;
    const current = toKeyValue(kv as Parameters<typeof toKeyValue>[0], keys);
    if (current === undefined) return undefined;
    const previous = prevKv ? toKeyValue(prevKv, keys) : undefined;
    return { type: type === eventTypes.put ? 'put' : 'delete', kv: current, ...(previous && { previous }) };
  }
}

function failureOf({ canceled, compactRevision, cancelReason }: Answer): KeelsonError | undefined {
  if (!canceled) return undefined;
  const compacted = toNumber(compactRevision);
  if (compacted > 0) return new CompactedError(compacted);
  return new KeelsonError('UNAVAILABLE', `etcd ended the watch: ${cancelReason}`);
}
