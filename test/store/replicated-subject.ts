import { type Clock, seededRandom, silentLogger, systemClock } from '../../src/base/index.ts';
import {
  type ClusterMember,
  MemoryDisk,
  MemoryNetwork,
  openMemoryStorage,
  type ReplicaLimits,
  startReplica,
  VERSION,
} from '../../src/replica/index.ts';
import { createStore, type LocalStore, type StoreOptions } from '../../src/store/index.ts';

export interface Peer {
  replica: ClusterMember;
  store: LocalStore;
}

/** Peers in this process: real Raft and stores, but disks and network in memory. */
export class ReplicatedCluster {
  readonly #clock: Clock;
  readonly #options: StoreOptions;
  readonly #limits: Partial<ReplicaLimits>;
  readonly #random;
  readonly #network = new MemoryNetwork();
  readonly disks = new Map<number, MemoryDisk>();
  readonly #version: (id: number) => number;
  readonly peers = new Map<number, Peer>();
  /** The peer that nobody reaches, and that reaches nobody. */
  isolated = 0;
  /** A clock's timers don't keep the process alive. */
  readonly #hold = setInterval(() => {}, 60_000);

  constructor(options: {
    seed: number;
    clock?: Clock;
    store?: StoreOptions;
    limits?: Partial<ReplicaLimits>;
    /** Of a peer's software. Default: what it is. */
    version?: (id: number) => number;
  }) {
    this.#version = options.version ?? (() => VERSION);
    this.#clock = options.clock ?? systemClock;
    this.#options = { ...options.store, clock: this.#clock };
    this.#limits = { tickMs: 20, ...options.limits };
    this.#random = seededRandom(options.seed);
    this.#network.route = (message, deliver) => {
      if (message.from !== this.isolated && message.to !== this.isolated) deliver();
    };
    this.#network.reaches = (from, to) => from !== this.isolated && to !== this.isolated;
  }

  /** Starts a peer, or starts it again with what was on its disk. */
  async start(id: number): Promise<Peer> {
    const disk = this.disks.get(id) ?? new MemoryDisk();
    this.disks.set(id, disk);
    const { stateMachine, attach } = createStore(this.#options);
    const replica = await startReplica({
      identity: { clusterId: 'test', peerId: id },
      initialMembers: [1, 2, 3],
      storage: openMemoryStorage(disk),
      transport: this.#network.transport(id),
      stateMachine,
      clock: this.#clock,
      random: this.#random,
      logger: silentLogger,
      limits: this.#limits,
      version: this.#version(id),
    });
    replica.failed.catch(() => {});
    const peer = { replica, store: attach(replica) };
    this.peers.set(id, peer);
    return peer;
  }

  /** Loses all that is not on the disk. */
  crash(id: number): void {
    const peer = this.peers.get(id);
    this.peers.delete(id);
    this.disks.get(id)!.owner = undefined;
    void peer?.replica.stop({ handOver: false });
    void peer?.store.close();
  }

  async stop(): Promise<void> {
    for (const { store, replica } of this.peers.values()) {
      await store.close();
      await replica.stop({ handOver: false });
    }
    clearInterval(this.#hold);
  }
}
