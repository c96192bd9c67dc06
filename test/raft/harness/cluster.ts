import { type Random, randomInteger, seededRandom } from '../../../src/base/index.ts';
import { type Configuration, type Input, noMembers, type RaftOptions } from '../../../src/raft/index.ts';
import { Checker } from '../../../src/simulation/raft/index.ts';
import { SimulatedNetwork } from './network.ts';
import { type CreateRaft, SimulatedPeer } from './peer.ts';

/** Simulated peers on a simulated network, driven by hand (scenarios) or at random (see run.ts). */
export class Cluster {
  readonly random: Random;
  readonly network = new SimulatedNetwork();
  readonly peers = new Map<number, SimulatedPeer>();
  readonly checker = new Checker(this.peers);
  /** For peers with leases. */
  now = 0;
  #nextCommand = 1;

  constructor(
    createRaft: CreateRaft,
    options: Partial<RaftOptions> & { seed: number; configuration: Configuration; ids: readonly number[] },
  ) {
    const { seed, configuration, ids, ...raftOptions } = options;
    this.random = seededRandom(seed);
    for (const id of ids) {
      const settings: RaftOptions = {
        electionTicks: 10,
        heartbeatTicks: 2,
        maxAppendBytes: 1024,
        maxInflight: 16,
        maxUncommittedBytes: 65536,
        random: () => this.random.next(),
        ...raftOptions,
        id,
      };
      const { voters, votersOutgoing, learners } = configuration;
      // Whoever is no member of the new cluster knows nothing of it.
      const known = [...voters, ...votersOutgoing, ...learners].includes(id) ? configuration : noMembers;
      this.peers.set(id, new SimulatedPeer(createRaft, settings, known, this.checker, this.network));
    }
  }

  peer(id: number): SimulatedPeer {
    return this.peers.get(id)!;
  }

  get running(): SimulatedPeer[] {
    return [...this.peers.values()].filter((peer) => peer.raft);
  }

  /** The running leader of the highest term. */
  get leader(): SimulatedPeer | undefined {
    return this.running
      .filter((peer) => peer.raft!.status().role === 'leader')
      .sort((a, b) => b.raft!.status().term - a.raft!.status().term)[0];
  }

  /** A command unlike all others, of random length. */
  command(): Uint8Array {
    const data = new Uint8Array(4 + randomInteger(this.random, 60));
    new DataView(data.buffer).setUint32(0, this.#nextCommand++);
    return data;
  }

  /** Delivers a packet; several messages to one peer may arrive together with `others`. */
  deliver(at: { message: import('../../../src/raft/index.ts').Message; content: number }, others: Input[] = []): void {
    const { message, content } = at;
    const to = this.peers.get(message.to);
    const arrives = to?.raft !== undefined && !this.network.isBlocked(message);
    if (arrives) to.feed([{ type: 'message', message }, ...others], content);
    if (message.type === 'snapshot') {
      this.peers.get(message.from)?.feed([{ type: 'snapshot-sent', peer: message.to, ok: arrives }]);
    }
  }

  /** Lets disks, network and state machines finish all that is under way; no time passes. */
  settle(): void {
    for (let busy = true; busy; ) {
      busy = false;
      for (let packet = this.network.packets.shift(); packet; packet = this.network.packets.shift()) {
        this.deliver(packet);
        busy = true;
      }
      for (const peer of this.running) {
        if (peer.writes.length === 0 && peer.toApply.length === 0) continue;
        peer.persist(peer.writes.length);
        peer.apply(peer.toApply.length);
        busy = true;
      }
    }
  }

  /** Time passes for everybody alike, and all that is under way finishes within each tick. */
  tick(count = 1): void {
    for (let i = 0; i < count; i++) {
      for (const peer of this.running) peer.feed([{ type: 'tick' }]);
      this.settle();
    }
  }

  /** Ticks until the condition holds; returns whether it does. */
  tickUntil(condition: () => boolean, maxTicks: number): boolean {
    for (let i = 0; i < maxTicks && !condition(); i++) this.tick();
    return condition();
  }
}

/** A plain configuration. */
export function configurationOf(voters: number[], rest: Partial<Configuration> = {}): Configuration {
  return { voters, votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false, ...rest };
}
