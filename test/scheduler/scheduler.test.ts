import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import { type KubernetesObject, resources, type v1 } from '../../src/api/index.ts';
import { seededRandom, silentLogger, systemClock } from '../../src/base/index.ts';
import { createInformerFactory } from '../../src/client/index.ts';
import { startScheduler } from '../../src/scheduler/index.ts';
import { startLocalApi } from '../support/local-api.ts';
import { node, pod } from './objects.ts';

interface Recorded {
  reason: string;
  message: string;
  about: string;
}

async function start() {
  // The clock's timers don't hold the process.
  const alive = setInterval(() => {}, 1_000);
  const api = await startLocalApi(systemClock);
  const events: Recorded[] = [];
  const common = { client: api.client, clock: systemClock, random: seededRandom(1), logger: silentLogger };
  const informers = createInformerFactory(common);
  const recorder = {
    event: (about: KubernetesObject, _type: string, reason: string, message: string) => {
      events.push({ about: about.metadata.name ?? '', reason, message });
    },
  };
  const scheduler = await startScheduler({ ...common, informers, recorder });
  return {
    ...api,
    events,
    async addNode(each: v1.Node) {
      const { status, metadata, ...rest } = each;
      const created = await api.client.create<v1.Node>(resources.nodes, {
        ...rest,
        metadata: { name: metadata.name, labels: metadata.labels },
      });
      await api.client.update<v1.Node>(resources.nodes, { ...created, status }, { subresource: 'status' });
    },
    async addPod(each: v1.Pod) {
      const { uid: _uid, ...metadata } = each.metadata;
      return api.client.create<v1.Pod>(resources.pods, { ...each, metadata });
    },
    /** The pod once `done` holds of it. */
    async until(name: string, done: (pod: v1.Pod) => boolean): Promise<v1.Pod> {
      const signal = AbortSignal.timeout(10_000);
      for await (const { object } of api.client.watch<v1.Pod>(resources.pods, 'default', {
        signal,
        fieldSelector: `metadata.name=${name}`,
      })) {
        if (done(object)) return object;
      }
      throw new Error(`${name} did not come so far`);
    },
    async stop() {
      await scheduler.stop();
      await informers.stop();
      await api.stop();
      clearInterval(alive);
    },
  };
}

const bound = ({ spec }: v1.Pod): boolean => spec?.nodeName !== undefined;

test('pods are bound, and told of', async (t) => {
  const cluster = await start();
  await cluster.addNode(node('a'));
  await cluster.addPod(pod('p', { cpu: '100m' }));
  const placed = await cluster.until('p', bound);
  t.is(placed.spec?.nodeName, 'a');
  t.is(placed.status?.conditions?.find(({ type }) => type === 'PodScheduled')?.status, 'True');
  while (cluster.events.length === 0) await setImmediate();
  t.deepEqual(cluster.events, [{ about: 'p', reason: 'Scheduled', message: 'Successfully assigned default/p to a' }]);
  await cluster.stop();
});

test('a pod that fits nowhere says why, and runs when a node comes', async (t) => {
  const cluster = await start();
  await cluster.addNode(node('small', { cpu: '100m' }));
  await cluster.addPod(pod('p', { cpu: '2' }));
  const pending = await cluster.until('p', ({ status }) => (status?.conditions?.length ?? 0) > 0);
  const condition = pending.status?.conditions?.[0];
  t.like(condition, { type: 'PodScheduled', status: 'False', reason: 'Unschedulable' });
  t.regex(condition?.message ?? '', /^0\/1 nodes are available: 1 Insufficient cpu\./);
  t.is(cluster.events[0]?.reason, 'FailedScheduling');
  await cluster.addNode(node('large'));
  t.is((await cluster.until('p', bound)).spec?.nodeName, 'large');
  await cluster.stop();
});

test('room that a deleted pod leaves is used', async (t) => {
  const cluster = await start();
  await cluster.addNode(node('a', { cpu: '1' }));
  await cluster.addPod(pod('first', { cpu: '1' }));
  await cluster.until('first', bound);
  await cluster.addPod(pod('second', { cpu: '1' }));
  await cluster.until('second', ({ status }) => (status?.conditions?.length ?? 0) > 0);
  await cluster.client.delete(resources.pods, 'default', 'first', { gracePeriodSeconds: 0 });
  t.is((await cluster.until('second', bound)).spec?.nodeName, 'a');
  await cluster.stop();
});

test("another scheduler's pods, and those with gates, are left alone", async (t) => {
  const cluster = await start();
  await cluster.addNode(node('a'));
  await cluster.addPod(pod('other', { spec: { schedulerName: 'mine' } }));
  await cluster.addPod(pod('gated', { spec: { schedulingGates: [{ name: 'wait' }] } }));
  await cluster.addPod(pod('plain'));
  await cluster.until('plain', bound);
  for (const name of ['other', 'gated'])
    t.is((await cluster.client.get<v1.Pod>(resources.pods, 'default', name)).spec?.nodeName, undefined);
  await cluster.stop();
});

test('hundreds at once are spread and none is lost', async (t) => {
  const cluster = await start();
  for (const name of ['a', 'b', 'c']) await cluster.addNode(node(name, { cpu: '100' }));
  await Promise.all(
    Array.from({ length: 300 }, (_, i) => cluster.addPod(pod(`p${i}`, { cpu: '100m', memory: '1Mi' }))),
  );
  for (let i = 0; i < 300; i++) await cluster.until(`p${i}`, bound);
  const { items } = await cluster.client.list<v1.Pod>(resources.pods, 'default');
  for (const name of ['a', 'b', 'c']) t.true(items.filter(({ spec }) => spec?.nodeName === name).length >= 90);
  await cluster.stop();
});
