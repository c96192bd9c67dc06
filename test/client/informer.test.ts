import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { errors, resources, type v1 } from '../../src/api/index.ts';
import { seededRandom, silentLogger } from '../../src/base/index.ts';
import { type Change, createInformerFactory, type Informer, keyOf } from '../../src/client/index.ts';
import { FakeClient } from '../support/fake-client.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';

const configMap = (name: string, data: Record<string, string> = {}, namespace = 'default'): v1.ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data,
});

function setUp() {
  const clock = new FakeClock();
  const client = new FakeClient(clock);
  const informers = createInformerFactory({ client, clock, random: seededRandom(7), logger: silentLogger });
  const put = async (name: string, data: Record<string, string> = {}): Promise<void> => {
    const exists = client.all(resources.configMaps).some(({ metadata }) => metadata.name === name);
    await (exists ? client.update : client.create).call(client, resources.configMaps, configMap(name, data));
  };
  const drop = (name: string): Promise<void> => client.delete(resources.configMaps, 'default', name);
  return { clock, client, informers, put, drop };
}

/** What a handler is told, as short texts. */
function record(informer: Informer<v1.ConfigMap>): string[] {
  const seen: string[] = [];
  informer.onChange((change) => seen.push(`${change.type} ${change.object.metadata.name}`));
  return seen;
}

test('lists what exists, then follows changes', async (t) => {
  const { informers, put, drop } = setUp();
  await put('a');
  const informer = informers.informer<v1.ConfigMap>(resources.configMaps);
  const seen = record(informer);
  informers.start();
  await informers.synced();
  t.deepEqual(seen, ['added a']);
  await settle();
  await put('b');
  await put('a', { x: '1' });
  await drop('b');
  await settle();
  t.deepEqual(seen, ['added a', 'added b', 'updated a', 'deleted b']);
  t.deepEqual(informer.get('default', 'a')?.data, { x: '1' });
  t.is(informer.get('default', 'b'), undefined);
  await informers.stop();
});

test('a handler that comes late is told what exists; one that left is told nothing', async (t) => {
  const { informers, put } = setUp();
  await put('a');
  const informer = informers.informer<v1.ConfigMap>(resources.configMaps);
  informers.start();
  await informers.synced();
  const seen: string[] = [];
  const end = informer.onChange(({ type }) => seen.push(type));
  t.deepEqual(seen, ['added']);
  end();
  await settle();
  await put('b');
  await settle();
  t.deepEqual(seen, ['added']);
  await informers.stop();
});

test('a handler that throws keeps nobody else from hearing', async (t) => {
  const { informers, put } = setUp();
  const informer = informers.informer<v1.ConfigMap>(resources.configMaps);
  informer.onChange(() => {
    throw new Error('broken');
  });
  const seen = record(informer);
  informers.start();
  await informers.synced();
  await settle();
  await put('a');
  await settle();
  t.deepEqual(seen, ['added a']);
  await informers.stop();
});

test('resumes a closed watch without listing again', async (t) => {
  const { clock, client, informers, put } = setUp();
  const informer = informers.informer<v1.ConfigMap>(resources.configMaps);
  const seen = record(informer);
  informers.start();
  await informers.synced();
  await settle();
  client.breakWatches();
  await put('a');
  await clock.advance(1_000);
  t.deepEqual(seen, ['added a']);
  t.is(client.calls.filter(({ verb }) => verb === 'list').length, 1);
  await informers.stop();
});

test('lists again when history is gone, and reports what was deleted meanwhile', async (t) => {
  const { clock, client, informers, put, drop } = setUp();
  for (const name of ['a', 'b', 'c']) await put(name);
  const informer = informers.informer<v1.ConfigMap>(resources.configMaps);
  informers.start();
  await informers.synced();
  await settle();
  const seen = record(informer);
  seen.splice(0);
  client.breakWatches();
  await put('b', { new: 'yes' });
  await drop('c');
  // Deleted and made again: another object under the same name.
  await drop('a');
  await put('a');
  await put('d');
  client.compact();
  await clock.advance(10_000);
  t.deepEqual(seen.toSorted(), ['added a', 'added d', 'deleted a', 'deleted c', 'updated b']);
  t.true(seen.indexOf('deleted a') < seen.indexOf('added a'));
  t.is(client.calls.filter(({ verb }) => verb === 'list').length, 2);
  await informers.stop();
});

test('a list that fails is tried again, ever more rarely', async (t) => {
  const { clock, client, informers } = setUp();
  client.intercept = ({ verb }) => {
    if (verb === 'list') throw errors.serviceUnavailable('no leader');
  };
  informers.informer<v1.ConfigMap>(resources.configMaps);
  informers.start();
  await clock.advance(60_000);
  const lists = client.calls.length;
  t.true(lists > 5 && lists < 20, `${lists} lists in a minute`);
  client.intercept = () => {};
  await clock.advance(30_000);
  await informers.synced();
  await informers.stop();
});

