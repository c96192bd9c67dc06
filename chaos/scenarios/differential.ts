import type { Store } from '../../src/store/index.ts';
import { ChaosCluster } from '../cluster.ts';
import { compareExchanges, judgeErrors, judgeExpiry, type Round } from '../differential/compare.ts';
import { letExpire } from '../differential/expiry.ts';
import { interview, prepareStore } from '../differential/interview.ts';
import { assertEtcd, EtcdServers } from '../etcd-servers.ts';
import { type Fault, kill, killLeader, loss, partition, pauseProcess } from '../faults/index.ts';
import { pick } from '../faults/targets.ts';
import { chooseNetwork } from '../network/choose.ts';
import { type RunResult, runOn } from '../run.ts';
import type { Scenario, ScenarioOptions, ScenarioResult, Table } from '../scenario.ts';
import type { Target } from '../target.ts';

const DEFAULT_ROUNDS = 6;
const SERVERS = 3;
const CONNECT_MS = 5_000;
/** Those of a store; the crowd of watches would measure the client they have in common. */
const storeWorkloads = ['register', 'set', 'append', 'watch', 'lock', 'compaction'] as const;

/** Faults that servers can have wherever they run. */
const anywhere: readonly Fault<Target>[] = [killLeader, kill, pauseProcess];

/** What one of the two made of it all. */
interface Side {
  result: RunResult;
  rounds: Round[];
}

export interface DifferentialOptions extends ScenarioOptions {
  /** How long faults last. */
  faultMs?: readonly [min: number, max: number];
  /** Names of the faults, one a round, instead of any at random. */
  script?: readonly string[];
}

/**
 * The same faults, clients and judges for Keelson's peers and for a real etcd, one after the other, through etcd's API and one
 * client for both. After each fault, when all is well again, both are asked the same questions and let a lease expire. Keelson
 * must hold all promises and answer as etcd does; what etcd itself does not hold is told, and does not count.
 */
export const differential: Scenario = (options) => compare(options);

export async function compare(options: DifferentialOptions): Promise<ScenarioResult> {
  const { minutes, script, rounds = script?.length ?? DEFAULT_ROUNDS, tell } = options;
  assertEtcd();
  if (options.workloads?.includes('kubernetes')) throw new Error('etcd has no Kubernetes API: leave that workload out');
  const halfTime = minutes === undefined ? undefined : performance.now() + (minutes * 60_000) / 2;
  const networkOptions = { ...options, peers: SERVERS };

  tell('Keelson');
  const network = await chooseNetwork(networkOptions);
  const faults: readonly Fault<Target>[] = network.name === 'namespaces' ? [...anywhere, partition, loss] : anywhere;
  if (network.name === 'proxies') tell('partition and loss left out: etcd can not be led through proxies');
  const ours = await runSide(
    await ChaosCluster.start({ peers: SERVERS, network, smallDisks: false, fakeClocks: false, etcdApi: true }),
    {
      ...options,
      faults,
      goesOn: (round) => (halfTime === undefined ? round <= rounds : performance.now() < halfTime),
    },
  );
  tell('etcd');
  const theirs = await runSide(await EtcdServers.start(SERVERS, await chooseNetwork(networkOptions)), {
    ...options,
    faults,
    goesOn: (round) => round <= ours.rounds.length,
  });
  return resultOf(ours, theirs);
}

async function runSide(
  cluster: Target,
  options: DifferentialOptions & { faults: readonly Fault<Target>[]; goesOn(round: number): boolean },
): Promise<Side> {
  const { seed, workloads = storeWorkloads, signal, tell, faults, faultMs, script, goesOn } = options;
  const store = await connectPrepared(cluster);
  const rounds: Round[] = [];
  const result = await runOn(cluster, {
    ...{ seed, faults, workloads, signal, tell },
    ...(faultMs === undefined ? {} : { faultMs }),
    // On both there are others: Keelson's own control plane here, notes of the client there.
    shared: true,
    choose(possible, round, random) {
      const any = pick(random, possible);
      if (!goesOn(round)) return undefined;
      return script === undefined ? any : possible.find(({ name }) => name === script[round - 1]);
    },
    async afterRound(round) {
      const exchanges = await interview(store, seed + round);
      rounds.push({ exchanges, expiry: await letExpire(store, `expiry/${round}`) });
    },
  });
  await store.close();
  return { result, rounds };
}

/** Stops the cluster when it can't be had. */
async function connectPrepared(cluster: Target): Promise<Store> {
  try {
    const store = await cluster.connect(cluster.ids, CONNECT_MS);
    await prepareStore(store);
    return store;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

function resultOf(ours: Side, theirs: Side): ScenarioResult {
  const differences = ours.rounds
    .slice(0, theirs.rounds.length)
    .flatMap(({ exchanges }, i) =>
      compareExchanges(exchanges, theirs.rounds[i]!.exchanges).map((line) => `round ${i + 1}: differs: ${line}`),
    );
  const [held, broken] = [ours, theirs].map(({ result, rounds }) => [
    ...result.violations,
    ...judgeErrors(result.errors),
    ...rounds.flatMap(({ expiry }) => judgeExpiry(expiry)),
  ]);
  return {
    violations: [...held!, ...differences],
    remarks: remarksOn(broken!),
    figures: {
      ...ours.result.figures,
      questions: ours.rounds.reduce((sum, { exchanges }) => sum + exchanges.length, 0),
      differences: differences.length,
      etcdBroken: broken!.length,
    },
    timelines: [ours, theirs].map(({ result }) => result.timeline),
    titles: ['Keelson', 'etcd'],
    tables: [figuresTable(ours, theirs), errorsTable(ours, theirs), expiryTable(ours, theirs)],
  };
}

/** One line for each property that was broken, with how and how often. */
function remarksOn(broken: readonly string[]): string[] {
  const byProperty = Map.groupBy(broken, (line) => line.split(':')[0]);
  return [...byProperty.values()].map(([first, ...more]) => {
    const times = more.length === 0 ? '' : ` (and ${more.length} more like it)`;
    return `etcd did not hold: ${first}${times}`;
  });
}

function figuresTable(ours: Side, theirs: Side): Table {
  const names = Object.keys(ours.result.figures);
  const rows = names.map((name) => [name, ours.result.figures[name] ?? '', theirs.result.figures[name] ?? '']);
  return { title: 'The same run on both', columns: ['', 'Keelson', 'etcd'], rows };
}

function errorsTable(ours: Side, theirs: Side): Table {
  const codes = [...new Set([...ours.result.errors.keys(), ...theirs.result.errors.keys()])].sort();
  const rows = codes.map((code) => [code, ours.result.errors.get(code) ?? 0, theirs.result.errors.get(code) ?? 0]);
  return { title: 'Errors that clients were told', columns: ['', 'Keelson', 'etcd'], rows };
}

function expiryTable(ours: Side, theirs: Side): Table {
  const lasted = (round: Round | undefined): number | string =>
    round === undefined ? '' : Math.round(round.expiry.lastedMs);
  const rows = ours.rounds.map((round, i) => [`round ${i + 1}`, lasted(round), lasted(theirs.rounds[i])]);
  return { title: 'A lease of 2 s lasted so many milliseconds', columns: ['', 'Keelson', 'etcd'], rows };
}
