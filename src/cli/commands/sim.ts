import type { Command } from 'commander';
import { KeelsonError, systemRandom } from '../../base/index.ts';
import { SimulationFailure, type SimulationReport, simulate } from '../../simulation/index.ts';
import { integerBetween, positiveInteger } from '../options.ts';
import { formatTable } from '../table.ts';

const help = `
A step is an event: a message, a tick, a disk that is done, a client's doing.
What is checked: Raft's properties, revisions, watches, leases and fences at
each step; at the end, that the cluster comes to life, that all peers hold the
same, and that what clients saw is linearizable. One run in five has API and
controllers above the store: they may write only while they hold their lease,
no moment may have more pods than is asked for, and in the end each Deployment
has exactly its pods. The same seed and steps give the same run, which the
trace hash shows.

Ends with status 1 where a check fails, and says which, with seed and step.

Examples:
  keelson sim --steps 1000000
  keelson sim --seed 42 --steps 100000 --json
`;

interface SimOptions {
  seed?: number;
  steps: number;
  peers?: number;
  controlPlane?: boolean;
  json: boolean;
}

/** `keelson sim`: whole peers on a simulated clock, disk and network, under faults drawn from a seed. */
export function addSimCommand(program: Command): void {
  program
    .command('sim')
    .description('run whole peers in a simulated world of faults, and check them')
    .option(
      '--seed <number>',
      'what decides everything (default: another one each time)',
      integerBetween(0, 2 ** 32 - 1),
    )
    .option('--steps <number>', 'events before the world turns kind', positiveInteger, 1_000_000)
    .option('--peers <number>', 'peers at first (default: drawn from the seed)', integerBetween(1, 7))
    .option('--control-plane', 'with API and controllers (default: drawn from the seed)')
    .option('--no-control-plane', 'without')
    .option('--json', 'print JSON', false)
    .addHelpText('after', help)
    .action(async ({ seed = Math.floor(systemRandom.next() * 2 ** 32), ...options }: SimOptions) => {
      const { steps, peers, controlPlane, json } = options;
      try {
        const report = await simulate({ seed, steps, peers, controlPlane });
        console.log(json ? JSON.stringify(report) : reportText(report));
      } catch (error) {
        if (!(error instanceof SimulationFailure)) throw error;
        if (json) console.log(JSON.stringify({ seed, step: error.step, violation: error.violation }));
        const flags = [
          ...[`--seed ${seed} --steps ${steps}`, ...(peers === undefined ? [] : [`--peers ${peers}`])],
          ...(controlPlane === undefined ? [] : [controlPlane ? '--control-plane' : '--no-control-plane']),
        ];
        const again = `keelson sim ${flags.join(' ')}`;
        throw new KeelsonError('VIOLATION', `${error.message}; again with: ${again}`, { cause: error });
      }
    });
}

function reportText({ seed, steps, simulatedMs, faults, operations, checks, hash }: SimulationReport): string {
  const rows = Object.entries({ faults, operations, checks }).map(([name, counts]) => [
    name,
    Object.entries(counts)
      .map(([what, count]) => `${what} ${count}`)
      .join(', '),
  ]);
  return formatTable(
    ['seed', `${seed}`],
    [['steps', `${steps}`], ['simulated', `${simulatedMs / 1000} s`], ...rows, ['trace hash', hash]],
  );
}
