import {
  type Configuration,
  decodeConfiguration,
  type Effects,
  type Entry,
  type HardState,
  type Input,
  type Message,
  type Raft,
  type RaftOptions,
  type RestoredState,
  type SnapshotPosition,
} from '../../../src/raft/index.ts';
import { type Checker, check, ShadowLog } from '../../../src/simulation/raft/index.ts';
import type { SimulatedNetwork } from './network.ts';

export type CreateRaft = (options: RaftOptions, restored: RestoredState) => Raft;

interface StoredSnapshot {
  position: SnapshotPosition;
  state: number;
}

/** One batch for the disk, and what waits for it. */
interface Write {
  hardState: HardState | undefined;
  entries: readonly Entry[];
  received: StoredSnapshot | undefined;
  taken: { snapshot: StoredSnapshot; compactIndex: number } | undefined;
  messages: readonly Message[];
}

/**
 * A host around one Raft core: a disk that may lag behind and loses what it didn't get to, a state
 * machine (a running hash) that may lag as well, and clients whose reads it answers.
 */
export class SimulatedPeer {
  readonly id: number;
  raft: Raft | undefined;
  log: ShadowLog;
  /** Writes not yet durable, oldest first. */
  writes: Write[] = [];
  /** Committed, not yet applied. */
  toApply: Entry[] = [];
  applied = 0;
  state = 0;
  /** As of what was applied. */
  configuration: Configuration;
  /** What was handed back. */
  rejected: Uint8Array[] = [];
  readsAnswered = 0;
  readsFailed = 0;
  changesRefused = 0;

  readonly #createRaft: CreateRaft;
  readonly #options: RaftOptions;
  readonly #checker: Checker;
  readonly #network: SimulatedNetwork;
  #hardState: HardState = { term: 0, vote: 0, commit: 0 };
  #snapshot: StoredSnapshot;
  #durable: ShadowLog;
  /** What the disk still has of the log before the snapshot. */
  #retained: Entry[] = [];
  #starts = 0;
  #nextRead = 1;
  /** Open reads, with the highest index known to be committed when they were asked. */
  readonly #reads = new Map<number, number>();

  constructor(
    createRaft: CreateRaft,
    options: RaftOptions,
    configuration: Configuration,
    checker: Checker,
    network: SimulatedNetwork,
  ) {
    this.id = options.id;
    this.#createRaft = createRaft;
    this.#options = options;
    this.#checker = checker;
    this.#network = network;
    this.configuration = configuration;
    this.#snapshot = { position: { index: 0, term: 0, configuration }, state: 0 };
    this.#durable = new ShadowLog(this.#snapshot.position, []);
    this.log = this.#durable;
    this.start();
  }

  get name(): string {
    return `peer ${this.id}.${this.#starts}`;
  }

  get openReads(): number {
    return this.#reads.size;
  }

  get durableTerm(): number {
    return this.#hardState.term;
  }

  get durableVote(): number {
    return this.#hardState.vote;
  }

  get durableSnapshot(): number {
    return this.#snapshot.position.index;
  }

