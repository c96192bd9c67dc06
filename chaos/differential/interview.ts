import { errorCode, KeelsonError, seededRandom } from '../../src/base/index.ts';
import {
  type KeyValue,
  type OperationResult,
  prefixEnd,
  type RangeResult,
  type Store,
  type WatchBatch,
} from '../../src/store/index.ts';
import { pause } from '../pause.ts';
import { type Memory, nextQuestion, type Question } from './questions.ts';

/** A question, and what came of it, in words that are the same for stores that behave the same. */
export interface Exchange {
  question: string;
  answer: string;
}

const QUESTIONS = 60;
const LEASES = 3;
/** Longer than any interview. */
const LEASE_SECONDS = 600;
const ATTEMPTS = 5;
const WATCH_MS = 2_000;
/** Nothing can be concluded from these: there may be another fault, or the end of the last one. */
const TRANSIENT = new Set(['TIMEOUT', 'UNAVAILABLE', 'OVERLOADED']);

/** Has a store drop some history: the same revision then is gone in all of those that are to be compared. */
export async function prepareStore(store: Store): Promise<void> {
  for (let i = 0; i < 3; i++) await store.put('interview', Buffer.from(String(i)));
  await store.compact(2);
}

/**
 * Asks a store that is well a row of questions, which a seed decides, each after the answer to the one before, and watches what
 * they do to it. Starts over, elsewhere, when one is not answered. Rejects when it is asked too often in vain.
 */
export async function interview(store: Store, seed: number): Promise<Exchange[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await new Interviewer(store, seed, attempt).ask();
    } catch (error) {
      if (!TRANSIENT.has(errorCode(error) ?? '') || attempt === ATTEMPTS) throw error;
      await pause(200);
    }
  }
}

class Interviewer {
  readonly #store: Store;
  readonly #random;
  readonly #prefix: string;
  readonly #firstLease: number;
  readonly #writes: number[] = [];
  readonly #events: WatchBatch[] = [];

  constructor(store: Store, seed: number, attempt: number) {
    this.#store = store;
    this.#random = seededRandom(seed);
    this.#prefix = `interview/${seed}-${attempt}/`;
    this.#firstLease = (seed % 1_000_000) * 1_000 + attempt * 10 + 1;
  }

