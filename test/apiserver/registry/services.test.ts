import test from 'ava';
import { ipRange, portRange } from '../../../src/apiserver/registry/allocators.ts';
import {
  at,
  createFixture,
  type Fixture,
  fields,
  laggingStore,
  object,
  refused,
  registryOn,
  services,
} from './harness.ts';

const service = (name: string, spec: object = {}) =>
  object('v1', 'Service', name, { spec: { ports: [{ port: 80, protocol: 'TCP' }], ...spec } });

const create = async ({ registry }: Pick<Fixture, 'registry'>, name: string, spec: object = {}) =>
  fields(await registry.create({ ...at(services), object: service(name, spec) }));

const update = async ({ registry }: Pick<Fixture, 'registry'>, name: string, spec: object) =>
  fields((await registry.update({ ...at(services), name, object: service(name, spec) })).result);

/** What the store holds as taken. */
async function taken({ store }: Fixture): Promise<string[]> {
  const { kvs } = await store.range({ key: '/keelson/allocations/', end: '/keelson/allocations0' });
  return kvs.map(({ key }) => key.split('/').at(-1)!);
}

test('a Service gets an address of its own from the range, and gives it back', async (t) => {
  const f = await createFixture(t, { serviceRange: '10.0.0.0/24' });
  const seen = new Set<string>();
  for (let i = 0; i < 50; i++) {
    const { spec, status } = await create(f, `s${i}`);
    t.regex(spec.clusterIP, /^10\.0\.0\.\d+$/);
    t.deepEqual(spec.clusterIPs, [spec.clusterIP]);
    t.deepEqual(status, { loadBalancer: {} });
    // The start of the range is for who asks by name.
    t.true(Number(spec.clusterIP.split('.')[3]) > 16);
    seen.add(spec.clusterIP);
  }
  t.is(seen.size, 50);
  t.deepEqual((await taken(f)).sort(), [...seen].sort());
  for (let i = 0; i < 50; i++) await f.registry.delete({ ...at(services), name: `s${i}` });
  t.deepEqual(await taken(f), []);
});

test('the whole range is used, and then there is an error', async (t) => {
  const f = await createFixture(t, { serviceRange: '10.0.0.0/28' });
  for (let i = 0; i < 14; i++) await create(f, `s${i}`);
  const status = await refused(t, create(f, 'more'), 'InternalError');
  t.regex(status.message!, /range is full/);
});

test('peers that know nothing of each other never hand out the same', async (t) => {
  const f = await createFixture(t, { serviceRange: '10.0.0.0/28' });
  const options = { serviceRange: '10.0.0.0/28' };
  const others = [
    registryOn(t, laggingStore(f.store), f.clock, options),
    registryOn(t, laggingStore(f.store), f.clock, options),
  ];
  const peers = [f.registry, ...others];
  const made = await Promise.all(
    Array.from({ length: 14 }, (_, i) => create({ registry: peers[i % 3]! }, `s${i}`, { type: 'NodePort' })),
  );
  t.is(new Set(made.map(({ spec }) => spec.clusterIP)).size, 14);
  t.is(new Set(made.map(({ spec }) => spec.ports[0].nodePort)).size, 14);
});

test('an address is given by name if it is free and in the range', async (t) => {
  const f = await createFixture(t);
  t.is((await create(f, 'dns', { clusterIP: '10.96.0.10' })).spec.clusterIP, '10.96.0.10');
  const again = await refused(t, create(f, 'other', { clusterIP: '10.96.0.10' }), 'Invalid');
  t.is(
    again.message,
    'Service "other" is invalid: spec.clusterIPs: Invalid value: ["10.96.0.10"]: failed to allocate IP 10.96.0.10: provided IP is already allocated',
  );
  const outside = await refused(t, create(f, 'other', { clusterIP: '192.168.0.1' }), 'Invalid');
  t.regex(outside.message!, /is not in the valid range. The range of valid IPs is 10.96.0.0\/12/);
});

test('headless and external Services have no address', async (t) => {
  const f = await createFixture(t);
  const headless = await create(f, 'headless', { clusterIP: 'None' });
  t.deepEqual([headless.spec.clusterIP, headless.spec.clusterIPs], ['None', ['None']]);
  const external = await create(f, 'external', { type: 'ExternalName', externalName: 'example.com' });
  t.is(external.spec.clusterIP, undefined);
  t.deepEqual(await taken(f), []);
});

