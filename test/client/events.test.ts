import test from 'ava';
import { errors, resources, type v1 } from '../../src/api/index.ts';
import { silentLogger } from '../../src/base/index.ts';
import { EventBroadcaster } from '../../src/client/index.ts';
import { FakeClient } from '../support/fake-client.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';

const pod = (name = 'web'): v1.Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop', uid: `uid-of-${name}`, resourceVersion: '7' },
});

function setUp(host?: string) {
  const clock = new FakeClock();
  const client = new FakeClient(clock);
  const broadcaster = new EventBroadcaster({
    client,
    clock,
    logger: silentLogger,
    ...(host === undefined ? {} : { host }),
  });
  const events = (): v1.Event[] => client.all<v1.Event>(resources.events);
  return { clock, client, broadcaster, events };
}

test('an event says what happened to what, when, and who saw it', async (t) => {
  const { clock, broadcaster, events } = setUp('node-1');
  broadcaster.recorderFor('kubelet').event(pod(), 'Warning', 'BackOff', 'waiting', { fieldPath: 'spec.containers{a}' });
  await broadcaster.flush();
  const [event] = events();
  t.like(event, {
    involvedObject: {
      apiVersion: 'v1',
      kind: 'Pod',
      namespace: 'shop',
      name: 'web',
      uid: 'uid-of-web',
      resourceVersion: '7',
      fieldPath: 'spec.containers{a}',
    },
    type: 'Warning',
    reason: 'BackOff',
    message: 'waiting',
    count: 1,
    firstTimestamp: '2026-01-02T03:04:05Z',
    lastTimestamp: '2026-01-02T03:04:05Z',
    source: { component: 'kubelet', host: 'node-1' },
    reportingComponent: 'kubelet',
    reportingInstance: 'node-1',
  });
  t.is(event!.metadata.namespace, 'shop');
  const [, stamp] = /^web\.([0-9a-f]+)$/.exec(event!.metadata.name!)!;
  t.is(Number(BigInt(`0x${stamp}`) / 1_000_000n), clock.now());
});

test('events about cluster-scoped objects lie in the default namespace', async (t) => {
  const { broadcaster, events } = setUp();
  const node: v1.Node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n', uid: 'u' } };
  broadcaster.recorderFor('node-controller').event(node, 'Normal', 'NodeReady', 'ready');
  await broadcaster.flush();
  t.is(events()[0]!.metadata.namespace, 'default');
  t.is(events()[0]!.involvedObject.namespace, undefined);
});

test('a repeat raises the count of the one there is; when that is gone it is made anew', async (t) => {
  const { clock, client, broadcaster, events } = setUp();
  const recorder = broadcaster.recorderFor('test');
  const repeat = async (): Promise<void> => {
    recorder.event(pod(), 'Normal', 'Pulled', 'pulled');
    await broadcaster.flush();
  };
  await repeat();
  await clock.advance(5_000);
  await repeat();
  t.is(events().length, 1);
  t.like(events()[0], { count: 2, firstTimestamp: '2026-01-02T03:04:05Z', lastTimestamp: '2026-01-02T03:04:10Z' });
  client.vanish(resources.events, 'shop', events()[0]!.metadata.name!);
  await repeat();
  t.like(events()[0], { count: 3 });
});

test('from the tenth message on, events that differ only in it are combined', async (t) => {
  const { broadcaster, events } = setUp();
  const recorder = broadcaster.recorderFor('test');
  for (let i = 1; i <= 14; i++) recorder.event(pod(), 'Warning', 'Failed', `message ${i}`);
  await broadcaster.flush();
  t.is(events().length, 10);
  t.like(events()[9], { message: '(combined from similar events): message 14', count: 5 });
});

test('after ten quiet minutes, events are told apart again', async (t) => {
  const { clock, broadcaster, events } = setUp();
  const recorder = broadcaster.recorderFor('test');
  for (let i = 1; i <= 9; i++) recorder.event(pod(), 'Warning', 'Failed', `message ${i}`);
  await broadcaster.flush();
  await clock.advance(601_000);
  recorder.event(pod(), 'Warning', 'Failed', 'message 10');
  await broadcaster.flush();
  t.is(events().at(-1)!.message, 'message 10');
});

test('more than 25 events about one object are dropped, until five minutes later one may come', async (t) => {
  const { clock, broadcaster, events, client } = setUp();
  const recorder = broadcaster.recorderFor('test');
  for (let i = 0; i < 40; i++) recorder.event(pod(), 'Normal', 'Pulled', 'pulled');
  recorder.event(pod('other'), 'Normal', 'Pulled', 'pulled');
  await broadcaster.flush();
  t.is(events()[0]!.count, 25);
  t.is(events().length, 2);
  await clock.advance(300_000);
  const calls = client.calls.length;
  recorder.event(pod(), 'Normal', 'Pulled', 'pulled');
  recorder.event(pod(), 'Normal', 'Pulled', 'pulled');
  await broadcaster.flush();
  t.is(client.calls.length - calls, 1);
});

test('an event that can not be written now is written later; one that is refused is dropped', async (t) => {
  const { clock, client, broadcaster, events } = setUp();
  const recorder = broadcaster.recorderFor('test');
  client.intercept = () => {
    throw errors.serviceUnavailable('no leader');
  };
  recorder.event(pod(), 'Normal', 'Pulled', 'pulled');
  await settle();
  t.is(client.calls.length, 1);
  client.intercept = ({ object }) => {
    if ((object as v1.Event).reason === 'Refused')
      throw errors.forbidden(resources.events, 'x', 'namespace is being terminated');
  };
  recorder.event(pod(), 'Normal', 'Refused', 'refused');
  await clock.advance(10_000);
  await broadcaster.flush();
  t.is(client.calls.length, 3);
  t.deepEqual(
    events().map(({ reason }) => reason),
    ['Pulled'],
  );
});

test('an event is given up after twelve tries', async (t) => {
  const { clock, client, broadcaster } = setUp();
  client.intercept = () => {
    throw errors.serviceUnavailable('no leader');
  };
  broadcaster.recorderFor('test').event(pod(), 'Normal', 'Pulled', 'pulled');
  await clock.advance(600_000);
  t.is(client.calls.length, 12);
});

test('stopping drops what waits', async (t) => {
  const { client, clock, broadcaster } = setUp();
  client.intercept = () => {
    throw errors.serviceUnavailable('no leader');
  };
  const recorder = broadcaster.recorderFor('test');
  recorder.event(pod(), 'Normal', 'A', 'a');
  recorder.event(pod(), 'Normal', 'B', 'b');
  await settle();
  await broadcaster.stop();
  recorder.event(pod(), 'Normal', 'C', 'c');
  await clock.advance(100_000);
  t.is(client.calls.length, 1);
  t.is(clock.pending, 0);
});

test('who records more than can be written is not remembered forever', async (t) => {
  const { client, broadcaster, events } = setUp();
  const recorder = broadcaster.recorderFor('test');
  for (let i = 0; i < 1_500; i++) recorder.event(pod(`p${i}`), 'Normal', 'A', 'a');
  await broadcaster.flush();
  t.is(events().length, 1_000);
  t.is(client.calls.length, 1_000);
});
