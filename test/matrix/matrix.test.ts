import { readFileSync } from 'node:fs';
import test from 'ava';
import { type RealCluster, startCluster } from '../support/cluster.ts';
import { binary, run } from '../support/kubectl.ts';
import { commands, tryCommands } from './commands.ts';
import { Connection } from './connection.ts';
import { type Row, tryKinds } from './kinds.ts';
import { renderPage } from './render.ts';
import { checks, type Outcome } from './verbs.ts';

const page = readFileSync(new URL('README.md', import.meta.url), 'utf8');

let cluster: RealCluster;
test.before(async () => {
  cluster = await startCluster({ peers: 1 });
});
test.after.always(() => cluster?.stop());

test.serial('the page says what a run finds', async (t) => {
  const connection = new Connection(cluster);
  const rows = await tryKinds(connection);
  connection.close();
  const outcomes = await tryCommands(cluster);
  const found = renderPage(rows, outcomes);
  const without = (a: string, b: string): string[] => a.split('\n').filter((line) => !b.split('\n').includes(line));
  t.deepEqual(without(found, page), [], 'is so, but the page does not say so: npm run matrix');
  t.deepEqual(without(page, found), [], 'is not so, though the page says so');
});

test('the page has every command that asks a server', async (t) => {
  // What only looks at files of the user.
  const local = /^(completion|config|kustomize|plugin|alpha)( |$)/;
  const known = new Set(commands.map(([command]) => command));
  const found = await leaves('');
  t.true(found.length > 70, 'the help is read');
  for (const command of found) if (!local.test(command)) t.true(known.has(command), command);
});

test('what fails is told', (t) => {
  const kind = {
    groupVersion: 'v1',
    group: '',
    resource: 'pods',
    kind: 'Pod',
    namespaced: true,
    verbs: [],
    subresources: [],
  };
  const outcomes: Outcome[] = checks.map(() => true);
  outcomes[1] = { problem: 'it is\nbroken' };
  const rows: Row[] = [{ kind, outcomes }];
  const told = renderPage(
    rows,
    new Map<string, Outcome>([
      ['get', { problem: 'so is this' }],
      ['run', true],
    ]),
  );
  t.regex(told, /^\| v1 \| Pod \| ✓ \| ✗ \[1\] \| ✓ /m);
  t.regex(told, /^\| `kubectl get` \| ✗ \[2\] \|\n\| `kubectl run` \| ✓ \|$/m);
  t.regex(told, /^1\. it is broken\n2\. so is this$/m);
});

/** Commands that have none below them, or run by themselves too, as kubectl's help names them. */
async function leaves(command: string): Promise<string[]> {
  const { stdout } = await run(binary('kubectl'), [...command.split(' ').filter(Boolean), '--help']);
  const lists = stdout
    .split(/\n(?=\S)/)
    .filter((part) =>
      /^[A-Z][\w ()]*Commands[^\n]*:|^Available Commands:|^Other Commands|^Subcommands provided/.test(part),
    );
  const names = lists.flatMap((part) => [...part.matchAll(/^ {2}([a-z][a-z-]*)\s/gm)].map(([, name]) => name!));
  const below = await Promise.all(names.map((name) => leaves(command === '' ? name : `${command} ${name}`)));
  return names.length === 0 ? [command] : below.flat();
}
