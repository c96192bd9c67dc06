import { assert } from '../base/index.ts';
import { type Configuration, decodeConfiguration, type Entry, type SnapshotPosition } from '../raft/index.ts';
import { type Batch, decodeBatch } from './batch.ts';
import { SessionTable } from './sessions.ts';
import type { SnapshotReader } from './storage.ts';
import type { StateMachine } from './types.ts';

export interface ApplyListener {
  /** A batch was applied. */
  onBatch(batch: Batch, results: readonly unknown[]): void;
  /** A batch came although one before it, of the same session, is missing. */
  onGap(batch: Batch): void;
  /** The state was replaced by a snapshot's. */
  onRestored(position: SnapshotPosition): void;
  onEntry(entry: Entry): void;
  /** Everything up to `index` is applied. Called once a turn. */
  onApplied(index: number): void;
  onFailure(error: unknown): void;
}

type Work = { entries: readonly Entry[] } | { restore: () => Promise<SnapshotReader | undefined> };

/**
 * Feeds the state machine, in log order, in turns short enough that heartbeats and sockets are served between them.
 */
export class ApplyLoop {
  readonly sessions = new SessionTable();
  readonly #stateMachine: StateMachine;
  readonly #perTurn: number;
  readonly #listener: ApplyListener;
  #work: Work[] = [];
  /** Entries of the first work done already. */
  #done = 0;
  #scheduled = false;
  #stopped = false;
  /** Where the state machine stands. */
  #position: SnapshotPosition;

  constructor(stateMachine: StateMachine, perTurn: number, position: SnapshotPosition, listener: ApplyListener) {
    this.#stateMachine = stateMachine;
    this.#perTurn = perTurn;
    this.#position = position;
    this.#listener = listener;
  }

  /** Index, term and configuration that the state machine has come to. */
  get position(): SnapshotPosition {
    return this.#position;
  }

  push(entries: readonly Entry[]): void {
    this.#work.push({ entries });
    // After this turn's messages, which `nextTick` sends, and before anything else.
    if (!this.#scheduled) this.#schedule((turn) => process.nextTick(turn));
  }

  /** Replaces the state, after what was pushed before, by the snapshot that `open` yields. */
  restore(open: () => Promise<SnapshotReader | undefined>): void {
    this.#work.push({ restore: open });
    if (!this.#scheduled) this.#schedule((turn) => process.nextTick(turn));
  }

  /** Replaces the state now. For the start, before anything is pushed. */
  async restoreNow(reader: SnapshotReader): Promise<void> {
    const { position } = reader;
    // A snapshot that landed meanwhile may be newer than the one meant, and entries then come that it covers.
    if (position.index > this.#position.index) {
      const chunks = reader.chunks[Symbol.asyncIterator]();
      const first = await chunks.next();
      assert(!first.done, 'a snapshot begins with its sessions');
      this.sessions.restore(first.value);
      await this.#stateMachine.restore(rest(chunks));
      this.#position = position;
    }
    reader.close();
  }

  /** A snapshot of sessions and state as they are now. */
  snapshot(): AsyncIterable<Uint8Array> {
    return chain(this.sessions.encode(), this.#stateMachine.snapshot());
  }

  stop(): void {
    this.#stopped = true;
    this.#work = [];
  }

  #schedule(defer: (turn: () => void) => void): void {
    this.#scheduled = true;
    defer(() => {
      this.#scheduled = false;
      try {
        this.#turn();
      } catch (error) {
        this.#stopped = true;
        this.#listener.onFailure(error);
      }
    });
  }

  #turn(): void {
    if (this.#stopped) return;
    let applied = false;
    let budget = this.#perTurn;
    while (budget > 0 && this.#work.length > 0) {
      const work = this.#work[0]!;
      if ('restore' in work) {
        if (applied) break;
        this.#startRestore(work.restore);
        return;
      }
      const { entries } = work;
      while (budget > 0 && this.#done < entries.length) {
        const entry = entries[this.#done]!;
        this.#done += 1;
        budget -= this.#apply(entry);
        applied = true;
      }
      if (this.#done < entries.length) break;
      this.#work.shift();
      this.#done = 0;
    }
    if (applied) this.#listener.onApplied(this.#position.index);
    if (this.#work.length > 0 && !this.#scheduled) this.#schedule(setImmediate);
  }

  /** Returns how much of the turn it took. */
  #apply(entry: Entry): number {
    const { index, term, kind, data } = entry;
    if (index <= this.#position.index) return 1;
    assert(index === this.#position.index + 1, `entry ${index} came after ${this.#position.index}`);
    let { configuration } = this.#position;
    let cost = 1;
    if (kind === 'configuration') configuration = decodeChange(data);
    else if (kind === 'command') cost += this.#applyBatch(decodeBatch(data), index);
    this.#position = { index, term, configuration };
    this.#listener.onEntry(entry);
    return cost;
  }

  #applyBatch(batch: Batch, index: number): number {
    const verdict = this.sessions.accept(batch);
    if (verdict === 'gap') this.#listener.onGap(batch);
    if (verdict !== 'next') return 1;
    const results = this.#stateMachine.apply(batch.commands, index);
    this.#listener.onBatch(batch, results);
    return batch.commands.length;
  }

  #startRestore(open: () => Promise<SnapshotReader | undefined>): void {
    // Stands for the turn under way: nothing else starts meanwhile.
    this.#scheduled = true;
    const restore = async (): Promise<void> => {
      const reader = await open();
      if (this.#stopped || reader === undefined) return;
      await this.restoreNow(reader);
      if (this.#stopped) return;
      this.#work.shift();
      this.#listener.onRestored(this.#position);
      this.#schedule(setImmediate);
    };
    restore().catch((error) => {
      if (!this.#stopped) this.#listener.onFailure(error);
    });
  }
}

function decodeChange(data: Uint8Array): Configuration {
  const configuration = decodeConfiguration(data);
  assert(configuration !== undefined, 'a configuration entry holds one');
  return configuration;
}

async function* chain(first: Uint8Array, others: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* others;
}

async function* rest(iterator: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
  } finally {
    await iterator.return?.();
  }
}
