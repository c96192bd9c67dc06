import { type Replica, type ReplicaStatus, type StateMachine, VERSION } from '../../src/replica/index.ts';
import { createStore, type LocalStore, type StoreOptions } from '../../src/store/index.ts';

interface Proposal {
  from: number;
  command: unknown;
  resolve: (result: unknown) => void;
}

/** Stores over one log without Raft: the test says who believes to lead, and when commands are applied. */
export class FakeCluster {
  readonly stores: LocalStore[] = [];
  readonly replicas: FakeReplica[] = [];
  readonly machines: StateMachine[] = [];
  #proposals: Proposal[] = [];
  /** While false, proposals wait for `deliver`. */
  automatic = true;
  #index = 0;

  constructor(size: number, options: (id: number) => StoreOptions) {
    for (let id = 1; id <= size; id++) {
      const { stateMachine, attach } = createStore(options(id));
      const replica = new FakeReplica(id, (proposal) => this.#propose(proposal));
      this.machines.push(stateMachine);
      this.replicas.push(replica);
      this.stores.push(attach(replica));
    }
  }

  get waiting(): readonly unknown[] {
    return this.#proposals.map(({ command }) => command);
  }

  /** Makes `leader` the leader in the eyes of `who`. */
  elect(leader: number, term: number, who: readonly number[] = this.replicas.map(({ id }) => id)): void {
    for (const id of who) this.replicas[id - 1]!.become({ role: id === leader ? 'leader' : 'follower', leader, term });
  }

  /** Applies what waits, on all peers; with `order` in another order. */
  deliver(order: (proposals: Proposal[]) => Proposal[] = (proposals) => proposals): void {
    const proposals = order(this.#proposals);
    this.#proposals = [];
    this.#index++;
    for (const [i, machine] of this.machines.entries()) {
      const results = machine.apply(
        proposals.map(({ command }) => command),
        this.#index,
      );
      for (const [j, { from, resolve }] of proposals.entries()) if (from === i + 1) resolve(results[j]);
    }
  }

  #propose(proposal: Proposal): void {
    this.#proposals.push(proposal);
    if (this.automatic && this.#proposals.length === 1) queueMicrotask(() => this.deliver());
  }
}

class FakeReplica implements Replica {
  readonly id: number;
  readonly failed = new Promise<never>(() => {});
  readonly #propose: (proposal: Proposal) => void;
  #status: ReplicaStatus;
  readonly #listeners = new Set<(status: ReplicaStatus) => void>();

  constructor(id: number, propose: (proposal: Proposal) => void) {
    this.id = id;
    this.#propose = propose;
    this.#status = { id, role: 'follower', term: 0, leader: 0, commit: 0, applied: 0, members: [1], version: VERSION };
  }

  become(change: Partial<ReplicaStatus>): void {
    this.#status = { ...this.#status, ...change };
    for (const listener of this.#listeners) listener(this.#status);
  }

  propose(command: unknown): Promise<unknown> {
    return new Promise((resolve) => this.#propose({ from: this.id, command, resolve }));
  }

  async readBarrier(): Promise<void> {}

  status(): ReplicaStatus {
    return this.#status;
  }

  onStatus(listener: (status: ReplicaStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async transferLeadership(): Promise<void> {}

  async stop(): Promise<void> {}
}