  async ask(): Promise<Exchange[]> {
    const exchanges: Exchange[] = [];
    const { prefix, leases } = this.#memory;
    const first = await this.#store.put(`${prefix}a`, Buffer.from('first'));
    this.#writes.push(first.revision);
    const handle = this.#store.watch({
      ...{ key: prefix, end: prefixEnd(prefix), fromRevision: first.revision, previous: true },
      listener: (batch) => void this.#events.push({ ...batch, events: structuredClone(batch.events) }),
    });
    try {
      for (let i = 0; i < QUESTIONS; i++) {
        const question = nextQuestion(this.#random, this.#memory);
        exchanges.push({ question: textOf(question), answer: await this.#answerTo(question) });
      }
      for (const lease of leases) await this.#answerTo({ ask: 'revoke', lease });
      const last = await this.#store.put(`${prefix}a`, Buffer.from('last'));
      this.#writes.push(last.revision);
      for (let waited = 0; handle.revision < last.revision; waited += 10) {
        if (waited > WATCH_MS) throw new KeelsonError('TIMEOUT', 'the watch does not tell of the last write');
        await pause(10);
      }
    } finally {
      handle.cancel();
    }
    const events = this.#events.map((batch, i) => ({ question: `event ${i + 1}`, answer: this.#tell(batch) }));
    return [...exchanges, ...events];
  }

  get #memory(): Memory {
    const leases = Array.from({ length: LEASES }, (_, i) => this.#firstLease + i);
    return { prefix: this.#prefix, leases, writes: this.#writes };
  }

  async #answerTo(question: Question): Promise<string> {
    try {
      return JSON.stringify(await this.#put(question));
    } catch (error) {
      const code = errorCode(error) ?? String(error);
      if (TRANSIENT.has(code)) throw error;
      return `error ${code}`;
    }
  }

  async #put(question: Question): Promise<unknown> {
    const store = this.#store;
    switch (question.ask) {
      case 'put': {
        const { key, value, lease } = question;
        return { written: this.#wrote((await store.put(key, value, { lease })).revision) };
      }
      case 'delete': {
        const { deleted, revision } = await store.delete(question.key, question.end);
        return { deleted, written: deleted > 0 ? this.#wrote(revision) : this.#read(revision) };
      }
      case 'range':
        return this.#range(await store.range(question.request));
      case 'txn': {
        const { succeeded, revision, results } = await store.txn(question.request);
        const writes = results.some(
          (result) => result.type === 'put' || (result.type === 'delete' && result.deleted > 0),
        );
        const known = this.#last;
        const written = writes ? this.#wrote(revision) : this.#read(revision);
        return { succeeded, written, results: results.map((result) => this.#result(result, known)) };
      }
      case 'grant':
        return { ttl: (await store.leaseGrant({ id: question.lease, ttl: LEASE_SECONDS })).ttl };
      case 'revoke': {
        const before = await store.range({ key: this.#prefix, end: prefixEnd(this.#prefix), keysOnly: true });
        const { revision } = await store.leaseRevoke(question.lease);
        return before.kvs.some(({ lease }) => lease === question.lease) ? this.#wrote(revision) : this.#read(revision);
      }
      case 'keep alive':
        return { ttl: (await store.leaseKeepAlive(question.lease)).ttl };
      case 'time to live': {
        const { ttl, remaining, keys } = await store.leaseTimeToLive(question.lease);
        return { ttl, runs: remaining > 0 && remaining <= ttl, keys: keys.map((key) => this.#own(key)) };
      }
      case 'leases': {
        const { leases } = this.#memory;
        return (await store.leases())
          .filter((id) => leases.includes(id))
          .map((id) => this.#lease(id))
          .sort();
      }
      case 'compact':
        return (await store.compact(question.revision)) ?? 'done';
    }
  }

  /** `known`: the last write before the transaction. */
  #result(result: OperationResult, known: number): unknown {
    switch (result.type) {
      case 'put':
        return { put: result.previous && this.#version(result.previous) };
      case 'delete':
        return { deleted: result.deleted, previous: result.previous?.map((kv) => this.#version(kv)) };
      case 'range':
        return this.#range(result.result, known);
      case 'txn':
        return result.result.results.map((inner) => this.#result(inner, known));
    }
  }

  #range({ kvs, count, more, revision }: RangeResult, known = this.#last): unknown {
    return { kvs: kvs.map((kv) => this.#version(kv)), count, more, at: this.#read(revision, known) };
  }

  #tell({ revision, events }: WatchBatch): string {
    const told = events.map(({ type, kv, previous }) => ({
      ...{ type, key: this.#own(kv.key), previous: previous && this.#version(previous) },
      now: type === 'put' ? this.#version(kv) : this.#number(kv.modRevision),
    }));
    return JSON.stringify({ at: this.#number(revision), told });
  }

  #version({ key, value, createRevision, modRevision, version, lease }: KeyValue): unknown {
    return {
      ...{ key: this.#own(key), value: Buffer.from(value).toString(), version, lease: this.#lease(lease) },
      ...{ created: this.#number(createRevision), modified: this.#number(modRevision) },
    };
  }

  get #last(): number {
    return this.#writes.at(-1) ?? 0;
  }

  /** A revision that a write made: later than all before it. */
  #wrote(revision: number): string {
    if (revision <= this.#last) return `revision ${revision}, after ${this.#last}`;
    this.#writes.push(revision);
    return this.#number(revision);
  }

  /** A revision that nothing of ours made: others may have written meanwhile, but it can't be older than our last write. */
  #read(revision: number, known = this.#last): string {
    return revision < known ? `revision ${revision}, after ${known}` : 'recent';
  }

  /** By which of our writes it is, which does not depend on what others do. */
  #number(revision: number): string {
    const index = this.#writes.indexOf(revision);
    return index < 0 ? `revision ${revision}, which is none of ours` : `write ${index + 1}`;
  }

  #own(key: string): string {
    return key.startsWith(this.#prefix) ? key.slice(this.#prefix.length) : `${key}, which is none of ours`;
  }

  /** 0: none. */
  #lease(id: number): number {
    return id === 0 ? 0 : id - this.#firstLease + 1;
  }
}

function textOf({ ask, ...what }: Question): string {
  const plain = (_: string, value: unknown): unknown => (value instanceof Uint8Array ? undefined : value);
  return `${ask} ${JSON.stringify(what, plain)}`;
}
