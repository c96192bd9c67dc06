import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { keelson, type RealCluster, startCluster } from '../support/cluster.ts';
import { Etcdctl, testWithEtcdctl } from './etcdctl.ts';

/** Three peers as `keelson up --etcd-port` starts them, with the certificates that it makes. */
let cluster: RealCluster;
let etcdctl: Etcdctl;
test.before(async () => {
  cluster = await startCluster({ etcd: true });
  etcdctl = new Etcdctl(cluster.etcdEndpoints, cluster.tls);
});
test.after.always(() => {
  etcdctl?.remove();
  cluster?.stop();
});
const command = testWithEtcdctl(test);

interface EndpointStatus {
  Endpoint: string;
  Status: { leader: number; header: { member_id: number } };
}
const statuses = async (): Promise<EndpointStatus[]> =>
  JSON.parse(await etcdctl.out('endpoint', 'status', '-w', 'json')) as EndpointStatus[];

command('what is written through one peer is read and watched through another', async (t) => {
  const [first, second, third] = cluster.etcdEndpoints as [string, string, string];
  const watching = etcdctl.start(['watch', '--prefix', 'shared/', '--rev=1'], { endpoint: second });
  t.is((await etcdctl.run(['put', 'shared/key', 'value'], { endpoint: first })).stdout, 'OK\n');
  t.is((await etcdctl.run(['get', 'shared/key'], { endpoint: third })).stdout, 'shared/key\nvalue\n');
  await watching.until((stdout) => stdout === 'PUT\nshared/key\nvalue\n');
  watching.interrupt();
  await watching.ended;
});

command('the API shares the store with Kubernetes', async (t) => {
  t.regex(await etcdctl.out('get', '/', '--prefix', '--keys-only'), /namespaces\/kube-system/);
});

command('all members are listed, and agree on a hash', async (t) => {
  const members = (await etcdctl.out('member', 'list')).split('\n');
  t.deepEqual(
    members.map((line) => line.split(', ').slice(1, 3).join(' ')),
    ['started peer-1', 'started peer-2', 'started peer-3'],
  );
  const { header } = JSON.parse(await etcdctl.out('get', 'x', '-w', 'json')) as { header: { revision: number } };
  const hashes = (await etcdctl.out('endpoint', 'hashkv', `--rev=${header.revision}`)).split('\n');
  t.is(new Set(hashes.map((line) => line.split(', ')[1])).size, 1);
});

command('move-leader moves the leader', async (t) => {
  const before = await statuses();
  const { leader } = (before[0] as EndpointStatus).Status;
  const target = (leader % 3) + 1;
  t.regex(await etcdctl.out('move-leader', target.toString(16)), /Leadership transferred/);
  t.is((await statuses())[target - 1]?.Status.leader, target);
  const follower = before.find(({ Status }) => Status.header.member_id === leader) as EndpointStatus;
  const refused = await etcdctl.run(['move-leader', '1'], { endpoint: follower.Endpoint });
  t.is(refused.code, 128);
});

command('a lease outlives its leader', async (t) => {
  const [, id] = /lease (\w+) granted/.exec(await etcdctl.out('lease', 'grant', '600')) ?? [];
  await etcdctl.out('put', 'held', 'x', `--lease=${id}`);
  const { leader } = ((await statuses())[0] as EndpointStatus).Status;
  cluster.kill(leader);
  const others = cluster.etcdEndpoints.filter((_, i) => i !== leader - 1).join(',');
  const held = await etcdctl.run(['get', 'held', '--print-value-only'], { endpoint: others });
  t.is(held.stdout, 'x\n');
  await cluster.restart(leader);
});

test.serial('the port may be changed, or first given, at a later start', (t) => {
  const { dataDir } = cluster;
  const etcdPorts = (peer: number): number[] =>
    (
      JSON.parse(readFileSync(join(dataDir, `peer-${peer}`, 'config.json'), 'utf8')) as {
        members: { etcdPort: number }[];
      }
    ).members.map(({ etcdPort }) => etcdPort);
  t.is(keelson(['down', '--data-dir', dataDir]).code, 0);
  const changed = (etcdPorts(1)[0] as number) + 10;
  const { code, stderr } = keelson([
    'up',
    '--detach',
    '--no-demo',
    '--data-dir',
    dataDir,
    '--etcd-port',
    String(changed),
  ]);
  t.is(code, 0, stderr);
  for (const peer of [1, 3]) t.deepEqual(etcdPorts(peer), [changed, changed + 1, changed + 2]);
});
