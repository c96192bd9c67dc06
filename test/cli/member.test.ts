import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { call } from '../../src/cli/access.ts';
import { MEMBERS_PATH, type MemberList } from '../../src/peer/index.ts';
import { type RealCluster, startCluster } from '../support/cluster.ts';
import { processesIn, processesLeftIn } from '../support/processes.ts';
import { type Ended, isOneLineError, run } from './keelson.ts';

/** Runs `keelson member`, or another command, on a cluster. */
function on(cluster: RealCluster, ...args: string[]): Promise<Ended> {
  return run([...args, '--data-dir', cluster.dataDir]);
}

async function list(cluster: RealCluster): Promise<MemberList> {
  return JSON.parse((await on(cluster, 'member', 'list', '--json')).stdout) as MemberList;
}

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`not in time: ${what}`);
}

function logHas(cluster: RealCluster, peer: number, text: string): boolean {
  return readFileSync(join(cluster.dataDir, `peer-${peer}`, 'log'), 'utf8').includes(text);
}

async function succeeds(t: ExecutionContext, ended: Promise<Ended>, text: RegExp): Promise<void> {
  const { code, stdout, stderr } = await ended;
  t.deepEqual([code, stderr], [0, '']);
  t.regex(stdout, text);
}

test('a cluster of processes grows by a peer, hands over, and shrinks by its leader', async (t) => {
  t.timeout(120_000);
  const cluster = await startCluster({ peers: 3 });
  t.teardown(() => cluster.stop());
  await succeeds(t, on(cluster, 'kv', 'put', 'greeting', 'hello'), /./);

  await succeeds(t, on(cluster, 'member', 'add', '--start'), /^peer 4 is a learner now, and votes .* process \d+\n$/);
  await until('peer 4 votes', async () => (await list(cluster)).members.every(({ role }) => role === 'voter'));
  const { members, nextId } = await list(cluster);
  t.deepEqual([members.map(({ id }) => id), nextId], [[1, 2, 3, 4], 5]);
  t.regex(members[3]!.address!, /^127\.0\.0\.1:\d+$/);
  const table = (await on(cluster, 'member', 'list')).stdout;
  t.regex(table, /^PEER +ROLE +ADDRESS +BEHIND\n(peer-\d +(leader|voter) +127\.0\.0\.1:\d+ +\d+\n){4}$/);

  await until('peer 4 serves', async () => (await on(cluster, 'status')).stdout.match(/peer-4 +follower/) !== null);
  await succeeds(t, on(cluster, 'member', 'transfer', '4'), /^peer 4 leads now\n$/);
  isOneLineError(t, await on(cluster, 'member', 'promote', '4'), /peer 4 votes already/);
  isOneLineError(t, await on(cluster, 'member', 'remove', '9'), /there is no member 9/);
  isOneLineError(t, await on(cluster, 'member', 'add', '--id', '7'), /--id and --address go together/);
  isOneLineError(t, await on(cluster, 'member', 'add', '--id', '7', '--address', 'x'), /'x' is no address/);

  await succeeds(
    t,
    on(cluster, 'member', 'remove', '4'),
    /^peer 4 is removed; its directory can be deleted: .*peer-4\n$/,
  );
  t.is((await call(`${cluster.servers[0]}/api/v1/nodes/peer-4`, cluster.tls)).code, 404);
  await until('peer 4 ends', async () => !existsSync(join(cluster.dataDir, 'peer-4', 'pid')));
  t.true(logHas(cluster, 4, 'peer 4 was removed from the cluster'));
  t.is((await on(cluster, 'kv', 'get', 'greeting')).stdout, 'hello\n');

  // One of three is gone: another must not be removed.
  cluster.kill(3);
  // Till its leader misses it, which takes an election timeout, it counts as alive.
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const lost = /of the voters [12], 3 2 are needed, and 3 can't be reached: the cluster would stand still/;
  const follower = (await list(cluster)).leader === 1 ? '2' : '1';
  isOneLineError(t, await on(cluster, 'member', 'remove', follower), lost);
  await succeeds(t, on(cluster, 'member', 'remove', '3'), /^peer 3 is removed/);
});

test('a peer that was removed while it was off says so when it starts; only administrators change members', async (t) => {
  const cluster = await startCluster({ peers: 3, demo: true });
  t.teardown(() => cluster.stop());
  cluster.kill(3);
  const dir = join(cluster.dataDir, 'peer-3');
  t.not(processesIn(dir).length, 0);
  await succeeds(t, on(cluster, 'member', 'remove', '3'), /^peer 3 is removed/);
  t.deepEqual(await processesLeftIn(dir), [], 'its workloads end with it');
  const config = join(cluster.dataDir, 'peer-3', 'config.json');
  const { code, stdout } = await run(['peer', '--config', config]);
  t.is(code, 1);
  t.regex(stdout, /peer 3 was removed from the cluster: its data can be deleted/);

  const pki = (name: string): string => readFileSync(join(cluster.dataDir, 'peer-1', name), 'utf8');
  const peerTls = { ca: cluster.tls.ca, cert: pki('peer.crt'), key: pki('peer.key') };
  const answer = await call(`${cluster.servers[0]}${MEMBERS_PATH}`, peerTls);
  t.is(answer.code, 403);
  for (const body of ['{', '{}', '{"action":"add","id":0}', '"x"']) {
    const wrong = await call(`${cluster.servers[0]}${MEMBERS_PATH}`, cluster.tls, { method: 'POST', body });
    t.is(wrong.code, 409);
    t.like(JSON.parse(wrong.body), { code: 'INVALID' });
  }
  t.is((await call(`${cluster.servers[0]}${MEMBERS_PATH}`, cluster.tls, { method: 'PUT' })).code, 405);
});
