import test from 'ava';
import { errors, resources, type v1 } from '../../src/api/index.ts';
import { silentLogger } from '../../src/base/index.ts';
import { StatusWriter } from '../../src/kubelet/status-writer.ts';
import { FakeClient } from '../support/fake-client.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';

async function setUp() {
  const clock = new FakeClock();
  const client = new FakeClient(clock);
  const metadata = { name: 'web', namespace: 'default' };
  const pod: v1.Pod = await client.create(resources.pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: { containers: [] },
    status: { phase: 'Pending' },
  } as v1.Pod);
  const writer = new StatusWriter(client, clock, silentLogger);
  const writes = () => client.calls.filter(({ verb }) => verb === 'patch' || verb === 'delete');
  const status = (): v1.PodStatus | undefined => client.all<v1.Pod>(resources.pods)[0]?.status;
  return { clock, client, pod, writer, writes, status };
}

test('only changes are written, and the newest of what waits', async (t) => {
  const { pod, writer, writes, status } = await setUp();
  t.deepEqual(writer.current(pod), { phase: 'Pending' });
  writer.set(pod, { phase: 'Pending' });
  await settle();
  t.is(writes().length, 0);
  writer.set(pod, { phase: 'Pending', hostIP: '1.2.3.4' });
  writer.set(pod, { phase: 'Running', hostIP: '1.2.3.4' });
  writer.set(pod, { phase: 'Running', hostIP: '1.2.3.4', podIP: '5.6.7.8' });
  await settle();
  t.deepEqual(status(), { phase: 'Running', hostIP: '1.2.3.4', podIP: '5.6.7.8' });
  t.true(writes().length <= 2);
  const [first] = writes();
  t.is((first!.object as v1.Pod).metadata.uid, pod.metadata.uid);
  t.deepEqual((writes().at(-1)!.object as v1.Pod).status, { phase: 'Running', podIP: '5.6.7.8' });
  t.like(writer.current(pod), { phase: 'Running' });
});

test('what is taken back is cleared; conditions of others are left alone', async (t) => {
  const { pod, writer, writes } = await setUp();
  const foreign = { type: 'example.com/gate', status: 'True' } as v1.PodCondition;
  const ready: v1.PodCondition = { type: 'Ready', status: 'False', reason: 'ContainersNotReady', message: 'm' };
  writer.set(pod, { phase: 'Running', reason: 'R', message: 'M', podIPs: [{ ip: '1' }], conditions: [foreign, ready] });
  await settle();
  writer.set(pod, {
    phase: 'Running',
    podIPs: [{ ip: '2' }],
    conditions: [foreign, { type: 'Ready', status: 'True' }],
  });
  await settle();
  t.deepEqual((writes().at(-1)!.object as v1.Pod).status as unknown, {
    conditions: [{ type: 'Ready', status: 'True', reason: null, message: null }],
    podIPs: [{ $patch: 'replace' }, { ip: '2' }],
    reason: null,
    message: null,
  });
});

test('what fails is tried again, ever later, with the newest status', async (t) => {
  const { clock, client, pod, writer, writes, status } = await setUp();
  client.intercept = () => {
    throw errors.serviceUnavailable('no leader');
  };
  writer.set(pod, { phase: 'Running' });
  await settle();
  await clock.advance(200 + 400 + 800);
  t.is(writes().length, 4);
  writer.set(pod, { phase: 'Succeeded' });
  client.intercept = () => {};
  await clock.advance(1600);
  t.deepEqual(status(), { phase: 'Succeeded' });
  t.is(clock.pending, 0);
});

test('a pod that has ended is deleted once its last status is written', async (t) => {
  const { pod, client, writer, writes } = await setUp();
  writer.set(pod, { phase: 'Failed' });
  writer.remove(pod);
  await settle();
  t.deepEqual(
    writes().map(({ verb }) => verb),
    ['patch', 'delete'],
  );
  t.deepEqual(writes()[1]!.object, { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } });
  t.is(client.all(resources.pods).length, 0);
  // Again, as when the news of it is slow to come: not found is as good.
  writer.remove(pod);
  await settle();
  t.is(client.calls.at(-1)!.verb, 'delete');
});

test('nothing is written to another pod of that name, nor after the stop', async (t) => {
  const { clock, pod, client, writer, writes, status } = await setUp();
  client.vanish(resources.pods, 'default', 'web');
  await client.create(resources.pods, {
    ...pod,
    metadata: { name: 'web', namespace: 'default' },
    status: { phase: 'Pending' },
  });
  writer.set(pod, { phase: 'Running' });
  await settle();
  t.deepEqual(status(), { phase: 'Pending' });
  const count = writes().length;
  writer.stop();
  writer.set(pod, { phase: 'Failed' });
  await clock.advance(100_000);
  t.is(writes().length, count);
});
