import test from 'ava';
import { type coordinationv1, formatMicroTime, formatTime, resources, type v1 } from '../../src/api/index.ts';
import { nodeLifecycleController } from '../../src/controllers/node-lifecycle/index.ts';
import { taintEvictionController } from '../../src/controllers/taint-eviction.ts';
import { bind, setReady } from '../support/fake-kubelet.ts';
import { podTemplate, startHarness } from './harness.ts';

type Lease = coordinationv1.Lease;

async function setUp() {
  const harness = await startHarness({
    controllers: [nodeLifecycleController, taintEvictionController],
    kubelet: { place: undefined, startMs: () => undefined, stopMs: 10 },
  });
  const { client, clock } = harness;
  await client.create<v1.Namespace>(resources.namespaces, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'kube-node-lease' },
  });
  const condition = (type: string, status: 'True' | 'False'): v1.NodeCondition => ({
    type,
    status,
    reason: 'Kubelet',
    message: 'said by the kubelet',
    lastHeartbeatTime: formatTime(clock.now()),
    lastTransitionTime: formatTime(clock.now()),
  });
  const report = async (name: string, statuses: Record<string, 'True' | 'False'>): Promise<void> => {
    const node = await client.get<v1.Node>(resources.nodes, undefined, name);
    const conditions = Object.entries(statuses).map(([type, status]) => condition(type, status));
    await client.update(
      resources.nodes,
      { ...node, status: { ...node.status, conditions } },
      { subresource: 'status' },
    );
  };
  return {
    ...harness,
    report,
    async join(name: string, leaseDurationSeconds?: number, leaseAfterMs = 0) {
      await client.create<v1.Node>(resources.nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name } });
      await report(name, { MemoryPressure: 'False', Ready: 'True' });
      if (leaseDurationSeconds === undefined) return;
      await clock.advance(leaseAfterMs);
      const spec = { holderIdentity: name, leaseDurationSeconds, renewTime: formatMicroTime(clock.now()) };
      await client.create<Lease>(resources.leases, {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name, namespace: 'kube-node-lease' },
        spec,
      });
    },
    /** Renews so often during that time. */
    async renewing(name: string, everyMs: number, forMs: number) {
      for (let passed = 0; passed < forMs; passed += everyMs) {
        const body = { spec: { renewTime: formatMicroTime(clock.now()) } };
        await client.patch(resources.leases, 'kube-node-lease', name, { type: 'merge', body });
        await clock.advance(everyMs);
      }
    },
    node: (name: string) => client.get<v1.Node>(resources.nodes, undefined, name),
    async pod(name: string, node: string, tolerations: v1.Toleration[] = []) {
      const spec: v1.PodSpec = { ...podTemplate({}).spec!, tolerations, terminationGracePeriodSeconds: 1 };
      const created = await client.create<v1.Pod>(resources.pods, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: 'default' },
        spec,
      });
      await bind(client, created, node);
      await setReady(client, clock, created, true);
      await clock.advance(50);
    },
    async podNames() {
      return (await harness.list<v1.Pod>(resources.pods)).map(({ metadata }) => metadata.name!).sort();
    },
  };
}

const taints = ({ spec }: v1.Node): string[] =>
  (spec?.taints ?? []).map(({ key, effect }) => `${key}:${effect}`).sort();
const ready = ({ status }: v1.Node): v1.NodeCondition => status!.conditions!.find(({ type }) => type === 'Ready')!;

const lost = ['node.kubernetes.io/unreachable:NoExecute', 'node.kubernetes.io/unreachable:NoSchedule'];

test('a node that stops renewing its Lease is unknown after the time that the Lease says', async (t) => {
  const { clock, join, renewing, node, pod, client, events, stop } = await setUp();
  await join('n1', 8);
  await pod('p', 'n1', [{ operator: 'Exists' }]);
  await renewing('n1', 2_000, 60_000);
  t.is(ready(await node('n1')).status, 'True');
  await clock.advance(5_000);
  t.is(ready(await node('n1')).status, 'True');
  await clock.advance(2_000);
  const silent = await node('n1');
  t.like(ready(silent), {
    status: 'Unknown',
    reason: 'NodeStatusUnknown',
    message: 'Kubelet stopped posting node status.',
  });
  t.deepEqual(taints(silent), lost);
  t.deepEqual(
    silent.status!.conditions!.map(({ type, status }) => `${type} ${status}`),
    ['MemoryPressure Unknown', 'Ready Unknown', 'DiskPressure Unknown', 'PIDPressure Unknown'],
  );
  const affected = await client.get<v1.Pod>(resources.pods, 'default', 'p');
  t.is(affected.status!.conditions!.find(({ type }) => type === 'Ready')!.status, 'False');
  t.true((await events('n1')).includes('Normal NodeNotReady: Node n1 status is now: NodeNotReady'));
  t.true((await events('p')).includes('Warning NodeNotReady: Node is not ready'));
  await stop();
});

