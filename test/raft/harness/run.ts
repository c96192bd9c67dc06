import { type Random, randomInteger, seededRandom } from '../../../src/base/index.ts';
import { type Configuration, type Input, type MemberStep, membersOf } from '../../../src/raft/index.ts';
import { check } from '../../../src/simulation/raft/index.ts';
import { Cluster, configurationOf } from './cluster.ts';
import type { CreateRaft, SimulatedPeer } from './peer.ts';

/** What a run saw, to tell whether it tried anything. */
export interface Tally {
  terms: number;
  committed: number;
  reads: number;
  readsFailed: number;
  crashes: number;
  snapshotsInstalled: number;
  /** Configurations committed. */
  changes: number;
}

/** How rough a run is; drawn from its seed, so that rare conditions are common in some run. */
interface Weather {
  drop: number;
  duplicate: number;
  /** Probability that a message is delivered in order. */
  order: number;
  /** Probability of several inputs in one step. */
  together: number;
  weights: [Action, number][];
}

/** What a run is about: a bit of everything, or one part whose bugs take a rare chain of events. */
export type Focus = 'anything' | 'leases' | 'replacements';

type Action = (cluster: Cluster, weather: Weather, tally: Tally) => void;

/**
 * One random run: `steps` actions under bad conditions, then a healed cluster that must come to life.
 * The checker looks on at every step. Throws a Violation, or whatever the core throws.
 */
export function run(createRaft: CreateRaft, seed: number, steps: number, focus: Focus = 'anything'): Tally {
  const random = seededRandom(seed ^ 0x5eed);
  const { ids: members, configuration } = focus === 'anything' ? drawMembers(random) : membersFor[focus];
  const ids = focus === 'anything' ? [...members, ...drawNewcomers(random, members.length)] : members;
  const electionTicks = 4 + randomInteger(random, 8);
  const hasLeases = focus === 'leases' || (focus === 'anything' && random.next() < 0.25);
  const durationMs = (electionTicks - 1) / MAX_RATE;
  const cluster: Cluster = new Cluster(createRaft, {
    seed,
    lease: hasLeases ? { now: () => cluster.now, durationMs } : undefined,
    ids,
    configuration,
    electionTicks,
    heartbeatTicks: 1 + randomInteger(random, 2),
    maxAppendBytes: [1, 100, 300, 4096][randomInteger(random, 4)]!,
    maxInflight: [1, 2, 8, 256][randomInteger(random, 4)]!,
    maxUncommittedBytes: [200, 100_000][randomInteger(random, 2)]!,
  });
  const weather = focus === 'anything' ? drawWeather(random, hasLeases) : weatherFor[focus](random);
  const tally: Tally = {
    terms: 0,
    committed: 0,
    reads: 0,
    readsFailed: 0,
    crashes: 0,
    snapshotsInstalled: 0,
    changes: 0,
  };
  const total = weather.weights.reduce((sum, [, weight]) => sum + weight, 0);
  for (let step = 0; step < steps; step++) {
    pick(weather.weights, cluster.random.next() * total)(cluster, weather, tally);
  }
  comeToLife(cluster, electionTicks);
  for (const peer of cluster.running) {
    tally.terms = Math.max(tally.terms, peer.raft!.status().term);
    tally.reads += peer.readsAnswered;
    tally.readsFailed += peer.readsFailed;
  }
  tally.committed = cluster.checker.highestCommit;
  tally.changes = cluster.checker.membership.changes;
  return tally;
}

function drawMembers(random: Random): { ids: number[]; configuration: Configuration } {
  const draw = random.next();
  if (draw < 0.03) return { ids: [1], configuration: configurationOf([1]) };
  if (draw < 0.1) return { ids: [1, 2], configuration: configurationOf([1], { learners: [2] }) };
  if (draw < 0.15) return { ids: [1, 2], configuration: configurationOf([1, 2]) };
  if (draw < 0.25) return { ids: [1, 2, 3, 4], configuration: configurationOf([1, 2, 3], { learners: [4] }) };
  if (draw < 0.35) {
    return { ids: [1, 2, 3, 4, 5], configuration: configurationOf([1, 2, 3], { votersOutgoing: [3, 4, 5] }) };
  }
  if (draw < 0.5) return { ids: [1, 2, 3, 4, 5], configuration: configurationOf([1, 2, 3, 4, 5]) };
  if (draw < 0.6) {
    return { ids: [1, 2, 3, 4, 5, 6], configuration: configurationOf([1, 2, 3], { learners: [4, 5, 6] }) };
  }
  return { ids: [1, 2, 3], configuration: configurationOf([1, 2, 3]) };
}

