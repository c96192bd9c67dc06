import test, { type ExecutionContext } from 'ava';
import { call } from '../../src/cli/access.ts';
import { isOneLineError, run as keelson, temporaryDir } from '../cli/keelson.ts';
import { freePorts, type RealCluster, startCluster } from '../support/cluster.ts';
import { type EtcdCluster, etcdTest, startEtcdCluster } from '../support/etcd-cluster.ts';
import { type Kubectl, kubectlFor } from '../support/kubectl.ts';

/* A cluster that stands on a real etcd of three servers, as its user meets it: the tests follow on each other. */

let etcd: EtcdCluster;
let cluster: RealCluster;
let kubectl: Kubectl;

const deployment = (name: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  replicas: 3
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{ name: main, image: host, command: [sleep, "1000"] }]
`;

test.after.always(async () => {
  await cluster?.stop();
  await etcd?.stop();
});

const url = (): string => `etcd://${etcd.servers.join(',')}`;

async function succeeds(t: ExecutionContext, args: string, input?: string): Promise<string> {
  const { code, stdout, stderr } = await kubectl(args, input);
  t.is(code, 0, `kubectl ${args}: ${stderr}`);
  return stdout;
}

/** `/readyz?verbose` of a peer. */
function readiness(peer: number): Promise<{ code: number; body: string }> {
  return call(`${cluster.servers[peer - 1]}/readyz?verbose`, cluster.tls);
}

async function untilReady(ready: boolean): Promise<void> {
  const isSo = async (peer: number): Promise<void> => {
    while (((await readiness(peer)).code === 200) !== ready) await new Promise((resolve) => setTimeout(resolve, 50));
  };
  await Promise.all([1, 2, 3].map(isSo));
}

etcdTest('peers on etcd run workloads', async (t) => {
  etcd = await startEtcdCluster({ servers: 3 });
  cluster = await startCluster({ store: url() });
  kubectl = kubectlFor(cluster.kubeconfig);
  t.regex(cluster.output, /^peer-1 +etcd +\d+ +\d+ +- +rootless /m);
  await succeeds(t, 'apply -f -', deployment('first'));
  await succeeds(t, 'rollout status deployment/first --timeout=60s');
  const nodes = await succeeds(t, 'get pods -o jsonpath={.items[*].spec.nodeName}');
  t.deepEqual(nodes.split(' ').sort(), ['peer-1', 'peer-2', 'peer-3']);
});

etcdTest('one etcd server dies, and all goes on', async (t) => {
  await etcd.kill(0);
  await untilReady(true);
  await succeeds(t, 'apply -f -', deployment('second'));
  await succeeds(t, 'rollout status deployment/second --timeout=60s');
  await succeeds(t, 'scale deployment/first --replicas=1');
  await succeeds(t, 'rollout status deployment/first --timeout=60s');
  t.is(await succeeds(t, 'get deployment/first -o jsonpath={.status.replicas}'), '1');
});

etcdTest('peers die one after the other: the last one still serves', async (t) => {
  cluster.kill(1);
  cluster.kill(2);
  await Promise.all([cluster.gone(1), cluster.gone(2)]);
  await succeeds(t, 'create configmap alone --from-literal=a=b');
  t.is((await keelson(['status', '--data-dir', cluster.dataDir])).code, 0);
  for (const peer of [1, 2]) await cluster.restart(peer);
  t.is(await succeeds(t, 'get configmap alone -o jsonpath={.data.a}'), 'b');
});

etcdTest('without a majority of etcd nobody is ready, workloads run, and all goes on when it is back', async (t) => {
  await etcd.kill(1);
  await untilReady(false);
  const { body } = await readiness(1);
  t.regex(body, /^\[\+\]ping ok\n\[-\]store failed: [^\n]*etcd[^\n]*\n/);
  t.is((await call(`${cluster.servers[0]}/livez`, cluster.tls)).code, 200);
  for (const server of [0, 1]) await etcd.restart(server);
  await untilReady(true);
  await succeeds(t, 'delete deployment/second --timeout=60s');
  await succeeds(t, 'rollout status deployment/first --timeout=60s');
  t.is(
    await succeeds(t, 'get pods -l app=first -o jsonpath={.items[*].status.containerStatuses[0].restartCount}'),
    '0',
  );
});

etcdTest('what belongs to the embedded store, or to another cluster, is refused in one line', async (t) => {
  const here = (...args: string[]) => keelson([...args, '--data-dir', cluster.dataDir]);
  isOneLineError(
    t,
    await here('member', 'list'),
    /this cluster stands on the etcd at etcd:.*: use "etcdctl member" there/,
  );
  isOneLineError(t, await here('snapshot', 'save', 'x'), /use "etcdctl snapshot save" there/);
  const elsewhere = [
    'up',
    '--no-demo',
    '--peers',
    '1',
    '--data-dir',
    temporaryDir(t),
    '--port',
    `${await freePorts()}`,
  ];
  isOneLineError(
    t,
    await keelson([...elsewhere, '--store', url()]),
    /another cluster's data under \/keelson\/.*--store-prefix/,
  );
  const nowhere = [...elsewhere.slice(0, -3), temporaryDir(t), ...elsewhere.slice(-2)];
  isOneLineError(
    t,
    await keelson([...nowhere, '--store', 'etcd://127.0.0.1:1']),
    /no etcd server answers at 127\.0\.0\.1:1/,
  );
});