test('node ports are allocated, or given by number, and shared by protocols', async (t) => {
  const f = await createFixture(t);
  const made = await create(f, 'a', { type: 'NodePort' });
  const { nodePort } = made.spec.ports[0];
  t.true(nodePort >= 30000 && nodePort <= 32767);
  const both = [
    { name: 'tcp', port: 53, protocol: 'TCP', nodePort: 30053 },
    { name: 'udp', port: 53, protocol: 'UDP', nodePort: 30053 },
  ];
  await t.notThrowsAsync(create(f, 'dns', { type: 'NodePort', ports: both }));
  const clash = await refused(
    t,
    create(f, 'b', { type: 'NodePort', ports: [{ port: 1, nodePort: 30053 }] }),
    'Invalid',
  );
  t.is(
    clash.message,
    'Service "b" is invalid: spec.ports[0].nodePort: Invalid value: 30053: provided port is already allocated',
  );
  const far = await refused(t, create(f, 'b', { type: 'NodePort', ports: [{ port: 1, nodePort: 80 }] }), 'Invalid');
  t.regex(far.message!, /The range of valid ports is 30000-32767/);
});

test('an update keeps what was allocated and gives back what is no longer used', async (t) => {
  const f = await createFixture(t);
  const made = await create(f, 'a', { type: 'NodePort' });
  const { clusterIP } = made.spec;
  const { nodePort } = made.spec.ports[0];
  const same = await update(f, 'a', { type: 'NodePort', ports: [{ port: 80, protocol: 'TCP', name: 'http' }] });
  t.deepEqual([same.spec.clusterIP, same.spec.ports[0].nodePort], [clusterIP, nodePort]);
  const inner = await update(f, 'a', { type: 'ClusterIP' });
  t.deepEqual([inner.spec.clusterIP, inner.spec.ports[0].nodePort], [clusterIP, undefined]);
  t.deepEqual(await taken(f), [clusterIP]);
  const external = await update(f, 'a', { type: 'ExternalName', externalName: 'example.com', ports: undefined });
  t.is(external.spec.clusterIP, undefined);
  t.deepEqual(await taken(f), []);
  const back = await update(f, 'a', { type: 'ClusterIP' });
  t.deepEqual(await taken(f), [back.spec.clusterIP]);
});

test('an address once given does not change', async (t) => {
  const f = await createFixture(t);
  const { clusterIP } = (await create(f, 'a')).spec;
  for (const wanted of ['1.2.3.4', '10.96.0.99']) {
    const patch = f.registry.patch({
      ...at(services),
      name: 'a',
      patchType: 'application/merge-patch+json',
      patch: { spec: { clusterIP: wanted } },
    });
    t.is(
      (await refused(t, patch, 'Invalid')).message,
      `Service "a" is invalid: spec.clusterIPs[0]: Invalid value: ["${wanted}"]: may not change once set`,
    );
  }
  t.deepEqual(await taken(f), [clusterIP]);
});

test('a PUT creates a Service; a dry run claims nothing', async (t) => {
  const f = await createFixture(t);
  const shown = await f.registry.create({ ...at(services), object: service('a'), dryRun: true });
  t.truthy(fields(shown).spec.clusterIP);
  t.deepEqual(await taken(f), []);
  t.truthy((await update(f, 'a', {})).spec.clusterIP);
});

test('ranges that make no sense are refused', (t) => {
  for (const text of ['10.96.0.0', '10.96.0.256/12', '10.0.0.0/30', 'fd00::/108', '']) {
    t.throws(() => ipRange(text), { code: 'INVALID_RANGE' });
  }
  for (const text of ['', '0-10', '10-5', '1-70000']) t.throws(() => portRange(text), { code: 'INVALID_RANGE' });
  const range = ipRange('10.96.7.9/12');
  t.is(range.valueAt(0), '10.96.0.1');
  t.is(range.offsetOf('10.111.255.254'), range.size - 1);
  t.is(range.offsetOf('10.112.0.0'), undefined);
  t.is(range.offsetOf('x'), undefined);
});