/** Peers that wait to be added. In many runs nobody is, and the weather alone counts. */
function drawNewcomers(random: Random, members: number): number[] {
  if (random.next() < 0.3) return [];
  return Array.from({ length: 1 + randomInteger(random, 4) }, (_, i) => members + 1 + i);
}

function drawWeather(random: Random, leases: boolean): Weather {
  const upTo = (max: number): number => (random.next() < 0.3 ? 0 : random.next() * max);
  const storm = random.next() < 0.5 ? 1 : 5;
  return {
    drop: upTo(0.3),
    duplicate: upTo(0.2),
    order: random.next(),
    together: upTo(0.5),
    weights: [
      [deliver, 100],
      leases ? [tickAll, (3 + random.next() * 10 * storm) / 3] : [tickOne, 3 + random.next() * 10 * storm],
      [persist, 5 + random.next() * 40],
      [apply, 2 + random.next() * 20],
      [propose, 1 + random.next() * 15],
      [read, 1 + random.next() * 6],
      [crash, upTo(0.5) * storm],
      [crashLeader, upTo(0.5) * storm],
      [restart, (0.2 + random.next() * 2) * storm],
      [partition, upTo(0.5) * storm],
      [isolateLeader, upTo(0.5) * storm],
      [heal, (0.2 + random.next()) * storm],
      [snapshot, upTo(4)],
      [transfer, upTo(0.4) * storm],
      [campaign, upTo(0.5) * storm],
      [change, upTo(6)],
    ],
  };
}

const membersFor: Record<Exclude<Focus, 'anything'>, ReturnType<typeof drawMembers>> = {
  leases: { ids: [1, 2, 3], configuration: configurationOf([1, 2, 3]) },
  replacements: { ids: [1, 2, 3, 4, 5, 6], configuration: configurationOf([1, 2, 3], { learners: [4, 5, 6] }) },
};

const weatherFor: Record<Exclude<Focus, 'anything'>, (random: Random) => Weather> = {
  /** A leader is cut off for a while; its followers may forget it, or be told to stand. */
  leases: (random) => ({
    drop: 0.05 * random.next(),
    duplicate: 0.05,
    order: 0.9,
    together: 0.1,
    weights: [
      [deliver, 100],
      [tickAll, 2 + 4 * random.next()],
      [persist, 60],
      [apply, 20],
      [propose, 6],
      [read, 8],
      [isolateLeader, 0.5],
      [heal, 0.2],
      [forget, random.next()],
      [restart, 3],
      [campaign, 2 * random.next()],
      [transfer, random.next()],
    ],
  }),
  /** Again and again all voters are replaced by peers that may be behind, while leaders die. */
  replacements: (random) => ({
    drop: 0.2 * random.next(),
    duplicate: 0.05,
    order: random.next(),
    together: 0.3,
    weights: [
      [deliver, 100],
      [tickOne, 10 + 20 * random.next()],
      [persist, 30],
      [apply, 10],
      [propose, 10],
      [crashLeader, random.next()],
      [restart, 2],
      [isolateLeader, random.next()],
      [partition, random.next()],
      [heal, 2],
      [campaign, 2 * random.next()],
      [change, 5],
    ],
  }),
};

function pick(weights: Weather['weights'], point: number): Action {
  let rest = point;
  for (const [action, weight] of weights) {
    rest -= weight;
    if (rest < 0) return action;
  }
  return weights[0]![0];
}

function anyOf<T>(random: Random, items: readonly T[]): T | undefined {
  return items[randomInteger(random, items.length)];
}

