import { parseArgs } from 'node:util';
import { faults } from './faults/index.ts';
import { htmlReport } from './report/html.ts';
import { textReport } from './report/text.ts';
import type { Scenario, ScenarioResult } from './scenario.ts';
import { regressionNames, regressionScenario } from './scenarios/etcd-regressions.ts';
import { faultScenario } from './scenarios/faults.ts';
import { workloads } from './workloads/index.ts';

/** `npm run chaos -- SCENARIO`: exit code 0 only if all invariants held. */
const scenarios: Record<string, () => Promise<Scenario>> = {
  'leader-kill': async () => (await import('./scenarios/leader-kill.ts')).leaderKill,
  soak: async () => (await import('./scenarios/soak.ts')).soak,
  differential: async () => (await import('./scenarios/differential.ts')).differential,
  ...Object.fromEntries(faults.map(({ name }) => [name, async () => faultScenario(name)])),
  ...Object.fromEntries(regressionNames.map((name) => [name, async () => regressionScenario(name)])),
};

const usage = `usage: npm run chaos -- SCENARIO [options]
scenarios: ${Object.keys(scenarios).join(', ')}
  --seed S            repeats the faults and operations of another run
  --rounds N          how many faults
  --minutes M         how long, instead
  --network KIND      namespaces (root) or proxies
  --workloads A,B     only these, of ${Object.keys(workloads).join(', ')}
  --report FILE       writes an HTML page with a timeline`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string' },
    rounds: { type: 'string' },
    minutes: { type: 'string' },
    network: { type: 'string' },
    workloads: { type: 'string' },
    report: { type: 'string' },
  },
});
const [name = ''] = positionals;
const load = scenarios[name];
const number = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text));
const names = values.workloads?.split(',');
const valid =
  [values.seed, values.rounds, values.minutes].every((text) => !Number.isNaN(number(text))) &&
  [undefined, 'namespaces', 'proxies'].includes(values.network) &&
  (names ?? []).every((workload) => Object.hasOwn(workloads, workload));
if (load === undefined || !valid) {
  console.error(usage);
  process.exit(1);
}
const seed = number(values.seed) ?? Math.floor(Math.random() * 2 ** 31);
console.log(`${name}, seed ${seed}`);
const scenario = await load();
// The first one ends the run in order; another one ends it as it does any process.
const interruption = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interruption.abort());
let result: ScenarioResult;
try {
  result = await scenario({
    seed,
    rounds: number(values.rounds),
    minutes: number(values.minutes),
    network: values.network as 'namespaces' | 'proxies' | undefined,
    workloads: names,
    signal: interruption.signal,
    tell: (text) => console.log(`  ${text}`),
  });
} catch (error) {
  result = { violations: [`the scenario could not be run to its end: ${(error as Error).stack}`], figures: {} };
}
console.log(textReport(seed, result));
if (values.report !== undefined) {
  const { writeFileSync } = await import('node:fs');
  writeFileSync(values.report, htmlReport(name, seed, result));
}
console.log(JSON.stringify({ scenario: name, seed, ok: result.violations.length === 0, ...result.figures }));
process.exit(result.violations.length === 0 ? 0 : 1);
