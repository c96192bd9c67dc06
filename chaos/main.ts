import { parseArgs } from 'node:util';
import type { Scenario, ScenarioResult } from './scenario.ts';

/** `npm run chaos -- SCENARIO [--seed S] [--rounds N]`: exit code 0 only if all invariants held. */
const scenarios: Record<string, () => Promise<Scenario>> = {
  'leader-kill': async () => (await import('./scenarios/leader-kill.ts')).leaderKill,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string' }, rounds: { type: 'string', default: '10' }, minutes: { type: 'string' } },
});
const [name = ''] = positionals;
const load = scenarios[name];
if (load === undefined) {
  console.error(
    `usage: npm run chaos -- SCENARIO [--seed S] [--rounds N] [--minutes M]\nscenarios: ${Object.keys(scenarios).join(', ')}`,
  );
  process.exit(1);
}
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(values.seed);
console.log(`${name}, seed ${seed}`);
const scenario = await load();
let result: ScenarioResult;
try {
  result = await scenario({
    seed,
    rounds: Number(values.rounds),
    minutes: values.minutes === undefined ? undefined : Number(values.minutes),
    tell: (text) => console.log(`  ${text}`),
  });
} catch (error) {
  result = { violations: [`the scenario could not be run: ${(error as Error).stack}`], figures: {} };
}
for (const violation of result.violations.slice(0, 20)) console.log(`VIOLATION ${violation}`);
console.log(
  result.violations.length === 0
    ? 'all invariants held'
    : `${result.violations.length} violations; again with --seed ${seed}`,
);
console.log(JSON.stringify({ scenario: name, seed, ok: result.violations.length === 0, ...result.figures }));
process.exit(result.violations.length === 0 ? 0 : 1);
