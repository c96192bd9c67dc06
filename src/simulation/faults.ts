import { errorCode, type Random, randomInteger } from '../base/index.ts';
import { isJoint, type MemberStep, type PeerId } from '../raft/index.ts';
import type { SimulatedCluster } from './cluster.ts';
import { OldCopies } from './old-copies.ts';
import type { SimulatedPeer } from './peer.ts';
import type { FaultKind } from './weather.ts';
import { calmNetwork, soundDisk } from './world/index.ts';

const MAX_PEERS = 7;

/** Injects faults while the run lasts, each with its own end; then `heal` undoes what is left of them. */
export class Faults {
  readonly counts: Partial<Record<FaultKind | 'restart', number>> = {};
  readonly oldCopies: OldCopies;
  readonly #cluster: SimulatedCluster;
  readonly #random: Random;
  #isChanging = false;
  readonly #actions: Record<FaultKind, () => boolean>;

  constructor(cluster: SimulatedCluster) {
    this.#cluster = cluster;
    this.#random = cluster.fork();
    this.oldCopies = new OldCopies(cluster, this.#random, (peer) => this.#bootLater(peer));
    const { network, disk } = cluster.weather;
    cluster.network.faults = network;
    for (const peer of cluster.peers.values()) peer.disk.faults = disk;
    cluster.onStopped = (peer) => this.#bootLater(peer);
    this.#actions = {
      crash: () => this.#crash(this.#anyMember()),
      'crash-leader': () => this.#crash(cluster.leader),
      stop: () => this.#stop(),
      pause: () => this.#pause(),
      partition: () => this.#partition(),
      'one-way': () => this.#oneWay(),
      bridge: () => this.#bridge(),
      'isolate-leader': () => this.#isolate(cluster.leader),
      'freeze-leader': () => this.#freeze(cluster.leader),
      'freeze-holder': () => this.#outlast(cluster.leaseHolder()),
      'clock-jump': () => this.#jump(),
      'bit-flip': () => this.#flip(),
      'old-copy': () => this.#copy(),
      transfer: () => this.#transfer(),
      membership: () => this.#change(),
    };
    this.#next();
  }

  /** From now on the world is kind. Machines whose disk is beyond help stay down. */
  heal(): void {
    const { network, peers } = this.#cluster;
    network.faults = calmNetwork;
    network.heal();
    network.separate(new Set());
    for (const peer of peers.values()) {
      peer.disk.faults = soundDisk;
      peer.life.resume();
      peer.boot();
    }
  }

  #next(): void {
    const { loop, weather } = this.#cluster;
    loop.after(-Math.log(1 - this.#random.next()) * weather.faultEveryMs, () => {
      if (this.#cluster.isOver) return;
      const kind = this.#draw();
      if (kind !== undefined && this.#actions[kind]()) {
        this.counts[kind] = (this.counts[kind] ?? 0) + 1;
        this.#cluster.trace.text(kind);
      }
      this.#next();
    });
  }

