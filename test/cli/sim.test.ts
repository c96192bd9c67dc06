import test from 'ava';
import { isOneLineError, run } from './keelson.ts';

test('the same seed gives the same run, in every process', async (t) => {
  const args = ['sim', '--seed', '11', '--steps', '4000', '--json'];
  const [first, again] = await Promise.all([run(args), run(args)]);
  t.is(first.code, 0, first.stderr);
  t.is(first.stdout, again.stdout);
  const report = JSON.parse(first.stdout) as Record<string, unknown>;
  t.like(report, { seed: 11 });
  t.deepEqual(Object.keys(report), ['seed', 'steps', 'simulatedMs', 'faults', 'operations', 'checks', 'hash']);
});

test('the report is a table for people', async (t) => {
  const { stdout, code } = await run(['sim', '--seed', '12', '--steps', '1000', '--peers', '3']);
  t.is(code, 0);
  t.regex(stdout, /^seed {9}12\nsteps {8}\d+\nsimulated {4}[\d.]+ s\n/);
  t.regex(stdout, /\ntrace hash {3}[0-9a-f]{16}\n$/);
});

test('a bad number is answered in one line', async (t) => {
  isOneLineError(t, await run(['sim', '--seed', '-1']), /argument '-1' is invalid/);
  isOneLineError(t, await run(['sim', '--peers', '9']), /It must be a whole number from 1 to 7/);
});
