import test from 'ava';
import { resources, type v1 } from '../../src/api/index.ts';
import { seededRandom, silentLogger } from '../../src/base/index.ts';
import {
  type ControllerMetrics,
  createController,
  createInformerFactory,
  type Key,
  type ReconcileResult,
  source,
} from '../../src/client/index.ts';
import { FakeClient } from '../support/fake-client.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';

const configMap = (name: string): v1.ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default', labels: { app: 'x' } },
});

function setUp(reconcile: (key: Key, signal: AbortSignal) => Promise<ReconcileResult | undefined>) {
  const clock = new FakeClock();
  const client = new FakeClient(clock);
  const informers = createInformerFactory({ client, clock, random: seededRandom(1), logger: silentLogger });
  const informer = informers.informer<v1.ConfigMap>(resources.configMaps);
  const outcomes: string[] = [];
  const metrics: ControllerMetrics = {
    reconciled: (_, outcome) => outcomes.push(outcome),
    queued: () => {},
  };
  const keys: Key[] = [];
  const controller = createController({
    name: 'test',
    reconciler: {
      reconcile(key, signal) {
        keys.push(key);
        return reconcile(key, signal);
      },
    },
    clock,
    logger: silentLogger,
    sources: [source(informer), source(informer, ({ object }) => [`label/${object.metadata.labels?.['app']}`])],
    metrics,
  });
  return { clock, client, informers, controller, keys, outcomes };
}

test('reconciles the keys of changed objects once it is started', async (t) => {
  const { client, informers, controller, keys, outcomes } = setUp(async () => undefined);
  informers.start();
  await informers.synced();
  await settle();
  await client.create(resources.configMaps, configMap('a'));
  await settle();
  t.deepEqual(keys, []);
  controller.start();
  await settle();
  t.deepEqual(keys, ['default/a', 'label/x']);
  t.deepEqual(outcomes, ['success', 'success']);
  t.true(controller.idle);
  await controller.stop();
  await client.create(resources.configMaps, configMap('b'));
  await settle();
  t.is(keys.length, 2);
  await informers.stop();
});

test('what fails, even by throwing at once, is tried again with back-off', async (t) => {
  let failures = 0;
  const { clock, controller, keys, outcomes } = setUp(() => {
    if (failures++ < 6) throw new TypeError('broken');
    return Promise.resolve(undefined);
  });
  controller.start();
  controller.enqueue('a');
  await clock.advance(5 + 10 + 20 + 40 + 80 + 160 - 1);
  t.is(keys.length, 6);
  await clock.advance(1);
  t.is(keys.length, 7);
  t.deepEqual(outcomes, [...Array(6).fill('error'), 'success']);
  t.true(controller.idle);
});

test('a reconciler may ask to look again later', async (t) => {
  const { clock, controller, keys } = setUp(async () => (keys.length === 1 ? { requeueAfterMs: 1_000 } : undefined));
  controller.start();
  controller.enqueue('a', 10);
  await clock.advance(10);
  t.is(keys.length, 1);
  await clock.advance(999);
  t.is(keys.length, 1);
  await clock.advance(1);
  t.is(keys.length, 2);
});

test('stopping aborts what is under way and waits for it', async (t) => {
  let ended = false;
  const { clock, controller, outcomes } = setUp(async (_key, signal) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    await settle();
    ended = true;
    throw signal.reason;
  });
  controller.start();
  controller.enqueue('a');
  await settle();
  await controller.stop();
  t.true(ended);
  t.deepEqual(outcomes, []);
  t.is(clock.pending, 0);
});
