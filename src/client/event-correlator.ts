import type { v1 } from '../api/index.ts';
import type { Clock } from '../base/index.ts';
import { LruMap } from './lru-map.ts';

/** Events of one source about one object that may come at once, and then one each so often. */
const SPAM_BURST = 25;
const SPAM_REFILL_MS = 300_000;
/** So many events that differ only in their message, each within the interval of the last, become one. */
const SIMILAR_MAX = 10;
const SIMILAR_INTERVAL_MS = 600_000;
const CACHE_SIZE = 4096;

/** What to write: a new Event, or what changed of one that was written before. */
export interface Correlated {
  type: 'create' | 'update';
  event: v1.Event;
}

/** Keeps the number of Events small, with client-go's limits: spam is dropped, similar ones are merged, repeats are counted. */
export class EventCorrelator {
  readonly #clock: Clock;
  readonly #buckets = new LruMap<string, { tokens: number; refilledAt: number }>(CACHE_SIZE);
  readonly #similar = new LruMap<string, { messages: Set<string>; lastAt: number }>(CACHE_SIZE);
  /** The Events that stand for a key, as last written. */
  readonly #written = new LruMap<string, v1.Event>(CACHE_SIZE);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Undefined: to be dropped. */
  correlate(event: v1.Event): Correlated | undefined {
    if (!this.#admit(event)) return undefined;
    const { key, message } = this.#aggregate(event);
    const earlier = this.#written.get(key);
    if (earlier === undefined) {
      const created = { ...event, message };
      this.#written.set(key, created);
      return { type: 'create', event: created };
    }
    const updated = { ...earlier, message, lastTimestamp: event.lastTimestamp, count: (earlier.count ?? 1) + 1 };
    this.#written.set(key, updated);
    return { type: 'update', event: updated };
  }

  #admit(event: v1.Event): boolean {
    const key = subjectOf(event);
    const now = this.#clock.monotonic();
    const bucket = this.#buckets.get(key) ?? { tokens: SPAM_BURST, refilledAt: now };
    bucket.tokens = Math.min(SPAM_BURST, bucket.tokens + (now - bucket.refilledAt) / SPAM_REFILL_MS);
    bucket.refilledAt = now;
    this.#buckets.set(key, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  #aggregate(event: v1.Event): { key: string; message: string } {
    const message = event.message ?? '';
    const group = `${subjectOf(event)}\n${event.involvedObject.fieldPath ?? ''}\n${event.type}\n${event.reason}`;
    const now = this.#clock.monotonic();
    let similar = this.#similar.get(group);
    if (similar === undefined || now - similar.lastAt > SIMILAR_INTERVAL_MS)
      similar = { messages: new Set(), lastAt: now };
    similar.messages.add(message);
    similar.lastAt = now;
    this.#similar.set(group, similar);
    if (similar.messages.size < SIMILAR_MAX) return { key: `${group}\n${message}`, message };
    // Forget one, so that the set stays small.
    similar.messages.delete(similar.messages.values().next().value!);
    return { key: group, message: `(combined from similar events): ${message}` };
  }
}

function subjectOf({ source, involvedObject: object }: v1.Event): string {
  return [
    source?.component,
    source?.host,
    object.kind,
    object.namespace,
    object.name,
    object.uid,
    object.apiVersion,
  ].join('\n');
}