  #draw(): FaultKind | undefined {
    const { faults } = this.#cluster.weather;
    let left = this.#random.next() * faults.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [kind, weight] of faults) {
      left -= weight;
      if (left < 0) return kind;
    }
    return undefined;
  }

  #anyOf<T>(items: readonly T[]): T | undefined {
    return items[randomInteger(this.#random, items.length)];
  }

  #anyMember(): SimulatedPeer | undefined {
    return this.#anyOf(this.#cluster.members);
  }

  /** Mostly short; sometimes long. */
  #during(end: () => void): void {
    const { loop, weather } = this.#cluster;
    const longest = this.#random.next() < 0.6 ? weather.faultMs / 8 : weather.faultMs;
    loop.after(5 + this.#random.next() * longest, () => {
      // After that, `heal` has done it.
      if (!this.#cluster.isOver) end();
    });
  }

  #bootLater(peer: SimulatedPeer): void {
    if (peer.isRemoved || peer.isDisowned || peer.disk.isCorrupt || this.#cluster.isOver) return;
    this.counts.restart = (this.counts.restart ?? 0) + 1;
    this.#during(() => peer.boot());
  }

  #crash(peer: SimulatedPeer | undefined): boolean {
    if (peer === undefined) return false;
    peer.crash();
    this.#bootLater(peer);
    return true;
  }

  #stop(): boolean {
    const peer = this.#anyMember();
    if (peer === undefined) return false;
    void peer.stop().then(() => this.#bootLater(peer));
    return true;
  }

  #pause(): boolean {
    const peer = this.#anyMember();
    if (peer === undefined || peer.life.isPaused) return false;
    const { life } = peer;
    life.pause();
    this.#during(() => life.resume());
    return true;
  }

  #cut(pairs: readonly (readonly [PeerId, PeerId])[]): boolean {
    const { network } = this.#cluster;
    for (const [from, to] of pairs) network.block(from, to);
    // One at a time heals the ones before as well: links come back sooner or later.
    this.#during(() => network.heal());
    return pairs.length > 0;
  }

  #pairs(isCut: (from: PeerId, to: PeerId) => boolean): [PeerId, PeerId][] {
    const ids = [...this.#cluster.peers.keys()];
    return ids.flatMap((from) =>
      ids.filter((to) => to !== from && isCut(from, to)).map((to): [PeerId, PeerId] => [from, to]),
    );
  }

  #partition(): boolean {
    const side = new Set([...this.#cluster.peers.keys()].filter(() => this.#random.next() < 0.5));
    return this.#cut(this.#pairs((from, to) => side.has(from) !== side.has(to)));
  }

  #oneWay(): boolean {
    const deaf = this.#anyMember()?.id;
    return deaf !== undefined && this.#cut(this.#pairs((_from, to) => to === deaf));
  }

  /** Two halves that hear each other only through one peer. */
  #bridge(): boolean {
    const bridge = this.#anyMember()?.id;
    const side = new Set([...this.#cluster.peers.keys()].filter(() => this.#random.next() < 0.5));
    return this.#cut(this.#pairs((from, to) => from !== bridge && to !== bridge && side.has(from) !== side.has(to)));
  }

  #isolate(peer: SimulatedPeer | undefined): boolean {
    return peer !== undefined && this.#cut(this.#pairs((from, to) => from === peer.id || to === peer.id));
  }

  /** It stands still while another takes over, and goes on before it can hear of that. */
  #freeze(peer: SimulatedPeer | undefined): boolean {
    if (peer === undefined || peer.life.isPaused) return false;
    const { loop, network, weather } = this.#cluster;
    const { life } = peer;
    const { electionTicks, tickMs } = weather.limits;
    for (const [from, to] of this.#pairs((from, to) => from === peer.id || to === peer.id)) network.block(from, to);
    life.pause();
    const frozenMs = (1 + 2 * this.#random.next()) * electionTicks * tickMs;
    loop.after(frozenMs, () => {
      life.resume();
      this.#during(() => network.heal());
    });
    return true;
  }

  /** It stands still for longer than its lease lasts, and does not know when it goes on. */
  #outlast(peer: SimulatedPeer | undefined): boolean {
    if (peer === undefined || peer.life.isPaused) return false;
    const { loop, weather } = this.#cluster;
    const { life } = peer;
    life.pause();
    loop.after(weather.election.leaseDurationMs * (1 + this.#random.next()), () => life.resume());
    return true;
  }

  #jump(): boolean {
    const peer = this.#anyMember();
    if (peer === undefined) return false;
    peer.clock.offset += (this.#random.next() - 0.5) * 2 * 3600_000;
    return true;
  }

  /** A bit of a disk flips: that machine is lost, which a cluster stands only so often at a time. */
  #flip(): boolean {
    const peer = this.#anyMember();
    if (peer === undefined || !this.#mayLoseOne) return false;
    peer.disk.isCorrupt = true;
    peer.crash();
    return true;
  }

  #copy(): boolean {
    const peer = this.#anyMember();
    if (peer === undefined) return false;
    this.oldCopies.take(peer, () => this.#mayLoseOne && !this.#cluster.isOver);
    return true;
  }

  get #mayLoseOne(): boolean {
    const { configuration, peers } = this.#cluster;
    const isSick = [...peers.values()].some(({ id, disk }) => disk.isSick && this.#cluster.isMember(id));
    return !isSick && !this.#isChanging && !isJoint(configuration) && configuration.voters.length >= 3;
  }

  #transfer(): boolean {
    const { leader } = this.#cluster;
    leader?.call((_store, replica) => replica.transferLeadership()).catch(() => {});
    return leader !== undefined;
  }

  /** One change at a time, of those that leave the cluster of a size to work with. */
  #change(): boolean {
    const asked = this.#anyMember();
    if (asked === undefined || this.#isChanging) return false;
    const { added, steps } = this.#drawSteps(asked);
    if (steps.length === 0) return false;
    this.#isChanging = true;
    if (added !== undefined) this.#cluster.add(added).disk.faults = this.#cluster.weather.disk;
    asked
      .call((_store, replica) => replica.changeMembership(steps))
      .catch((error) => {
        // Refused, not just unanswered: the newcomer is of no use.
        const code = errorCode(error);
        if (added === undefined || code === undefined || code === 'TIMEOUT' || code === 'STOPPED') return;
        this.#cluster.peers.get(added)?.crash();
        this.#cluster.peers.delete(added);
      })
      .finally(() => {
        this.#isChanging = false;
      });
    return true;
  }

  #drawSteps(asked: SimulatedPeer): { added?: PeerId; steps: MemberStep[] } {
    const { configuration, peers } = this.#cluster;
    const { voters, learners } = configuration;
    const members = [...voters, ...learners];
    const sick = members.find((id) => peers.get(id)?.disk.isSick);
    if (sick !== undefined) return { steps: [{ type: 'remove', peer: sick }] };
    const learner = this.#anyOf(learners);
    const voter = this.#anyOf(voters);
    if (learner !== undefined && voter !== undefined && this.#random.next() < 0.5) {
      const promote: MemberStep = { type: 'add-voter', peer: learner };
      return { steps: this.#random.next() < 0.5 ? [promote] : [promote, { type: 'remove', peer: voter }] };
    }
    if (members.length < MAX_PEERS && this.#random.next() < (members.length < 5 ? 0.7 : 0.3)) {
      const added = Math.max(asked.replica!.nextId(), ...[...peers.keys()].map((id) => id + 1));
      return { added, steps: [{ type: 'add-learner', peer: added, autoPromote: this.#random.next() < 0.8 }] };
    }
    return voters.length > 2 && voter !== undefined ? { steps: [{ type: 'remove', peer: voter }] } : { steps: [] };
  }
}
