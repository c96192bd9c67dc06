import { errorMessage, type Random, randomInteger, seededRandom } from '../src/base/index.ts';
import type { Store } from '../src/store/index.ts';
import { ChaosCluster } from './cluster.ts';
import type { Fault } from './faults/index.ts';
import { AnswerLog } from './judge/answer-log.ts';
import { END_MARKER, EventLog } from './judge/event-log.ts';
import { chooseNetwork, type NetworkOptions } from './network/choose.ts';
import { pause } from './pause.ts';
import type { Target } from './target.ts';
import { Timeline } from './timeline.ts';
import { type Outcome, type Workload, type WorkloadContext, workloads } from './workloads/index.ts';

export interface RunOptions<Cluster extends Target = ChaosCluster> {
  seed: number;
  /** Those that may happen. */
  faults: readonly Fault<Cluster>[];
  /** The next one, of those of them that can be had here; undefined: it is over. Rounds count from 1. */
  choose(possible: readonly Fault<Cluster>[], round: number, random: Random): Fault<Cluster> | undefined;
  /** A fault lasts between so many milliseconds. */
  faultMs?: readonly [min: number, max: number];
  workloads: readonly string[];
  /** Milliseconds between two operations of a client, on average; default 25. */
  thinkMs?: number;
  /** Others write to the store as well, of whom the clients are not told. */
  shared?: boolean;
  /** Called when the cluster is well again after a fault. */
  afterRound?(round: number, store: Store): Promise<void>;
  /** Aborted: ends early, and judges what there is. */
  signal?: AbortSignal | undefined;
  tell(text: string): void;
}

export interface RunResult {
  violations: string[];
  figures: Record<string, number>;
  timeline: Timeline;
  /** How often clients were told of each error, by its code. */
  errors: ReadonlyMap<string, number>;
}

const REQUEST_MS = 1_000;
/** A cluster that has everything it needs and accepts nothing for so long will not recover by itself. */
const RECOVERY_MS = 60_000;
const THINK_MS = 25;
const CALM_MS = 1_500;
const FAULT_MS = [1_000, 6_000] as const;

/** One cluster, from its start to its end: workloads, one fault after the other, judgement. */
export async function runCluster(options: RunOptions & NetworkOptions): Promise<RunResult> {
  const network = await chooseNetwork(options);
  const wants = (name: string): boolean => options.faults.some((fault) => fault.name === name);
  const cluster = await ChaosCluster.start({
    peers: options.peers ?? 3,
    network,
    smallDisks: process.getuid?.() === 0 && (wants('disk-full') || wants('disk-stall')),
    fakeClocks: wants('clock-jump'),
    etcdApi: false,
  });
  return runOn(cluster, options);
}

/** The same for any cluster that has just been started; it is stopped in the end. */
export async function runOn<Cluster extends Target>(
  cluster: Cluster,
  options: RunOptions<Cluster>,
): Promise<RunResult> {
  const { tell } = options;
  try {
    return await runToEnd(cluster, options);
  } catch (error) {
    tell(`the run breaks off: ${errorMessage(error)}`);
    for (const id of cluster.ids) tell(`last of server ${id}: ${cluster.logTail(id)}`);
    throw error;
  } finally {
    await cluster.stop();
  }
}

async function runToEnd<Cluster extends Target>(cluster: Cluster, options: RunOptions<Cluster>): Promise<RunResult> {
  const { seed, tell } = options;
  const random = seededRandom(seed);
  const timeline = new Timeline();
  const own = await Promise.all(cluster.ids.map((id) => cluster.connect([id], REQUEST_MS)));
  const { revision } = await own[0]!.status();
  const log = new EventLog(revision + 1, { shared: options.shared === true });
  cluster.ids.forEach((id, i) => {
    log.follow(id, own[i]!);
  });
  const answers = new AnswerLog();

  const stop = new AbortController();
  const chosen = options.workloads.map((name) => workloads[name]!(log));
  const contextOf = ({ name }: Workload): WorkloadContext => ({
    kubernetes: cluster.kubernetes,
    signal: stop.signal,
    random: (client) => seededRandom(seed * 1_000 + client),
    connect: async (client) => answers.observe(await connectClient(cluster, client)),
    outcome: (outcome) => timeline.count(name, outcome),
    begin: log.begin,
    thinkMs: options.thinkMs ?? THINK_MS,
  });
  for (const workload of chosen) await workload.prepare?.(contextOf(workload));
  const observing = timeline.observe(cluster, stop.signal);
  const running = Promise.all(chosen.map((workload) => workload.run(contextOf(workload))));
  running.catch(() => {});

  try {
    const possible = options.faults.filter((fault) => fault.unavailable(cluster) === undefined);
    for (const fault of options.faults) {
      const reason = fault.unavailable(cluster);
      if (reason !== undefined) tell(`${fault.name} left out: ${reason}`);
    }
    const circumstances = {
      cluster,
      random,
      own,
      timeline,
      tell,
      faultMs: options.faultMs ?? FAULT_MS,
      signal: options.signal,
    };
    for (let round = 1; options.signal?.aborted !== true; round++) {
      const fault = options.choose(possible, round, random);
      if (fault === undefined) break;
      await inflict(fault, round, circumstances);
      await options.afterRound?.(round, own[0]!);
    }
    await pause(CALM_MS);
  } finally {
    stop.abort();
    await Promise.all([running, observing]);
  }

  await own[0]!.put(END_MARKER, Buffer.from('end'));
  for (let waited = 0; !log.isComplete && waited < RECOVERY_MS; waited += 20) await pause(20);
  const judgements = [];
  for (const workload of chosen) judgements.push(await workload.judge(log));
  const violations = [
    ...log.judge(),
    ...answers.violations,
    ...judgements.flatMap(({ violations }) => violations),
    ...timeline.violations,
    ...cluster.deaths,
  ];
  log.close();
  await Promise.all(own.map((store) => store.close()));
  return { violations, figures: figuresOf(timeline, log, judgements), timeline, errors: answers.errors };
}