function deliver(cluster: Cluster, weather: Weather, tally: Tally): void {
  const { network, random } = cluster;
  const packet = network.take(random, weather.order);
  if (!packet) {
    weather.weights[1]![0](cluster, weather, tally);
    return;
  }
  const { message } = packet;
  if (network.packets.length > 300 || random.next() < weather.drop) {
    const sender = cluster.peer(message.from);
    if (message.type === 'snapshot') sender.feed([{ type: 'snapshot-sent', peer: message.to, ok: false }]);
    else if (random.next() < 0.3) sender.feed([{ type: 'unreachable', peer: message.to }]);
    return;
  }
  if (random.next() < weather.duplicate) network.packets.push(packet);
  const others: Input[] = [];
  while (message.type !== 'snapshot' && random.next() < weather.together) {
    const at = network.packets.findIndex((other) => other.message.to === message.to);
    if (at < 0 || network.packets[at]!.message.type === 'snapshot') break;
    const [other] = network.packets.splice(at, 1);
    if (!network.isBlocked(other!.message)) others.push({ type: 'message', message: other!.message });
  }
  const before = cluster.peers.get(message.to)?.log.baseIndex ?? 0;
  cluster.deliver(packet, others);
  if ((cluster.peers.get(message.to)?.log.baseIndex ?? 0) > before) tally.snapshotsInstalled++;
}

function tickOne(cluster: Cluster): void {
  anyOf(cluster.random, cluster.running)?.feed([{ type: 'tick' }]);
}

/** How fast the fastest clock runs, by that of the slowest; leases rest on it. */
const MAX_RATE = 2;

/** With leases, clocks differ no more than that. A step of less than a tick, so that leaders and followers don't tick together. */
function tickAll(cluster: Cluster): void {
  const stepped = 0.5;
  const before = cluster.now;
  cluster.now += stepped;
  for (const peer of cluster.running) {
    const rate = peer.id === 1 ? 1 : MAX_RATE;
    const phase = peer.id / 7;
    if (Math.floor(cluster.now * rate + phase) > Math.floor(before * rate + phase)) peer.feed([{ type: 'tick' }]);
  }
}

function persist(cluster: Cluster): void {
  const peer = anyOf(
    cluster.random,
    cluster.running.filter(({ writes }) => writes.length > 0),
  );
  peer?.persist(1 + randomInteger(cluster.random, 4));
}

function apply(cluster: Cluster): void {
  const peer = anyOf(cluster.random, cluster.running);
  peer?.apply(1 + randomInteger(cluster.random, 8));
}

function propose(cluster: Cluster): void {
  const peer = anyOf(cluster.random, cluster.running);
  const data = Array.from({ length: 1 + randomInteger(cluster.random, 3) }, () => cluster.command());
  peer?.feed([{ type: 'propose', data }]);
}

function read(cluster: Cluster): void {
  // Whoever believes to lead is asked more often: it may be wrong.
  const { random, running } = cluster;
  const leaders = running.filter((peer) => peer.raft!.status().role === 'leader');
  anyOf(random, leaders.length > 0 && random.next() < 0.5 ? leaders : running)?.read();
}

function crash(cluster: Cluster, _: Weather, tally: Tally): void {
  stop(cluster, anyOf(cluster.random, cluster.running), tally);
}

function crashLeader(cluster: Cluster, _: Weather, tally: Tally): void {
  stop(cluster, cluster.leader, tally);
}

function stop(cluster: Cluster, peer: SimulatedPeer | undefined, tally: Tally): void {
  if (!peer) return;
  tally.crashes++;
  peer.crash(randomInteger(cluster.random, peer.writes.length + 1));
}

/** Followers die and are back at once, as after a power cut. */
function forget(cluster: Cluster): void {
  const { random, leader, running } = cluster;
  for (const peer of running) {
    if (peer === leader || random.next() < 0.3) continue;
    peer.crash(randomInteger(random, peer.writes.length + 1));
    peer.start();
  }
}

function restart(cluster: Cluster): void {
  const down = [...cluster.peers.values()].filter((peer) => !peer.raft);
  anyOf(cluster.random, down)?.start();
}

function partition(cluster: Cluster): void {
  const { random, network } = cluster;
  const ids = [...cluster.peers.keys()];
  if (random.next() < 0.5) {
    network.partition(
      ids,
      ids.filter(() => random.next() < 0.5),
    );
  } else {
    network.block(anyOf(random, ids)!, anyOf(random, ids)!);
  }
}

/** Others may elect a new leader while this one knows of nothing. */
function isolateLeader(cluster: Cluster): void {
  const { random, network, leader } = cluster;
  if (leader)
    network.partition(
      [...cluster.peers.keys()],
      [leader.id, ...(random.next() < 0.3 ? [anyOf(random, [1, 2, 3])!] : [])],
    );
}

function heal(cluster: Cluster): void {
  cluster.network.heal();
}

