import { Packr } from 'msgpackr';
import { type Clock, systemClock } from '../base/index.ts';
import { type Replica, type ReplicaStatus, type StateMachine, VERSION } from '../replica/index.ts';
import { StoppedError } from './errors.ts';
import { createStore, type LocalStore, type StoreOptions } from './store.ts';

/**
 * A whole store in memory, without Raft and disk: for tests of what stands on a store, and for embedding
 * without durability. It is the real state machine behind a replica that is alone and always leads.
 */
export function createMemoryStore(options: StoreOptions = {}): LocalStore {
  const clock: Clock = options.clock ?? systemClock;
  const { stateMachine, attach } = createStore({ ...options, clock });
  const replica = new LoneReplica(stateMachine);
  const store = attach(replica);
  const close = store.close.bind(store);
  store.close = async () => {
    await replica.stop();
    await close();
  };
  return store;
}

/** Applies what was proposed in the same turn as one batch, as soon as the turn is over. */
class LoneReplica implements Replica {
  readonly id = 1;
  readonly failed = new Promise<never>(() => {});
  readonly #stateMachine: StateMachine;
  readonly #packr = new Packr({ useRecords: false });
  #index = 0;
  #stopped = false;
  #queue: { command: unknown; resolve: (result: unknown) => void }[] = [];

  constructor(stateMachine: StateMachine) {
    this.#stateMachine = stateMachine;
  }

  async propose(command: unknown): Promise<unknown> {
    if (this.#stopped) throw new StoppedError();
    // Packed and unpacked as by a real replica: what the proposer does to its buffers later changes nothing.
    const copy: unknown = this.#packr.unpack(this.#packr.pack(command));
    if (this.#queue.length === 0) queueMicrotask(() => this.#apply());
    return new Promise((resolve) => this.#queue.push({ command: copy, resolve }));
  }

  #apply(): void {
    const queue = this.#queue;
    this.#queue = [];
    const results = this.#stateMachine.apply(
      queue.map(({ command }) => command),
      ++this.#index,
    );
    for (const [i, { resolve }] of queue.entries()) resolve(results[i]);
  }

  async readBarrier(): Promise<void> {
    if (this.#stopped) throw new StoppedError();
  }

  status(): ReplicaStatus {
    return {
      id: this.id,
      role: 'leader',
      term: 1,
      leader: this.id,
      commit: this.#index,
      applied: this.#index,
      members: [this.id],
      version: VERSION,
    };
  }

  onStatus(): () => void {
    return () => {};
  }

  async transferLeadership(): Promise<void> {}

  async stop(): Promise<void> {
    this.#stopped = true;
  }
}