  /** The term of the entry that the disk holds at `index`; what a snapshot covers it holds in its final form. */
  durableTermAt(index: number): number | undefined {
    if (index < this.#durable.baseIndex) return this.#retained.find((entry) => entry.index === index)?.term;
    return this.#durable.term(index);
  }

  start(): void {
    const { position, state } = this.#snapshot;
    this.#starts++;
    this.raft = this.#createRaft(this.#options, {
      hardState: this.#hardState,
      snapshot: position,
      entries: [...this.#retained, ...this.#durable.entries],
      applied: position.index,
    });
    this.log = new ShadowLog(position, this.#durable.entries);
    this.applied = position.index;
    this.state = state;
    this.configuration = position.configuration;
    this.#nextRead = 1;
  }

  /** The process dies; of what was not known to be durable, the oldest `kept` writes happen to be. */
  crash(kept: number): void {
    for (const write of this.writes.slice(0, kept)) this.#store(write);
    this.raft = undefined;
    this.writes = [];
    this.toApply = [];
    this.#reads.clear();
  }

  /** Gives the core one input, or several at once. `content` belongs to a snapshot message among them. */
  feed(inputs: readonly Input[], content = 0): void {
    const raft = this.raft;
    if (!raft || inputs.length === 0) return;
    const before = raft.status();
    const effects = inputs.length === 1 ? raft.step(inputs[0]!) : raft.stepAll(inputs);
    if (effects.snapshot) this.log.reset(effects.snapshot);
    this.log.write(effects.entries);
    this.#checker.observe(this, before, raft.status(), effects);
    this.#carryOut(effects, content);
  }

  #carryOut(effects: Effects, content: number): void {
    const { hardState, entries, snapshot, messagesAfterPersist: messages } = effects;
    for (const message of effects.messages) this.#network.send(message);
    const received = snapshot && { position: snapshot, state: content };
    const write = { hardState, entries, received, taken: undefined, messages };
    if (hardState || entries.length > 0 || received || (messages.length > 0 && this.writes.length > 0)) {
      this.writes.push(write);
    } else {
      for (const message of messages) this.#network.send(message);
    }
    if (received) {
      this.toApply = [];
      this.applied = received.position.index;
      this.state = received.state;
      this.configuration = received.position.configuration;
      this.#checker.restored(this, this.applied, this.state);
    }
    for (const entry of effects.committed) {
      const expected = (this.toApply.at(-1)?.index ?? this.applied) + 1;
      check(entry.index === expected, () => `${this.name} is to apply ${entry.index} instead of ${expected}`);
      this.toApply.push(entry);
    }
    for (const message of effects.snapshotsToSend) {
      // The disk's snapshot may be newer than the one announced.
      this.#network.send({ ...message, position: this.#snapshot.position }, this.#snapshot.state);
    }
    for (const { id, index } of effects.reads) {
      const atLeast = this.#reads.get(id);
      check(atLeast !== undefined, () => `${this.name}: read ${id} was not open`);
      check(index >= atLeast, () => `${this.name}: read ${id} at ${index} misses ${atLeast}, committed before`);
      this.#reads.delete(id);
      this.readsAnswered++;
    }
    for (const id of effects.readsFailed) {
      check(this.#reads.delete(id), () => `${this.name}: failed read ${id} was not open`);
      this.readsFailed++;
    }
    for (const { answer } of effects.changes) if ('refused' in answer) this.changesRefused++;
    if (effects.rejected) this.rejected.push(...effects.rejected.data);
  }

  read(): void {
    const id = this.#nextRead++;
    this.#reads.set(id, this.#checker.highestCommit);
    this.feed([{ type: 'read-index', id }]);
  }

  /** The disk completes its oldest writes, in one go. */
  persist(count: number): void {
    const done = this.writes.splice(0, count);
    const reports: Input[] = [];
    for (const write of done) {
      this.#store(write);
      const last = write.entries.at(-1);
      if (last) reports.push({ type: 'persisted', index: last.index, term: last.term });
      const { taken } = write;
      if (taken && taken.snapshot === this.#snapshot) {
        const { position } = taken.snapshot;
        reports.push({ type: 'snapshot-taken', position, compactIndex: taken.compactIndex });
      }
    }
    for (const write of done) for (const message of write.messages) this.#network.send(message);
    this.feed(reports);
  }

  #store({ hardState, entries, received, taken }: Write): void {
    if (received) {
      this.#snapshot = received;
      this.#durable = new ShadowLog(received.position, []);
      this.#retained = [];
    }
    this.#durable.write(entries);
    if (hardState) this.#hardState = hardState;
    if (taken && taken.snapshot.position.index > this.#snapshot.position.index) {
      const { position } = taken.snapshot;
      const log = [...this.#retained, ...this.#durable.entries];
      this.#snapshot = taken.snapshot;
      this.#durable = new ShadowLog(position, log);
      this.#retained = log.filter(({ index }) => index > taken.compactIndex && index <= position.index);
    }
  }

  /** The state machine takes the next `count` committed entries. */
  apply(count: number): void {
    if (this.toApply.length === 0) return;
    for (const entry of this.toApply.splice(0, count)) {
      this.applied = entry.index;
      if (entry.kind === 'configuration') this.configuration = decodeConfiguration(entry.data)!;
      for (const byte of entry.data) this.state = (Math.imul(this.state, 31) + byte) | 0;
      this.state = (Math.imul(this.state, 31) + entry.term) | 0;
      this.#checker.applied(this, entry, this.state);
    }
    this.feed([{ type: 'applied', index: this.applied }]);
  }

  /** Writes a snapshot of the state machine, keeping `keep` entries of the log before it. */
  takeSnapshot(keep: number): void {
    const index = this.applied;
    if (!this.raft || index <= this.#snapshot.position.index) return;
    const position = { index, term: this.log.term(index)!, configuration: this.configuration };
    this.writes.push({
      hardState: undefined,
      entries: [],
      received: undefined,
      taken: { snapshot: { position, state: this.state }, compactIndex: Math.max(0, index - keep) },
      messages: [],
    });
  }
}