test('a node without a Lease has forty seconds from its last status', async (t) => {
  const { clock, join, node, stop } = await setUp();
  await join('n1');
  await clock.advance(39_000);
  t.is(ready(await node('n1')).status, 'True');
  await clock.advance(2_000);
  t.is(ready(await node('n1')).status, 'Unknown');
  await stop();
});

test('a Lease that comes after its node shortens the wait', async (t) => {
  const { clock, join, node, stop } = await setUp();
  await join('n1', 8, 1_000);
  await clock.advance(7_000);
  t.is(ready(await node('n1')).status, 'True');
  await clock.advance(2_000);
  t.is(ready(await node('n1')).status, 'Unknown');
  await stop();
});

test('a node whose clock is wrong is judged by whether its Lease changes', async (t) => {
  const { clock, client, join, node, stop } = await setUp();
  await join('n1', 8);
  for (let i = 0; i < 10; i++) {
    const renewTime = formatMicroTime(clock.now() - 86_400_000);
    await client.patch(resources.leases, 'kube-node-lease', 'n1', { type: 'merge', body: { spec: { renewTime } } });
    await clock.advance(4_000);
  }
  t.is(ready(await node('n1')).status, 'True');
  await stop();
});

test('a node that speaks again is as good as before', async (t) => {
  const { clock, join, report, node, events, stop } = await setUp();
  await join('n1', 8);
  await clock.advance(10_000);
  t.deepEqual(taints(await node('n1')), lost);
  await report('n1', { MemoryPressure: 'False', Ready: 'True' });
  await clock.advance(100);
  t.deepEqual(taints(await node('n1')), []);
  await clock.advance(10_000);
  t.deepEqual(taints(await node('n1')), lost);
  t.is((await events('n1')).length, 1, 'the same event twice is one with a count');
  await stop();
});

test('conditions and cordoning become taints; other taints stay', async (t) => {
  const { clock, client, join, report, node, stop } = await setUp();
  await join('n1', 40);
  const patch = (spec: unknown) => client.patch(resources.nodes, undefined, 'n1', { type: 'merge', body: { spec } });
  await patch({ taints: [{ key: 'own', value: 'x', effect: 'NoSchedule' }] });
  await report('n1', { MemoryPressure: 'True', DiskPressure: 'True', Ready: 'False' });
  await patch({ unschedulable: true });
  await clock.advance(100);
  t.deepEqual(taints(await node('n1')), [
    'node.kubernetes.io/disk-pressure:NoSchedule',
    'node.kubernetes.io/memory-pressure:NoSchedule',
    'node.kubernetes.io/not-ready:NoExecute',
    'node.kubernetes.io/not-ready:NoSchedule',
    'node.kubernetes.io/unschedulable:NoSchedule',
    'own:NoSchedule',
  ]);
  await report('n1', { MemoryPressure: 'False', DiskPressure: 'False', Ready: 'True' });
  await patch({ unschedulable: null });
  await clock.advance(100);
  t.deepEqual(taints(await node('n1')), ['own:NoSchedule']);
  await stop();
});

test('a new node takes nothing before it is ready', async (t) => {
  const { clock, client, node, stop } = await setUp();
  await client.create<v1.Node>(resources.nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } });
  await clock.advance(100);
  t.deepEqual(taints(await node('n1')), ['node.kubernetes.io/not-ready:NoSchedule']);
  await clock.advance(41_000);
  t.like(ready(await node('n1')), { status: 'Unknown', reason: 'NodeStatusNeverUpdated' });
  await stop();
});

test('pods leave a lost node when they no longer tolerate it', async (t) => {
  const { join, renewing, pod, podNames, client, events, stop } = await setUp();
  await join('n1', 8);
  await join('n2', 8);
  const unreachable = { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' } as const;
  await pod('intolerant', 'n1');
  await pod('patient', 'n1', [{ ...unreachable, tolerationSeconds: 10 }]);
  await pod('bound', 'n1', [unreachable]);
  await pod('elsewhere', 'n2');
  await renewing('n2', 2_000, 12_000);
  t.deepEqual(await podNames(), ['bound', 'elsewhere', 'patient']);
  t.true(
    (await events('intolerant')).includes('Normal TaintManagerEviction: Marking for deletion Pod default/intolerant'),
  );
  await renewing('n2', 2_000, 12_000);
  t.deepEqual(await podNames(), ['bound', 'elsewhere']);
  t.is((await client.get<v1.Pod>(resources.pods, 'default', 'bound')).metadata.deletionTimestamp, undefined);
  await stop();
});

test('a node that comes back in time keeps its pods', async (t) => {
  const { clock, join, renewing, report, pod, podNames, events, stop } = await setUp();
  await join('n1', 8);
  await pod('patient', 'n1', [
    { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 30 },
  ]);
  await clock.advance(20_000);
  await report('n1', { Ready: 'True' });
  await renewing('n1', 2_000, 60_000);
  t.deepEqual(await podNames(), ['patient']);
  t.true((await events('patient')).includes('Normal TaintManagerEviction: Cancelling deletion of Pod default/patient'));
  await stop();
});