test('stopping before the first list rejects who waits for it', async (t) => {
  const { client, informers } = setUp();
  client.intercept = () => {
    throw errors.serviceUnavailable('no leader');
  };
  const informer = informers.informer<v1.ConfigMap>(resources.configMaps);
  informers.start();
  await settle();
  const refreshed = informers.refresh();
  await informers.stop();
  await t.throwsAsync(informer.synced(), { name: 'AbortError' });
  await t.throwsAsync(refreshed, { name: 'AbortError' });
  const { informers: neverStarted } = setUp();
  const unsynced = neverStarted.informer<v1.ConfigMap>(resources.configMaps).synced();
  await neverStarted.stop();
  await t.throwsAsync(unsynced, { name: 'AbortError' });
});

test('refresh brings a lagging cache up to date', async (t) => {
  const { client, informers, put } = setUp();
  const informer = informers.informer<v1.ConfigMap>(resources.configMaps);
  informers.start();
  await informers.synced();
  await settle();
  client.hold();
  await put('a');
  await settle();
  t.is(informer.get('default', 'a'), undefined);
  await informers.refresh();
  t.not(informer.get('default', 'a'), undefined);
  client.release();
  await settle();
  t.is(informer.list().length, 1);
  await informers.stop();
});

test('informers are shared per kind and selector; indexes add up, after the start too', async (t) => {
  const { client, informers, put } = setUp();
  await put('a', { team: 'red' });
  const byTeam = ({ data }: v1.ConfigMap): string[] => (data?.['team'] ? [data['team']] : []);
  const first = informers.informer<v1.ConfigMap>(resources.configMaps, { indexes: { team: byTeam } });
  informers.start();
  await informers.synced();
  const second = informers.informer<v1.ConfigMap>(resources.configMaps, {
    indexes: { name: (o) => [o.metadata.name!] },
  });
  t.is(first, second);
  t.deepEqual(second.byIndex('team', 'red').map(keyOf), ['default/a']);
  t.deepEqual(second.byIndex('name', 'a').map(keyOf), ['default/a']);
  t.throws(() => second.byIndex('colour', 'red'), { message: /no index named colour/ });
  t.not(informers.informer(resources.configMaps, { fieldSelector: 'metadata.name=a' }), first as never);
  await settle();
  await put('a', { team: 'blue' });
  await settle();
  t.deepEqual(first.byIndex('team', 'red'), []);
  t.deepEqual(first.byIndex('team', 'blue').map(keyOf), ['default/a']);
  t.is(client.watches, 2);
  await informers.stop();
  t.is(client.watches, 0);
});

type Step = { do: 'put' | 'drop' | 'break' | 'expire' | 'refresh' | 'wait'; name: string; value: string };

const steps = fc.array(
  fc.record<Step>({
    do: fc.constantFrom('put', 'put', 'drop', 'break', 'expire', 'refresh', 'wait'),
    name: fc.constantFrom('a', 'b', 'c'),
    value: fc.constantFrom('1', '2', '3'),
  }),
  { maxLength: 40 },
);

test('whatever breaks, the cache converges, and the changes told add up to it', async (t) => {
  await fc.assert(
    fc.asyncProperty(steps, (list) => converges(t, list)),
    { numRuns: 60 },
  );
});

async function converges(t: ExecutionContext, list: readonly Step[]): Promise<void> {
  const { clock, client, informers, put, drop } = setUp();
  const indexes = { value: ({ data }: v1.ConfigMap) => Object.values(data ?? {}) };
  const informer = informers.informer<v1.ConfigMap>(resources.configMaps, { indexes });
  const told = new Map<string, v1.ConfigMap>();
  informer.onChange((change) => follow(t, told, change));
  informers.start();
  for (const step of list) {
    if (step.do === 'put') await put(step.name, { value: step.value });
    else if (step.do === 'drop') await drop(step.name).catch(() => {});
    else if (step.do === 'break') client.breakWatches();
    else if (step.do === 'refresh') void informers.refresh().catch(() => {});
    else if (step.do === 'wait') await clock.advance(500);
    else {
      client.breakWatches();
      client.compact();
    }
  }
  await clock.advance(120_000);
  const sorted = (objects: Iterable<v1.ConfigMap>): v1.ConfigMap[] =>
    [...objects].sort((a, b) => (a.metadata.name! < b.metadata.name! ? -1 : 1));
  const truth = sorted(client.all<v1.ConfigMap>(resources.configMaps));
  t.deepEqual(sorted(informer.list()), truth);
  t.deepEqual(sorted(informer.list('default')), truth);
  t.deepEqual(sorted(told.values()), truth);
  for (const value of ['1', '2', '3']) {
    t.deepEqual(
      sorted(informer.byIndex('value', value)),
      truth.filter(({ data }) => data?.['value'] === value),
    );
  }
  await informers.stop();
}

/** Applies a change to a model, checking that it fits what was told before. */
function follow(t: ExecutionContext, told: Map<string, v1.ConfigMap>, change: Change<v1.ConfigMap>): void {
  const key = keyOf(change.object);
  const known = told.get(key);
  if (change.type === 'added') t.is(known, undefined);
  else t.is(known?.metadata.uid, change.object.metadata.uid);
  if (change.type === 'updated') t.is(change.old, known!);
  if (change.type === 'deleted') told.delete(key);
  else told.set(key, change.object);
}
