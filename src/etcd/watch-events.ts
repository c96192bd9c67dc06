import type { WatchBatch, WatchEvent } from '../store/index.ts';
import { type EventMessage, eventTypes, type WatchAnswer, watchFilters } from './messages.ts';
import type { Protocol } from './protocol.ts';
import { toBytes, toKeyValueMessage } from './values.ts';

/** A fragment holds no more than the largest request, unless one event alone is larger. As in etcd. */
const FRAGMENT_BYTES = 1_572_864;

/**
 * Makes watch responses. Watchers of one range share a batch's events, and their bytes: a response is those behind what
 * is the watcher's own, as fields of one message may come in any order and in pieces.
 */
export class WatchEncoder {
  readonly #protocol: Protocol;
  readonly #shared = new WeakMap<WatchBatch, Buffer>();

  constructor(protocol: Protocol) {
    this.#protocol = protocol;
  }

  /** A response without events. */
  encode(answer: WatchAnswer): Buffer {
    return this.#protocol.encode('WatchResponse', answer);
  }

  /** The responses that carry a batch: none when the filters leave nothing, several when it may be and has to be fragmented. */
  encodeBatch(
    batch: WatchBatch,
    answer: WatchAnswer,
    options: { filters: readonly number[]; fragment: boolean },
  ): Buffer[] {
    const events = batch.events.filter(({ type }) => !options.filters.includes(filterOf[type]));
    if (events.length === 0) return [];
    const bytes = events.length === batch.events.length ? this.#encodeShared(batch) : this.#encodeEvents(events);
    if (!options.fragment || bytes.length < FRAGMENT_BYTES) return [Buffer.concat([this.encode(answer), bytes])];
    const parts = this.#split(events);
    return parts.map((part, i) => Buffer.concat([this.encode({ ...answer, fragment: i < parts.length - 1 }), part]));
  }

  #encodeShared(batch: WatchBatch): Buffer {
    let bytes = this.#shared.get(batch);
    if (bytes === undefined) {
      bytes = this.#encodeEvents(batch.events);
      this.#shared.set(batch, bytes);
    }
    return bytes;
  }

  #encodeEvents(events: readonly WatchEvent[]): Buffer {
    return this.#protocol.encode('WatchResponse', { events: events.map(toEventMessage) });
  }

  #split(events: readonly WatchEvent[]): Buffer[] {
    const parts: Buffer[] = [];
    let part: Buffer[] = [];
    let size = 0;
    for (const event of events) {
      const bytes = this.#encodeEvents([event]);
      if (part.length > 0 && size + bytes.length > FRAGMENT_BYTES) {
        parts.push(Buffer.concat(part));
        part = [];
        size = 0;
      }
      part.push(bytes);
      size += bytes.length;
    }
    return [...parts, Buffer.concat(part)];
  }
}

const filterOf = { put: watchFilters.noPut, delete: watchFilters.noDelete } as const;

function toEventMessage({ type, kv, previous }: WatchEvent): EventMessage {
  return {
    type: eventTypes[type],
    kv: type === 'put' ? toKeyValueMessage(kv) : { key: toBytes(kv.key), modRevision: kv.modRevision },
    prevKv: previous === undefined ? undefined : toKeyValueMessage(previous),
  };
}
