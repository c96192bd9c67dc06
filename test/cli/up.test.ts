import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { clusterPaths, livePid } from '../../src/peer/index.ts';
import { freePorts } from '../support/cluster.ts';
import { type Ended, isOneLineError, type Running, run, start, temporaryDir } from './keelson.ts';

/** A data directory of a test, and `keelson up` on it with one peer and no demo. */
async function place(t: ExecutionContext): Promise<{ dir: string; port: number; args: string[] }> {
  const dir = join(temporaryDir(t), 'data');
  const port = await freePorts();
  t.teardown(() => run(['down', '--data-dir', dir]));
  return { dir, port, args: ['up', '--no-demo', '--peers', '1', '--data-dir', dir, '--port', String(port)] };
}

function nothingRuns(t: ExecutionContext, dir: string): void {
  for (const id of [1, 2, 3]) t.is(livePid(clusterPaths(dir).peer(id).pid), undefined, `peer ${id}`);
}

async function interrupt(running: Running): Promise<Ended> {
  running.process.kill('SIGINT');
  return await running.ended;
}

test.serial(
  'Ctrl-C ends a running cluster, which the next start finds again; so does "down" from elsewhere',
  async (t) => {
    const { dir, args } = await place(t);
    const first = start(args);
    await first.says('ready in');
    t.regex(
      first.stdout(),
      /cluster [-\da-f]{36} laid out in .*\n.*1 peer serves .*\n\nPEER +ROLE .*\npeer-1 +leader /s,
    );
    // A terminal signals all processes of its foreground, and a wrapper passes the signal on: it comes twice.
    first.process.kill('SIGINT');
    const { code, stderr } = await interrupt(first);
    t.deepEqual([code, stderr], [0, '']);
    nothingRuns(t, dir);

    const second = start(['up', '--no-demo', '--data-dir', dir]);
    await second.says('ready in');
    t.regex(second.stdout(), /cluster [-\da-f]{36} found in /);
    const another = await run(args);
    isOneLineError(
      t,
      another,
      /peer 1 of this data directory runs already \(process \d+\): stop it with "keelson down"/,
    );
    t.like(await run(['down', '--data-dir', dir]), { code: 0, stdout: '1 peer stopped\n' });
    t.like(await second.ended, { code: 0, stderr: '' });
    t.like(await run(['down', '--data-dir', dir]), { code: 0, stdout: 'nothing was running\n' });
  },
);

test.serial('Ctrl-C at any time of a start leaves nothing running and nothing broken', async (t) => {
  const { dir, args } = await place(t);
  const early = start(args);
  await new Promise((resolve) => setTimeout(resolve, 150));
  const end = await interrupt(early);
  t.true(end.code === 130 || end.signal === 'SIGINT', JSON.stringify(end));
  nothingRuns(t, dir);

  const late = start(args);
  await late.says('cluster ');
  t.like(await interrupt(late), { code: 130, stderr: '' });
  nothingRuns(t, dir);
  const { pki, peer } = clusterPaths(dir);
  for (const path of [pki.caKey, peer(1).config]) t.true(existsSync(path), path);

  t.like(await run([...args, '--detach']), { code: 0, stderr: '' });
});

test.serial('a busy port is told before anything is written', async (t) => {
  const { dir, port, args } = await place(t);
  const stranger = createServer().listen(port + 1_000, '127.0.0.1');
  t.teardown(() => stranger.close());
  await once(stranger, 'listening');
  isOneLineError(t, await run(args), /port \d+ on 127.0.0.1, for peer 1's Raft, is in use .*choose others with --port/);
  t.false(existsSync(dir));
});

test.serial(
  'when one peer can not start, those that could are stopped again, and its own words are shown',
  async (t) => {
    const { dir, args } = await place(t);
    const three = args.map((arg) => (arg === '1' ? '3' : arg));
    t.like(await run([...three, '--detach']), { code: 0 });
    await run(['down', '--data-dir', dir]);
    const { dir: peerDir } = clusterPaths(dir).peer(2);
    rmSync(join(peerDir, 'store', 'CURRENT'));
    isOneLineError(
      t,
      await run(three),
      /peer 2 ended \(exit code 1\): data directory .*peer-2\/store is damaged \(CURRENT/,
    );
    nothingRuns(t, dir);

    writeFileSync(
      join(peerDir, 'config.json'),
      '{"apiVersion":"keelson/v1","kind":"PeerConfiguration","clusterld":"x"}',
    );
    isOneLineError(t, await run(three), /peer 2 ended .*unknown field "clusterld" \(did you mean "clusterId"\?\)/);
    nothingRuns(t, dir);
  },
);

test.serial('a process that got the number of a peer of old is nobody’s business', async (t) => {
  const { dir, args } = await place(t);
  t.like(await run([...args, '--detach']), { code: 0 });
  await run(['down', '--data-dir', dir]);
  const bystander = start(['kv', '--help']).process;
  await once(bystander, 'exit');
  // As if the machine had been started again: the number is now this test's.
  writeFileSync(clusterPaths(dir).peer(1).pid, `${process.pid}\n`);
  t.like(await run(['down', '--data-dir', dir]), { code: 0, stdout: 'nothing was running\n' });
  t.like(await run([...args, '--detach']), { code: 0, stderr: '' });
});

test.serial('bad places for data are left as they are', async (t) => {
  const { args } = await place(t);
  const home = temporaryDir(t);
  writeFileSync(join(home, 'thesis.doc'), 'words');
  const up = (dir: string): Promise<Ended> => run(args.map((arg, i) => (args[i - 1] === '--data-dir' ? dir : arg)));
  isOneLineError(t, await up(home), /holds "thesis.doc", which is not Keelson's: choose another --data-dir/);
  isOneLineError(t, await up(join(home, 'thesis.doc')), /can't use .*thesis.doc for data \(ENOTDIR/);
  t.deepEqual(readdirSync(home), ['thesis.doc']);
  t.is(readFileSync(join(home, 'thesis.doc'), 'utf8'), 'words');
});

test.serial('of several starts at once on one new directory, one wins and the others say why not', async (t) => {
  const { dir, args } = await place(t);
  const ends = await Promise.all([1, 2, 3].map(() => run([...args, '--detach'])));
  const winners = ends.filter(({ code }) => code === 0);
  t.is(winners.length, 1, JSON.stringify(ends));
  for (const end of ends) {
    if (end.code !== 0) isOneLineError(t, end, /runs already|is making a cluster|in use/);
  }
  t.not(livePid(clusterPaths(dir).peer(1).pid), undefined);
  t.like(await run(['status', '--data-dir', dir]), { code: 0, stderr: '' });
});
