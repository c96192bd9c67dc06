import {
  CompactedError,
  type KeyValue,
  type Store,
  type WatchBatch,
  type WatchEvent,
  type WatchHandle,
} from '../../src/store/index.ts';

/** The key that is written when all is over: what lies before it is the whole history. */
export const END_MARKER = 'chaos/end';
const ALL = { key: '\u0000', end: '\u0100' };

/** A claim about the store that a client got as an answer. */
interface Claim {
  key: string;
  revision: number;
  /** Undefined: not there. */
  value: string | undefined;
}

interface Version {
  revision: number;
  kv: KeyValue | undefined;
}

/**
 * The store's whole history, taken down from all peers at once, each of which must tell the same one. What clients were
 * answered is held against it.
 */
export class EventLog {
  readonly begin: number;
  readonly #shared: boolean;
  readonly #batches: WatchBatch[] = [];
  readonly #watches: WatchHandle[] = [];
  /** Up to which revision each peer told of everything. */
  readonly #told = new Map<number, number>();
  readonly #violations: string[] = [];
  readonly #acknowledged: Claim[] = [];
  readonly #read: Claim[] = [];
  readonly #versions = new Map<string, Version[]>();
  #compacted = 0;
  #end = Number.POSITIVE_INFINITY;

  /** `begin`: the first revision to take down. `shared`: others write to the store as well, of whom watches here don't tell. */
  constructor(begin: number, { shared = false }: { shared?: boolean } = {}) {
    this.begin = begin;
    this.#shared = shared;
  }

  /** From now on takes down what this peer tells; its connection must go to no other one. */
  follow(peer: number, store: Store): void {
    this.#told.set(peer, this.begin - 1);
    this.#watch(peer, store, this.begin);
  }

  /** A client asked for what is before this revision to be dropped. */
  compacting(revision: number): void {
    this.#compacted = Math.max(this.#compacted, revision);
  }

  /** History before this revision may be gone. */
  get compacted(): number {
    return this.#compacted;
  }

  /** All batches in order. */
  get batches(): readonly WatchBatch[] {
    return this.#batches;
  }

  /** Those of revisions from the one to the other, both included. */
  between(from: number, to: number): readonly WatchBatch[] {
    return this.#batches.slice(this.#indexOf(from), this.#indexOf(to + 1));
  }

  get last(): number {
    return this.#batches.at(-1)?.revision ?? this.begin - 1;
  }

  /** A client was told that its write took effect at this revision. */
  acknowledge(key: string, revision: number, value: string | undefined): void {
    this.#acknowledged.push({ key, revision, value });
  }

  /** A client read this of a store that said it was at `revision`. */
  read(key: string, revision: number, value: string | undefined): void {
    this.#read.push({ key, revision, value });
  }