interface Circumstances<Cluster extends Target> {
  cluster: Cluster;
  random: Random;
  /** A connection to each server. */
  own: readonly Store[];
  timeline: Timeline;
  faultMs: readonly [min: number, max: number];
  signal: AbortSignal | undefined;
  tell(text: string): void;
}

/** One fault, from its beginning until the cluster is well again. */
async function inflict<Cluster extends Target>(
  fault: Fault<Cluster>,
  round: number,
  circumstances: Circumstances<Cluster>,
): Promise<void> {
  const { cluster, random, own, timeline, signal, tell } = circumstances;
  const [min, max] = circumstances.faultMs;
  await pause(CALM_MS / 2 + randomInteger(random, CALM_MS), signal);
  const from = timeline.now;
  const { description, heal } = await fault.start(cluster, random);
  await pause(min + randomInteger(random, max - min), signal);
  const to = timeline.now;
  await heal();
  try {
    await Promise.all(own.map((store, i) => recovered(store, cluster.ids[i]!)));
  } catch (error) {
    throw new Error(`round ${round}, after ${description}: ${errorMessage(error)}`);
  }
  const recoveryMs = timeline.now - to;
  timeline.faults.push({ name: fault.name, description, from, to, recoveryMs });
  const duration = Math.round(to - from);
  tell(`round ${round}: ${fault.name}: ${description} for ${duration} ms; well after ${Math.round(recoveryMs)} ms`);
}

/** Resolves once a write through this server is accepted. */
async function recovered(store: Store, id: number): Promise<void> {
  const until = performance.now() + RECOVERY_MS;
  for (;;) {
    try {
      await store.put(`chaos/recovery-${id}`, Buffer.from(String(until)));
      return;
    } catch (error) {
      if (performance.now() > until)
        throw new Error(`no write through server ${id} for ${RECOVERY_MS / 1000} s: ${errorMessage(error)}`);
      await pause(20);
    }
  }
}

async function connectClient(cluster: Target, client: number): Promise<Store> {
  const at = client % cluster.ids.length;
  const order = [...cluster.ids.slice(at), ...cluster.ids.slice(0, at)];
  const until = performance.now() + RECOVERY_MS;
  for (;;) {
    try {
      return await cluster.connect(client % 2 === 0 ? order : order.slice(0, 1), REQUEST_MS);
    } catch (error) {
      // Its peer may be the one that suffers just now.
      if (performance.now() > until) throw error;
    }
  }
}

function figuresOf(
  timeline: Timeline,
  log: EventLog,
  judgements: readonly { figures: Record<string, number> }[],
): Record<string, number> {
  const sum = (outcome: Outcome): number => timeline.tallies.reduce((total, tally) => total + tally[outcome], 0);
  const recoveries = timeline.faults.map(({ recoveryMs }) => recoveryMs).sort((a, b) => a - b);
  return {
    faults: timeline.faults.length,
    answered: sum('ok'),
    refused: sum('failed'),
    unanswered: sum('unknown'),
    revisions: log.batches.length,
    leaderTerms: timeline.reigns.length,
    recoveryMedianMs: Math.round(recoveries[recoveries.length >> 1] ?? 0),
    recoveryMaxMs: Math.round(recoveries.at(-1) ?? 0),
    ...Object.assign({}, ...judgements.map(({ figures }) => figures)),
  };
}