function snapshot(cluster: Cluster): void {
  anyOf(cluster.random, cluster.running)?.takeSnapshot(randomInteger(cluster.random, 10));
}

function transfer(cluster: Cluster): void {
  const to = anyOf(cluster.random, [0, ...cluster.peers.keys()])!;
  cluster.leader?.feed([{ type: 'transfer-leadership', to }]);
}

/** A change asked for anywhere: of one member, or of several, with those who wait to be added. */
function change(cluster: Cluster): void {
  const { random, running, leader } = cluster;
  const asked = leader && random.next() < 0.7 ? leader : anyOf(random, running);
  if (!asked) return;
  const { highestId = 0, ...configuration } = asked.raft!.status().configuration;
  const members = [...membersOf(configuration)];
  const spare = [...cluster.peers.keys()].filter((id) => id > Math.max(highestId, ...members));
  // A run without newcomers keeps its members, unless learners are there to take their place.
  if (spare.length === 0 && highestId === 0 && configuration.learners.length < 2) return;
  const steps: MemberStep[] = [];
  if (configuration.learners.length > 1 && random.next() < 0.5) {
    // Everybody is replaced: old and new voters have nobody in common.
    for (const peer of configuration.learners) steps.push({ type: 'add-voter', peer });
    for (const peer of configuration.voters) steps.push({ type: 'add-learner', peer });
  } else {
    do steps.push(drawStep(random, members, spare));
    while (random.next() < 0.4);
  }
  asked.feed([{ type: 'change-membership', id: randomInteger(random, 2 ** 32), steps }]);
}

function drawStep(random: Random, members: readonly number[], spare: number[]): MemberStep {
  const draw = random.next();
  if (draw < 0.3 && spare.length > 0) {
    const peer = spare.shift()!;
    return draw < 0.1 ? { type: 'add-voter', peer } : { type: 'add-learner', peer, autoPromote: draw < 0.2 };
  }
  const peer = anyOf(random, members) ?? 1;
  if (draw < 0.5) return { type: 'remove', peer };
  return draw < 0.8 ? { type: 'add-voter', peer } : { type: 'add-learner', peer, autoPromote: draw < 0.9 };
}

function campaign(cluster: Cluster): void {
  anyOf(cluster.random, cluster.running)?.feed([{ type: 'campaign' }]);
}

/** All faults end. A leader must be found, and from then on nothing may be lost: no write, no read. */
function comeToLife(cluster: Cluster, electionTicks: number): void {
  cluster.network.heal();
  for (const peer of cluster.peers.values()) if (!peer.raft) peer.start();
  // Those who were removed, or not added yet, look on.
  const members = (): SimulatedPeer[] => {
    const { leader } = cluster;
    return leader ? [...membersOf(leader.raft!.status().configuration)].map((id) => cluster.peer(id)) : [];
  };
  const isSettled = (): boolean => {
    const statuses = members().map((peer) => peer.raft!.status());
    if (statuses.length === 0) return false;
    const { leader, lastIndex, configuration } = statuses[0]!;
    const { autoLeave, promotable = [] } = configuration;
    if (leader === 0 || autoLeave || promotable.length > 0) return false;
    return statuses.every((s) => s.leader === leader && s.commit === lastIndex);
  };
  cluster.settle();
  // Transfers still under way come to their end, and may bring one more election.
  cluster.tick(electionTicks * 2);
  const found = cluster.tickUntil(isSettled, electionTicks * 40);
  check(found, () => `liveness: no leader, or logs differ, ${electionTicks * 40} ticks after all faults ended`);

  const present = members();
  for (const peer of present) peer.rejected = [];
  const before = cluster.checker.highestCommit;
  for (const peer of present) {
    peer.feed([{ type: 'propose', data: [cluster.command()] }]);
    peer.read();
    // One by one, as a small bound on uncommitted bytes may refuse more.
    cluster.settle();
  }
  cluster.tick(electionTicks);
  const expected = before + present.length;
  for (const peer of present) {
    check(peer.rejected.length === 0, () => `liveness: ${peer.name} refused a proposal`);
    check(peer.applied === expected, () => `liveness: ${peer.name} applied ${peer.applied} of ${expected}`);
    check(peer.openReads === 0, () => `liveness: ${peer.name} has ${peer.openReads} unanswered reads`);
  }
}
