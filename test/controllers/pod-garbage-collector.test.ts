import test from 'ava';
import { resources, type v1 } from '../../src/api/index.ts';
import { podGarbageCollector } from '../../src/controllers/pod-garbage-collector.ts';
import { bind, setStatus } from '../support/fake-kubelet.ts';
import { podTemplate, startHarness } from './harness.ts';

async function setUp() {
  const harness = await startHarness({
    controllers: [podGarbageCollector],
    kubelet: false,
    options: { terminatedPodGcThreshold: 2, nodeQuarantineMs: 10_000 },
  });
  const { client } = harness;
  return {
    ...harness,
    addNode: (name: string) =>
      client.create<v1.Node>(resources.nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name } }),
    async pod(name: string, node?: string) {
      const created = await client.create<v1.Pod>(resources.pods, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: 'default' },
        spec: podTemplate({}).spec!,
      });
      if (node !== undefined) await bind(client, created, node);
    },
    names: async () => (await harness.list<v1.Pod>(resources.pods)).map(({ metadata }) => metadata.name!).sort(),
  };
}

test('pods of a node that is gone go after a while, unless it comes back', async (t) => {
  const { clock, client, addNode, pod, names, stop } = await setUp();
  await addNode('n1');
  await addNode('n2');
  await pod('a', 'n1');
  await pod('b', 'n2');
  await clock.advance(100);
  await client.delete(resources.nodes, undefined, 'n1');
  await client.delete(resources.nodes, undefined, 'n2');
  await clock.advance(9_000);
  t.deepEqual(await names(), ['a', 'b']);
  await addNode('n2');
  await clock.advance(2_000);
  t.deepEqual(await names(), ['b']);
  await clock.advance(60_000);
  t.deepEqual(await names(), ['b']);
  await stop();
});

test('pods that go on a node declared out of service are not waited for', async (t) => {
  const { clock, client, addNode, pod, names, stop } = await setUp();
  await addNode('n1');
  await pod('going', 'n1');
  await pod('staying', 'n1');
  await client.delete(resources.pods, 'default', 'going');
  await clock.advance(60_000);
  t.deepEqual(await names(), ['going', 'staying']);
  const taints = [{ key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' }];
  await client.patch(resources.nodes, undefined, 'n1', { type: 'merge', body: { spec: { taints } } });
  await clock.advance(100);
  t.deepEqual(await names(), ['staying']);
  await stop();
});

test('of ended pods, the oldest beyond the threshold go', async (t) => {
  const { clock, client, addNode, pod, names, stop } = await setUp();
  await addNode('n1');
  for (const name of ['a', 'b', 'c', 'd']) {
    await pod(name, 'n1');
    await setStatus(client, 'default', name, { phase: name === 'b' ? 'Running' : 'Succeeded' });
    await clock.advance(2_000);
  }
  t.deepEqual(await names(), ['b', 'c', 'd']);
  await stop();
});

test('a pod deleted before it had a node has nobody to end it', async (t) => {
  const { clock, client, pod, names, stop } = await setUp();
  await pod('a');
  await client.patch(resources.pods, 'default', 'a', {
    type: 'merge',
    body: { metadata: { finalizers: ['example.com/x'] } },
  });
  await client.delete(resources.pods, 'default', 'a');
  await clock.advance(100);
  await client
    .patch(resources.pods, 'default', 'a', { type: 'merge', body: { metadata: { finalizers: null } } })
    .catch(() => {});
  await clock.advance(1_000);
  t.deepEqual(await names(), []);
  await stop();
});
