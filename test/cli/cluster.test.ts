import { cpSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type Access, call, openAccess } from '../../src/cli/access.ts';
import { clusterPaths, isAlive, livePid } from '../../src/peer/index.ts';
import { connectStore, type Store } from '../../src/store/index.ts';
import { freePorts } from '../support/cluster.ts';
import { processesIn, processesLeftIn } from '../support/processes.ts';
import { type Ended, isOneLineError, type Running, run, start, temporaryDir } from './keelson.ts';
import { strangers } from './strangers.ts';

/*
 * One cluster of three peers with the demo workload, as its user meets it over its life: the tests follow on each other.
 */

const dir = mkdtempSync(join(tmpdir(), 'keelson-life-'));
const paths = clusterPaths(dir);
const ids = [1, 2, 3];
let port = 0;
let access: Access;
let running: Running;
/** Keys whose write was acknowledged. */
const written = new Map<string, string>();

test.before(async () => {
  port = await freePorts();
  await up();
  access = openAccess(dir);
});

test.after.always(async () => {
  await run(['down', '--data-dir', dir]);
  for (const pid of processesIn(dir)) process.kill(pid, 'SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

/** `keelson up` in the foreground, until it is ready. */
async function up(): Promise<void> {
  running = start(['up', '--data-dir', dir, '--port', String(port), '--mode', 'rootless']);
  await running.says('ready in');
}

const here = (...args: string[]): Promise<Ended> => run([...args, '--data-dir', dir]);
const pids = (): (number | undefined)[] => ids.map((id) => livePid(paths.peer(id).pid));

/** Containers' processes by container, as the peers keep them. */
function workloads(): Record<string, number> {
  const files = globSync(join(dir, 'peer-*/runtime/containers/*/pid'));
  return Object.fromEntries(files.map((file) => [file, Number(readFileSync(file, 'utf8').split(' ')[1])]));
}

async function restarts(): Promise<number[]> {
  const { body } = await call(`${access.servers[0]}/api/v1/namespaces/default/pods`, access.tls);
  const { items } = JSON.parse(body) as { items: { status: { containerStatuses: { restartCount: number }[] } }[] };
  return items.map(({ status }) => status.containerStatuses[0]?.restartCount ?? -1);
}

async function withStore<T>(use: (store: Store) => Promise<T>): Promise<T> {
  const store = await connectStore({ urls: access.servers, tls: access.tls });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

async function write(store: Store, key: string): Promise<void> {
  await store.put(key, Buffer.from(`value of ${key}`));
  written.set(key, `value of ${key}`);
}

/** Nothing that was acknowledged may ever be missing. */
async function nothingIsLost(t: ExecutionContext): Promise<void> {
  const { kvs } = await withStore((store) => store.range({ key: 'life/', end: 'life0' }));
  const found = new Map(kvs.map(({ key, value }) => [key, Buffer.from(value).toString()]));
  for (const [key, value] of written) t.is(found.get(key), value, key);
}

/** What the peers' logs hold of errors. */
function loggedErrors(): string[] {
  return ids.flatMap((id) =>
    readFileSync(paths.peer(id).log, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !/^\{"level":"(debug|info|warn)"/.test(line)),
  );
}

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

test.serial('what a running cluster writes is its owner’s alone', (t) => {
  t.is(modeOf(dir), '700');
  for (const id of ids) {
    const peer = paths.peer(id);
    for (const entry of readdirSync(peer.dir, { withFileTypes: true })) {
      const path = join(peer.dir, entry.name);
      const open = [peer.cert, peer.pid].includes(path) ? '644' : '600';
      t.is(modeOf(path), entry.isDirectory() ? '700' : open, path);
    }
  }
  for (const path of globSync(join(dir, '**/*.key'))) t.is(modeOf(path), '600', path);
  for (const path of [paths.kubeconfig, paths.cluster]) t.is(modeOf(path), '600', path);
});

test.serial('a second peer on a data directory, a second cluster on its ports: the first goes on', async (t) => {
  const before = pids();
  const second = await run(['peer', '--config', paths.peer(1).config]);
  isOneLineError(t, second, /peer-1\/store is in use already: stop the peer that uses it/);
  for (const line of second.stdout.trim().split('\n')) t.notThrows(() => JSON.parse(line), line);

  const elsewhere = temporaryDir(t);
  isOneLineError(
    t,
    await run(['up', '--data-dir', join(elsewhere, 'data'), '--port', String(port)]),
    /port \d+ on 127.0.0.1, for peer 1's API, is in use by another process: stop that, or choose others with --port/,
  );
  t.deepEqual(readdirSync(elsewhere), []);

  // Another data directory, but the same ports, which its configuration names.
  cpSync(paths.pki.dir, join(elsewhere, 'pki'), { recursive: true });
  for (const name of ['config.json', 'peer.crt', 'peer.key'])
    cpSync(join(paths.peer(1).dir, name), join(elsewhere, 'peer-1', name));
  const config = join(elsewhere, 'peer-1/config.json');
  isOneLineError(
    t,
    await run(['peer', '--config', config]),
    /port \d+ on 127.0.0.1, for .*, is in use by another process: stop that, or change it in the configuration/,
  );
  writeFileSync(config, readFileSync(config, 'utf8').replaceAll('127.0.0.1', '203.0.113.1'));
  isOneLineError(t, await run(['peer', '--config', config]), /can't be used \(EADDRNOTAVAIL: this machine does not/);
  writeFileSync(config, readFileSync(config, 'utf8').replace('"nodeName"', '"nodename"'));
  isOneLineError(t, await run(['peer', '--config', config]), /unknown field "nodename" \(did you mean "nodeName"\?\)/);

  t.deepEqual(pids(), before);
  t.like(await here('status'), { code: 0, stderr: '' });
});

test.serial('strangers on the ports of the API and of Raft disturb no write', async (t) => {
  const before = pids();
  let done = false;
  const visits = Promise.all(
    [0, 1, 2, 1_000, 1_001, 1_002].map(async (offset) => {
      for (const [, stranger] of strangers) await stranger(port + offset, access.tls);
    }),
  ).finally(() => {
    done = true;
  });
  await withStore(async (store) => {
    for (let i = 0; !done || i < 100; i++) await write(store, `life/strangers-${i}`);
  });
  await visits;
  t.deepEqual(pids(), before);
  t.deepEqual(loggedErrors(), []);
  await nothingIsLost(t);
});

test.serial('a peer whose store is damaged says so in one line and does not start; the others go on', async (t) => {
  const peer = paths.peer(2);
  process.kill(livePid(peer.pid) as number, 'SIGKILL');
  while (livePid(peer.pid) !== undefined) await new Promise((resolve) => setTimeout(resolve, 10));
  const store = join(peer.dir, 'store');
  const kept = join(temporaryDir(t), 'store');
  cpSync(store, kept, { recursive: true });
  rmSync(join(store, 'CURRENT'));
  isOneLineError(
    t,
    await run(['peer', '--config', peer.config]),
    /data directory .*peer-2\/store is damaged \(CURRENT.*\): check the disk/,
  );
  await withStore((client) => write(client, 'life/without-peer-2'));
  const status = await here('status');
  t.is(status.code, 0);
  t.regex(status.stdout, /^peer-2 +not answering /m);
  await nothingIsLost(t);

  // Put right, it takes part again.
  rmSync(store, { recursive: true });
  cpSync(kept, store, { recursive: true });
  const again = start(['peer', '--config', peer.config]);
  await again.says('peer started');
  t.is(livePid(peer.pid), again.process.pid);
  while (/not answering/.test((await here('status')).stdout)) await new Promise((resolve) => setTimeout(resolve, 50));
});

test.serial('"down --keep-workloads" leaves the workloads, and the next "up" has the same ones', async (t) => {
  const before = workloads();
  t.is(Object.keys(before).length, 3);
  t.like(await here('down', '--keep-workloads'), { code: 0, stdout: '3 peers stopped\n', stderr: '' });
  const { code, stderr } = await running.ended;
  // The one that was killed is not forgotten.
  t.is(code, 1);
  t.regex(stderr, /^keelson: peer 2 ended \(SIGKILL\): [^\n]*; the others go on; restart it with [^\n]*\n$/);
  for (const pid of Object.values(before)) t.true(isAlive(pid));

  await up();
  t.deepEqual(workloads(), before);
  t.deepEqual(await restarts(), [0, 0, 0]);
});

test.serial('all peers killed at once: the next "up" has every write and the same workloads', async (t) => {
  await withStore(async (store) => {
    await Promise.all(Array.from({ length: 200 }, (_, i) => write(store, `life/killed-${i}`)));
    for (const pid of pids()) process.kill(pid as number, 'SIGKILL');
  });
  const { code, stderr } = await running.ended;
  t.is(code, 1);
  t.regex(stderr, /^(keelson: peer [123] ended \(SIGKILL\): [^\n]*\n){3}$/);
  const before = workloads();

  await up();
  await nothingIsLost(t);
  t.deepEqual(workloads(), before);
  t.deepEqual(await restarts(), [0, 0, 0]);
  t.deepEqual(loggedErrors(), []);
});

test.serial('Ctrl-C ends peers and workloads, also those of a peer that was killed', async (t) => {
  const before = Object.values(workloads());
  process.kill(pids()[2] as number, 'SIGKILL');
  running.process.kill('SIGINT');
  const { code } = await running.ended;
  t.is(code, 0);
  t.deepEqual(await processesLeftIn(dir), []);
  for (const pid of before) t.false(isAlive(pid));
  t.like(await here('down'), { code: 0, stdout: 'nothing was running\n' });
});

test.serial('while nothing runs, commands that need a peer say so', async (t) => {
  const commands = [
    ['kv', 'get', 'a'],
    ['kv', 'put', 'a', 'b'],
    ['watch', 'pods'],
  ];
  await Promise.all(
    commands.map(async (args) => isOneLineError(t, await here(...args), /no peer answers: .*"keelson up"/)),
  );
  const status = await here('status');
  t.like(status, { code: 1, stderr: '' });
  t.is(status.stdout.match(/not answering/g)?.length, 3);
});

test.serial('Ctrl-C while peers and workloads start leaves nothing running, and a later start is whole', async (t) => {
  for (const step of ['cluster ', '3 peers serve']) {
    const starting = start(['up', '--data-dir', dir]);
    await starting.says(step);
    starting.process.kill('SIGINT');
    t.like(await starting.ended, { code: 130, stderr: '' });
    t.deepEqual(await processesLeftIn(dir), [], step);
  }
  await up();
  await nothingIsLost(t);
});

test.serial('"down" ends what killed peers have left', async (t) => {
  for (const pid of pids()) process.kill(pid as number, 'SIGKILL');
  t.is((await running.ended).code, 1);
  t.is(Object.values(workloads()).filter(isAlive).length, 3);
  t.like(await here('down'), { code: 0, stdout: '3 containers of dead peers stopped\n', stderr: '' });
  t.deepEqual(await processesLeftIn(dir), []);
});