  /** Whether each peer has told of everything up to the end marker. */
  get isComplete(): boolean {
    return [...this.#told.values()].every((revision) => revision >= this.#end);
  }

  close(): void {
    for (const watch of this.#watches) watch.cancel();
  }

  /** What the key was at that revision; undefined: not there. */
  at(key: string, revision: number): KeyValue | undefined {
    const versions = this.#versions.get(key) ?? [];
    return versions[lowerBound(versions, revision + 1) - 1]?.kv;
  }

  judge(): string[] {
    const violations = [...this.#violations];
    for (const [peer, revision] of this.#told) {
      if (revision < this.#end)
        violations.push(`reliable: peer ${peer} told of everything only up to revision ${revision} of ${this.last}`);
    }
    for (const { key, revision, value } of this.#acknowledged) {
      const event = this.#batchAt(revision)?.events.find(({ kv }) => kv.key === key);
      const found = event === undefined ? 'nothing' : textOf(event.type === 'put' ? event.kv : undefined);
      if (event === undefined || found !== value)
        violations.push(`the write of ${value} to ${key} at revision ${revision} was acknowledged; there is ${found}`);
    }
    for (const { key, revision, value } of this.#read) {
      const found = textOf(this.at(key, revision));
      if (found !== value) violations.push(`${key} was read as ${value} at revision ${revision}, where it is ${found}`);
    }
    return violations;
  }

  #watch(peer: number, store: Store, fromRevision: number): void {
    const watch = store.watch({
      ...ALL,
      fromRevision,
      listener: (batch) => this.#record(peer, batch),
      onEnd: (error) => {
        const compactRevision = error instanceof CompactedError ? error.compactRevision : Number.POSITIVE_INFINITY;
        if (compactRevision > this.#compacted) {
          this.#violations.push(`the watch of everything through peer ${peer} ended: ${error.message}`);
          return;
        }
        // The peer was away for too long, and rightly says so: what it did not tell, others did.
        this.#told.set(peer, compactRevision - 1);
        this.#watch(peer, store, compactRevision);
      },
    });
    this.#watches.push(watch);
  }

  #record(peer: number, batch: WatchBatch): void {
    const { revision } = batch;
    const next = this.#told.get(peer)! + 1;
    // Each write makes exactly one revision: none may be missing, and none may come twice. Which are others' only shows by what
    // another peer told.
    const known = this.#batchAt(revision);
    const expected = this.#shared ? (this.#batches[this.#indexOf(next)]?.revision ?? Math.max(next, revision)) : next;
    if (revision !== expected) {
      const property = revision > expected ? 'reliable' : 'unique, ordered';
      this.#violations.push(`${property}: peer ${peer} told of revision ${revision} instead of ${expected}`);
    }
    this.#told.set(peer, revision);
    if (known === undefined) this.#add(batch);
    else if (digest(known) !== digest(batch))
      this.#violations.push(
        `peers differ at revision ${revision}: ${digest(known)} and, says ${peer}, ${digest(batch)}`,
      );
  }

  #add(batch: WatchBatch): void {
    if (this.#shared ? batch.revision <= this.last : batch.revision !== this.last + 1) return;
    const events = batch.events.map((event) => ({ ...event, kv: { ...event.kv, value: Buffer.from(event.kv.value) } }));
    this.#batches.push({ revision: batch.revision, events });
    for (const event of events) {
      this.#checkVersion(event, batch.revision);
      const { key } = event.kv;
      const kv = event.type === 'put' ? event.kv : undefined;
      const versions = this.#versions.get(key);
      if (versions === undefined) this.#versions.set(key, [{ revision: batch.revision, kv }]);
      else versions.push({ revision: batch.revision, kv });
      if (key === END_MARKER) this.#end = batch.revision;
    }
  }

  #batchAt(revision: number): WatchBatch | undefined {
    const batch = this.#batches[this.#indexOf(revision)];
    return batch?.revision === revision ? batch : undefined;
  }

  /** Of the first batch that is not before this revision. */
  #indexOf(revision: number): number {
    return lowerBound(this.#batches, revision);
  }

  /** A key's version counts its writes since it was created; what was there before the log is not known. */
  #checkVersion({ type, kv }: WatchEvent, revision: number): void {
    const before = this.#versions.get(kv.key)?.at(-1);
    if (before === undefined) return;
    const say = (what: string): void =>
      void this.#violations.push(`is-create: ${kv.key} at revision ${revision} ${what}`);
    if (kv.modRevision !== revision) say(`has modRevision ${kv.modRevision}`);
    if (type === 'delete') {
      if (before.kv === undefined) say('was deleted, and was not there');
      return;
    }
    const created = before.kv?.createRevision ?? revision;
    const version = (before.kv?.version ?? 0) + 1;
    if (kv.createRevision !== created) say(`has createRevision ${kv.createRevision}, not ${created}`);
    if (kv.version !== version) say(`has version ${kv.version}, not ${version}`);
  }
}

/** The index of the first one that is not before this revision, of some in the order of their revisions. */
function lowerBound(list: readonly { revision: number }[], revision: number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle]!.revision < revision) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function textOf(kv: KeyValue | undefined): string | undefined {
  return kv === undefined ? undefined : Buffer.from(kv.value).toString();
}

function digest({ events }: WatchBatch): string {
  return events
    .map(({ type, kv }) =>
      [
        type,
        kv.key,
        kv.modRevision,
        kv.version,
        kv.createRevision,
        kv.lease,
        Buffer.from(kv.value).toString('latin1'),
      ].join(' '),
    )
    .join(', ');
}
