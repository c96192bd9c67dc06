import { parseArgs } from 'node:util';
import { formatResults, type Result } from './results.ts';

/**
 * `npm run bench -- SUITE [--vs-etcd] [--only LOAD,…]`: measures, prints a table, and ends with one line of JSON. Figures are compared as ratios in
 * one run, on the machine where they are measured.
 */
interface Suite {
  run(options: SuiteOptions): Promise<Result[]>;
}

export interface SuiteOptions {
  /** Run the same load against three servers of Debian's etcd as well. */
  vsEtcd: boolean;
  /** Seconds that each load lasts. */
  seconds: number;
  /** Do also what takes minutes. */
  long: boolean;
  /** Whether a load was asked for, by its name or the words that it begins with. */
  wants(load: string): boolean;
  tell(text: string): void;
}

const suites: Record<string, () => Promise<Suite>> = {
  store: () => import('./store.ts'),
  api: () => import('./api.ts'),
  startup: () => import('./startup.ts'),
  scheduling: () => import('./scheduling.ts'),
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'vs-etcd': { type: 'boolean', default: false },
    seconds: { type: 'string', default: '5' },
    long: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
});
const [name = ''] = positionals;
const load = suites[name];
if (load === undefined) {
  console.error(
    `usage: npm run bench -- SUITE [--vs-etcd] [--seconds N] [--long] [--only LOAD,…]\nsuites: ${Object.keys(suites).join(', ')}`,
  );
  process.exit(1);
}
const suite = await load();
const results = await suite.run({
  vsEtcd: values['vs-etcd'],
  seconds: Number(values.seconds),
  long: values.long,
  wants: (load) => values.only === '' || values.only.split(',').some((words) => `${load}-`.startsWith(`${words}-`)),
  tell: (text) => console.error(`  ${text}`),
});
console.log(formatResults(results));
console.log(JSON.stringify({ suite: name, results }));
process.exit(0);
