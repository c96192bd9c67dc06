import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import type { Command } from 'commander';
import { createProgram, execute } from '../../src/cli/program.ts';
import { isOneLineError, run, temporaryDir } from './keelson.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A command line and what is said of it. */
const mistakes: [args: string[], text: RegExp][] = [
  [['frob'], /unknown command 'frob' \(see "keelson --help"\)/],
  [['staus'], /unknown command 'staus' \(Did you mean status\?\)/],
  [['up', '--peer', '3'], /unknown option '--peer' \(Did you mean --peers\?\) \(see "keelson up --help"\)/],
  [['up', '--peers', '0'], /'--peers <n>' argument '0' is invalid. It must be a whole number from 1 to 99/],
  [['up', '--peers', '100'], /argument '100' is invalid/],
  [['up', '--port', 'abc'], /'--port <port>' argument 'abc' is invalid/],
  [['up', '--port', '80'], /argument '80' is invalid. It must be a whole number from 1024 to 60000/],
  [['up', '--mode', 'x'], /argument 'x' is invalid. Allowed choices are rootless, auto/],
  [['up', 'now'], /too many arguments for 'up'/],
  [['peer'], /required option '--config <file>' not specified/],
  [['peer', '--config', '/none.yaml'], /can't read the configuration file \/none.yaml: ENOENT/],
  [['peer', '--config', 'x', '--log-level', 'loud'], /Allowed choices are debug, info, warn, error/],
  [['kv', 'frob'], /unknown command 'frob' \(see "keelson kv --help"\)/],
  [['kv', 'put', 'key'], /missing required argument 'value' \(see "keelson kv put --help"\)/],
  [['kv', 'get', 'key', '--limit', '-1'], /argument '-1' is invalid/],
  [['kv', 'lease', 'grant', 'soon'], /'soon' is invalid for argument 'seconds'. It must be a whole number/],
  [['kv', 'txn', '{"comparee":[]}'], /unknown field "comparee" \(did you mean "compare"\?\)/],
];

/** Carries out a command line in this process. */
async function inProcess(args: string[]): Promise<{ code: number | undefined; stderr: string }> {
  let stderr = '';
  const code = await execute(args, (text) => {
    stderr += text;
  });
  return { code, stderr };
}

test('a bad command line is answered in one line', async (t) => {
  for (const [args, text] of mistakes) isOneLineError(t, await inProcess(args), text);
  t.false(existsSync('.keelson'), 'nothing was made');
});

test('commands that need a cluster say so where there is none', async (t) => {
  const dir = temporaryDir(t);
  for (const args of [['status'], ['down'], ['kv', 'get', 'a'], ['watch', 'pods']]) {
    const end = await inProcess([...args, '--data-dir', join(dir, 'none')]);
    isOneLineError(t, end, /no cluster in .*none: start one with "keelson up"/);
  }
});

test('without a command the help is shown, with status 1', async (t) => {
  for (const args of [[], ['kv'], ['kv', 'lease']]) {
    const { code, stderr } = await inProcess(args);
    t.is(code, 1);
    t.regex(stderr, /^Usage: keelson/);
  }
});

test('a process ends with the status, and its complaints are on standard error', async (t) => {
  const end = await run(['frob']);
  isOneLineError(t, end, /unknown command 'frob'/);
  t.is(end.stdout, '');
});

function commandsOf(command: Command): Command[] {
  return [command, ...command.commands.flatMap(commandsOf)];
}

test('every command has help that fits a terminal and describes every option and argument', (t) => {
  for (const command of commandsOf(createProgram(() => {}))) {
    let text = '';
    command.configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => 80 });
    command.outputHelp();
    t.true(text.startsWith('Usage: keelson'), command.name());
    t.true(command.description().length > 10, command.name());
    for (const { long, description } of command.options) t.true(description.length > 5, `${command.name()} ${long}`);
    for (const line of text.split('\n')) t.true(line.length <= 80, `${command.name()}: ${line}`);
  }
});

test('help and version go to standard output, with status 0', async (t) => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  t.like(await run(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' });
  const help = await run(['up', '--help']);
  t.like(help, { code: 0, stderr: '' });
  for (const word of [
    '--data-dir',
    '--peers',
    '--port',
    '--mode',
    '--no-demo',
    '--detach',
    'Ctrl-C',
    'kubeconfig',
    'Exit status',
  ])
    t.true(help.stdout.includes(word), word);
});

/** The machine's own Node, where that is an older one. */
function olderNode(): string | undefined {
  const path = (process.env['PATH'] ?? '').split(':').filter((dir) => !dir.includes('node_modules'));
  const found = path.map((dir) => join(dir, 'node')).find((file) => existsSync(file));
  if (found === undefined) return undefined;
  const version = execFileSync(found, ['--version'], { encoding: 'utf8' });
  return Number(/\d+/.exec(version)?.[0]) < 24 ? found : undefined;
}

test('an older Node starts the one that npm brought, and passes on how it ended', async (t) => {
  const node = olderNode();
  if (node === undefined) {
    t.pass('this machine has no older Node');
    return;
  }
  t.like(await run(['--version'], { node }), { code: 0, stderr: '' });
  isOneLineError(t, await run(['frob'], { node }), /unknown command 'frob'/);
});

test('npx finds the command in a checkout, and has no complaints', async (t) => {
  // As in a user's shell, whose Node may be older, and without what `npm test` sets.
  const path = (process.env['PATH'] ?? '').split(':').filter((dir) => !dir.includes('node_modules'));
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('npm_'));
  const { stdout, stderr } = await promisify(execFile)('npx', ['--no-install', 'keelson', '--help'], {
    cwd: root,
    env: { ...Object.fromEntries(own), PATH: path.join(':') },
  });
  t.regex(stdout, /^Usage: keelson/);
  t.is(stderr, '');
});
