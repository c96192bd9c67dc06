import { type Random, seededRandom } from '../base/index.ts';
import { type Configuration, membersOf, type PeerId } from '../raft/index.ts';
import type { LocalStore } from '../store/index.ts';
import { type Change, LeaseChecker, Lives, StateChecker, Truth } from './checks/index.ts';
import { type PeerOptions, SimulatedPeer, type Software } from './peer.ts';
import { Checker } from './raft/index.ts';
import { Violation } from './violation.ts';
import { FASTEST_CLOCK, SLOWEST_CLOCK, type Weather } from './weather.ts';
import { EventLoop, MachineClock, MachineDisk, SimulatedNetwork, Trace } from './world/index.ts';

/** Every revision touches a key, so that a watch of all of them sees each. */
export const ALL_KEYS = { key: '\0', end: '\u0100' };

/** The simulated world, the peers in it, and the checkers that watch them. */
export class SimulatedCluster {
  readonly loop = new EventLoop();
  readonly trace = new Trace();
  readonly random: Random;
  readonly network: SimulatedNetwork;
  readonly peers = new Map<PeerId, SimulatedPeer>();
  readonly raftChecker: Checker;
  readonly stateChecker: StateChecker;
  readonly lives = new Lives();
  readonly leases: LeaseChecker;
  readonly truth: Truth;
  readonly weather: Weather;
  /** Faults have ended, and clients begin nothing more. */
  isOver = false;
  /** Called when a peer has died or stopped by itself. */
  onStopped: (peer: SimulatedPeer) => void = () => {};
  /** Called when a peer has started. */
  onUp: (peer: SimulatedPeer) => void = () => {};
  /** Called when a peer is to end as it should; see PeerOptions. */
  onStopping: (peer: SimulatedPeer) => Promise<void> | undefined = () => undefined;
  /** Whose controllers hold their lease, as far as they know; undefined: nobody's. */
  leaseHolder: () => SimulatedPeer | undefined = () => undefined;
  /** Called with each revision, the first time that it is heard of; in order. */
  onRevision: (revision: number, changes: readonly Change[], isAfterGap: boolean) => void = () => {};
  #violation: unknown;
  readonly #software: Software;
  readonly #founders: readonly PeerId[];
  /** By peer: the last revision that the watch of all keys got in this life. */
  readonly #recorded = new Map<PeerId, number>();

  constructor(seed: number, weather: Weather, software: Software) {
    this.random = seededRandom(seed);
    this.weather = weather;
    this.#software = software;
    this.network = new SimulatedNetwork(this.loop, this.fork(), this.trace);
    this.raftChecker = new Checker(this.peers);
    this.stateChecker = new StateChecker((violation) => this.fail(violation));
    this.leases = new LeaseChecker(FASTEST_CLOCK, () => this.loop.now);
    this.truth = new Truth((revision, changes, isAfterGap) => {
      this.leases.follow(changes, isAfterGap);
      this.onRevision(revision, changes, isAfterGap);
    });
    this.#founders = Array.from({ length: weather.peers }, (_, i) => i + 1);
    for (const id of this.#founders) this.add(id, this.#founders);
  }

  /** Randomness of its own for one part, so that parts don't disturb each other's. */
  fork(): Random {
    return seededRandom(Math.floor(this.random.next() * 2 ** 32));
  }

  /** Adds a machine, and starts a peer on it. */
  add(id: PeerId, initialMembers: readonly PeerId[] = []): SimulatedPeer {
    const { loop, network, raftChecker, stateChecker, weather } = this;
    const random = this.fork();
    const options: PeerOptions = {
      id,
      initialMembers,
      software: this.#software,
      loop,
      network,
      clock: new MachineClock(loop, SLOWEST_CLOCK + random.next() * (FASTEST_CLOCK - SLOWEST_CLOCK)),
      disk: new MachineDisk(loop, this.fork()),
      random,
      limits: weather.limits,
      reads: weather.reads,
      raftChecker,
      stateChecker,
      lives: this.lives,
      onUp: (peer) => {
        this.#record(peer);
        this.onUp(peer);
      },
      onStopping: (peer) => this.onStopping(peer),
      onStopped: (peer) => this.onStopped(peer),
      onViolation: (violation) => this.fail(violation),
    };
    const peer = new SimulatedPeer(options);
    this.peers.set(id, peer);
    peer.boot();
    return peer;
  }

  /** Those that run and belong to the cluster as far as they know; `call` works for them. */
  get members(): SimulatedPeer[] {
    return [...this.peers.values()].filter(({ id, replica, isUp }) => isUp && replica!.status().members.includes(id));
  }

  get leader(): SimulatedPeer | undefined {
    const leaders = this.members.filter(({ replica }) => replica!.status().role === 'leader');
    return leaders.sort((a, b) => b.replica!.status().term - a.replica!.status().term)[0];
  }

  /** As committed last. */
  get configuration(): Configuration {
    const founders = { voters: this.#founders, votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
    return this.raftChecker.membership.latest ?? founders;
  }

  isMember(id: PeerId): boolean {
    return membersOf(this.configuration).has(id);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.loop.after(ms, resolve));
  }

  /** Ends the run, with the first that is reported. */
  fail(violation: unknown): void {
    this.#violation ??= violation;
  }

  /** Lets time pass until `isDone`. Rejects with what a checker found. */
  async run(isDone: () => boolean): Promise<void> {
    await this.loop.run(() => {
      if (this.#violation !== undefined) throw this.#violation;
      return isDone();
    });
  }

  /** The last revision that the peer's watch of all keys delivered. */
  recorded(id: PeerId): number {
    return this.#recorded.get(id) ?? 0;
  }

  /** Checks the work of a listener or client, which must not throw. */
  guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.fail(error);
    }
  }

  #record(peer: SimulatedPeer): void {
    const store = peer.store!;
    const from = Math.min(this.truth.last, store.local.revision) + 1;
    this.#watch(peer, store, Math.max(from, store.local.compactRevision, 1), false);
  }

  #watch(peer: SimulatedPeer, store: LocalStore, fromRevision: number, isResync: boolean): void {
    const { life } = peer;
    let next = fromRevision;
    let mayGap = isResync;
    this.#recorded.set(peer.id, next - 1);
    store.watch({
      ...ALL_KEYS,
      fromRevision,
      listener: (batch) => {
        if (!life.isAlive) return;
        this.guard(() => {
          const { revision } = batch;
          if (revision !== next && !mayGap) {
            throw new Violation(`watch completeness: ${life.name} is told of ${revision} instead of ${next}`);
          }
          this.trace.number(revision);
          this.truth.record(batch, life.name, mayGap);
          mayGap = false;
          next = revision + 1;
          this.#recorded.set(peer.id, revision);
        });
      },
      onEnd: (error) => {
        const compacted = (error as { compactRevision?: number }).compactRevision;
        if (!life.isAlive || peer.store !== store) return;
        if (compacted === undefined || compacted <= next) {
          this.fail(new Violation(`watch completeness: ${life.name} ends a watch at ${next}: ${error.message}`));
        } else {
          this.#watch(peer, store, compacted, true);
        }
      },
    });
  }
}
