import test from 'ava';
import { type coordinationv1, errors, formatMicroTime, resources, type v1 } from '../../src/api/index.ts';
import { seededRandom, silentLogger } from '../../src/base/index.ts';
import { type Client, createInformerFactory } from '../../src/client/index.ts';
import { startControllers } from '../../src/controllers/index.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';
import { startFakeKubelet } from '../support/fake-kubelet.ts';
import { startLocalApi } from '../support/local-api.ts';
import { overriding } from '../support/overriding.ts';
import { deployment } from './harness.ts';

async function setUp() {
  const clock = new FakeClock();
  const api = await startLocalApi(clock);
  const shared = { clock, random: seededRandom(5), logger: silentLogger };
  const factory = (client: Client) => createInformerFactory({ client, ...shared });
  const kubelets = factory(api.client);
  const pods = kubelets.informer<v1.Pod>(resources.pods);
  kubelets.start();
  await kubelets.synced();
  await addNode(api.client, clock);
  startFakeKubelet({ client: api.client, clock, pods, place: 'node-1' });
  return {
    clock,
    client: api.client,
    factory,
    start: (client: Client, informers = factory(client)) =>
      startControllers({ client, informers, ...shared, rootCa: 'ca' }),
    pods: async () => (await api.client.list<v1.Pod>(resources.pods, undefined)).items,
    async stop() {
      await kubelets.stop();
      await api.stop();
    },
  };
}

/** The node of all pods, which is well for as long as a test takes. */
async function addNode(client: Client, clock: FakeClock): Promise<void> {
  const metadata = { name: 'kube-node-lease' };
  await client.create<v1.Namespace>(resources.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata });
  const node: v1.Node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1' } };
  const created = await client.create(resources.nodes, node);
  const conditions: v1.NodeCondition[] = [{ type: 'Ready', status: 'True' }];
  await client.update(resources.nodes, { ...created, status: { conditions } }, { subresource: 'status' });
  const spec = { leaseDurationSeconds: 1_000_000, renewTime: formatMicroTime(clock.now()) };
  await client.create<coordinationv1.Lease>(resources.leases, {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'node-1', namespace: 'kube-node-lease' },
    spec,
  });
}

test('all together: a Deployment comes, is scaled, and goes with all that it made', async (t) => {
  const { clock, client, factory, start, pods, stop } = await setUp();
  const informers = factory(client);
  const controllers = await start(client, informers);
  await clock.advance(1_000);
  await controllers.ready;
  await client.create(resources.deployments, deployment('web', 3));
  await clock.advance(3_000);
  t.is((await pods()).length, 3);
  await client.patch(resources.deployments, 'default', 'web', { type: 'merge', body: { spec: { replicas: 5 } } });
  await clock.advance(3_000);
  t.is((await pods()).length, 5);
  await client.delete(resources.deployments, 'default', 'web', { propagationPolicy: 'Foreground' });
  await clock.advance(10_000);
  t.is((await pods()).length, 0);
  t.deepEqual((await client.list(resources.deployments, undefined)).items, []);
  await client.get(resources.configMaps, 'default', 'kube-root-ca.crt');
  await client.get(resources.serviceAccounts, 'kube-system', 'default');
  await controllers.stop();
  await controllers.stop();
  await informers.stop();
  await stop();
});

test('with nothing to do, they do nothing', async (t) => {
  const { clock, client, factory, start, stop } = await setUp();
  let calls = 0;
  const count =
    <A extends unknown[], R>(call: (...args: A) => R) =>
    (...args: A): R => {
      calls++;
      return call(...args);
    };
  const counting = overriding(client, {
    get: count(client.get.bind(client)) as Client['get'],
    list: count(client.list.bind(client)) as Client['list'],
    create: count(client.create.bind(client)) as Client['create'],
    update: count(client.update.bind(client)) as Client['update'],
    patch: count(client.patch.bind(client)) as Client['patch'],
    delete: count(client.delete.bind(client)) as Client['delete'],
  });
  const informers = factory(counting);
  const controllers = await start(counting, informers);
  await client.create(resources.deployments, deployment('web', 3));
  await client.create<v1.Service>(resources.services, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
  });
  await clock.advance(700_000);
  calls = 0;
  await clock.advance(600_000);
  t.is(calls, 0);
  await controllers.stop();
  await informers.stop();
  await stop();
});

test('who takes over with caches that lag does not do again what was done', async (t) => {
  const { clock, client, factory, start, pods, stop } = await setUp();
  // The successor's watches show nothing of what happens now.
  let held = false;
  const lagging = overriding(client, {
    async *watch(type, namespace, options) {
      for await (const event of client.watch(type, namespace, options)) {
        while (held && !options.signal.aborted) await settle();
        if (options.signal.aborted) return;
        yield event as never;
      }
    },
  });
  const warm = factory(lagging);
  warm.informer(resources.pods);
  warm.informer(resources.replicaSets);
  warm.informer(resources.deployments);
  warm.start();
  await warm.synced();
  await settle();
  const first = factory(client);
  const before = await start(client, first);
  held = true;
  await client.create(resources.deployments, deployment('web', 4));
  await clock.advance(3_000);
  t.is((await pods()).length, 4);
  await before.stop();
  let made = 0;
  const counting = overriding(client, {
    create(type, object, options) {
      if (type.kind !== 'Event') made++;
      return client.create(type, object, options);
    },
  });
  const after = await start(counting, warm);
  await clock.advance(3_000);
  held = false;
  await clock.advance(10_000);
  t.is(made, 0);
  t.is((await pods()).length, 4);
  await after.stop();
  await Promise.all([first.stop(), warm.stop()]);
  await stop();
});

test('they can be stopped before they could begin', async (t) => {
  const { clock, client, factory, start, stop } = await setUp();
  const broken = overriding(client, { list: () => Promise.reject(errors.serviceUnavailable('no leader')) });
  const informers = factory(broken);
  const controllers = await start(broken, informers);
  await clock.advance(5_000);
  await controllers.stop();
  await informers.stop();
  await controllers.ready;
  await stop();
  t.pass();
});
