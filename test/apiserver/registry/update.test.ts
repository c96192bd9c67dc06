import test from 'ava';
import {
  at,
  configMap,
  configMaps,
  createFixture,
  deployment,
  deployments,
  fields,
  laggingStore,
  lease,
  leases,
  refused,
  registryOn,
} from './harness.ts';

test('an update needs the version that is there, or none', async (t) => {
  const { registry } = await createFixture(t);
  const first = fields(await registry.create({ ...at(configMaps), object: configMap('a', { n: '1' }) }));
  const put = (object: object) =>
    registry.update({ ...at(configMaps), name: 'a', object: structuredClone(object) as never });
  const { result, created } = await put({ ...first, data: { n: '2' } });
  t.false(created);
  t.true(Number(result.object.metadata.resourceVersion) > Number(first.metadata.resourceVersion));
  const status = await refused(t, put({ ...first, data: { n: '3' } }), 'Conflict');
  t.is(status.code, 409);
  t.regex(status.message!, /^Operation cannot be fulfilled on configmaps "a": the object has been modified/);
  await put(configMap('a', { n: '4' }));
  t.deepEqual(fields(await registry.get({ ...at(configMaps), name: 'a' })).data, { n: '4' });
});

test('an update keeps what only the system decides', async (t) => {
  const { registry } = await createFixture(t);
  const { metadata } = fields(await registry.create({ ...at(configMaps), object: configMap('a') }));
  const changed = configMap('a', { n: '1' });
  Object.assign(changed.metadata, {
    creationTimestamp: '2001-01-01T00:00:00Z',
    generation: 9,
    deletionTimestamp: '2001-01-01T00:00:00Z',
  });
  const { result } = await registry.update({ ...at(configMaps), name: 'a', object: changed });
  const { resourceVersion: _, ...kept } = metadata;
  const { resourceVersion: __, managedFields, ...now } = result.object.metadata;
  t.deepEqual(now, kept);
  t.is(managedFields?.length, 1);
});

test('an update that changes nothing writes nothing', async (t) => {
  const { registry, store } = await createFixture(t);
  const first = await registry.create({ ...at(configMaps), object: configMap('a', { x: '1', y: '2' }) });
  const { revision } = await store.status();
  const { result } = await registry.update({
    ...at(configMaps),
    name: 'a',
    object: configMap('a', { y: '2', x: '1' }),
  });
  t.is(result.object.metadata.resourceVersion, first.object.metadata.resourceVersion);
  t.is((await store.status()).revision, revision);
});

test('an update of another object of the same name is refused', async (t) => {
  const { registry } = await createFixture(t);
  await registry.create({ ...at(configMaps), object: configMap('a') });
  const other = configMap('a');
  Object.assign(other.metadata, { uid: 'another' });
  const status = await refused(t, registry.update({ ...at(configMaps), name: 'a', object: other }), 'Conflict');
  t.regex(status.message!, /Precondition failed: UID in precondition: another, UID in object meta: /);
});

test('body and path must name the same object', async (t) => {
  const { registry } = await createFixture(t);
  await registry.create({ ...at(configMaps), object: configMap('a') });
  const named = await refused(
    t,
    registry.update({ ...at(configMaps), name: 'a', object: configMap('b') }),
    'BadRequest',
  );
  t.is(named.message, 'the name of the object (b) does not match the name on the URL (a)');
  const elsewhere = configMap('a');
  Object.assign(elsewhere.metadata, { namespace: 'other' });
  const placed = await refused(t, registry.update({ ...at(configMaps), name: 'a', object: elsewhere }), 'BadRequest');
  t.is(placed.message, 'the namespace of the object (other) does not match the namespace on the request (default)');
});

test('what is not there is not found, or created where the kind allows it', async (t) => {
  const { registry } = await createFixture(t);
  await refused(t, registry.update({ ...at(configMaps), name: 'a', object: configMap('a') }), 'NotFound');
  const made = await registry.update({ ...at(leases), name: 'l', object: lease('l', 'me') });
  t.true(made.created);
  t.truthy(made.result.object.metadata.uid);
});

test('who means an object that is gone does not create another', async (t) => {
  const { registry } = await createFixture(t);
  const first = fields(await registry.create({ ...at(leases), object: lease('l', 'me') }));
  await registry.delete({ ...at(leases), name: 'l' });
  await refused(t, registry.update({ ...at(leases), name: 'l', object: structuredClone(first) }), 'Conflict');
});

test('a Lease can not be replaced blindly', async (t) => {
  const { registry } = await createFixture(t);
  await registry.create({ ...at(leases), object: lease('l', 'me') });
  const status = await refused(
    t,
    registry.update({ ...at(leases), name: 'l', object: lease('l', 'other') }),
    'Invalid',
  );
  t.is(status.details?.causes?.[0]?.field, 'metadata.resourceVersion');
});

test('spec and status are written apart, and only the spec counts generations', async (t) => {
  const { registry } = await createFixture(t);
  await registry.create({ ...at(deployments), object: deployment('web', 1) });
  const changed = { ...deployment('web', 2), status: { replicas: 9 } } as never;
  const main = fields(
    (await registry.update({ ...at(deployments), name: 'web', object: structuredClone(changed) })).result,
  );
  t.is(main.spec.replicas, 2);
  t.deepEqual(main.status, {});
  t.is(main.metadata.generation, 2);

  const reported = { ...deployment('web', 7), status: { replicas: 2, observedGeneration: 2 } } as never;
  const status = fields(
    (await registry.update({ ...at(deployments), name: 'web', subresource: 'status', object: reported })).result,
  );
  t.is(status.spec.replicas, 2);
  t.deepEqual(status.status, { replicas: 2, observedGeneration: 2 });
  t.is(status.metadata.generation, 2);
});

test('annotations of a Deployment count as a generation, its labels do not', async (t) => {
  const { registry } = await createFixture(t);
  await registry.create({ ...at(deployments), object: deployment('web') });
  const with_ = async (metadata: object, subresource?: string) => {
    const patch = { metadata };
    const { result } = await registry.patch({
      ...at(deployments),
      name: 'web',
      ...(subresource === undefined ? {} : { subresource }),
      patchType: 'application/merge-patch+json',
      patch,
    });
    return result.object.metadata.generation;
  };
  t.is(await with_({ labels: { a: 'b' } }), 1);
  t.is(await with_({ annotations: { a: 'b' } }), 2);
  t.is(await with_({ annotations: { a: 'c' } }, 'status'), 2);
});

test('a peer that lags behind decides on what is really there', async (t) => {
  const { registry, store, clock } = await createFixture(t);
  const first = fields(await registry.create({ ...at(configMaps), object: configMap('a', { n: '1' }) }));
  const behind = registryOn(t, laggingStore(store), clock);
  await behind.ready();
  const second = fields(
    (await registry.update({ ...at(configMaps), name: 'a', object: { ...first, data: { n: '2' } } })).result,
  );
  // It knows only the first version, yet takes a change of the second, and refuses one of the first.
  await refused(t, behind.update({ ...at(configMaps), name: 'a', object: { ...first, data: { n: '!' } } }), 'Conflict');
  const lagging = laggingStore(store);
  const other = registryOn(t, lagging, clock);
  await other.ready();
  const third = fields(
    (await registry.update({ ...at(configMaps), name: 'a', object: { ...second, data: { n: '3' } } })).result,
  );
  const { result } = await other.update({ ...at(configMaps), name: 'a', object: { ...third, data: { n: '4' } } });
  t.deepEqual(fields(result).data, { n: '4' });
});

test('a peer that lags behind does not take a change for none', async (t) => {
  const { registry, store, clock } = await createFixture(t);
  await registry.create({ ...at(configMaps), object: configMap('a', { n: '1' }) });
  const behind = registryOn(t, laggingStore(store), clock);
  await behind.ready();
  await registry.update({ ...at(configMaps), name: 'a', object: configMap('a', { n: '2' }) });
  await behind.update({ ...at(configMaps), name: 'a', object: configMap('a', { n: '1' }) });
  t.deepEqual(fields(await registry.get({ ...at(configMaps), name: 'a' })).data, { n: '1' });
});

test('a dry run of an update writes nothing', async (t) => {
  const { registry, store } = await createFixture(t);
  const first = await registry.create({ ...at(configMaps), object: configMap('a') });
  const { revision } = await store.status();
  const { result } = await registry.update({
    ...at(configMaps),
    name: 'a',
    object: configMap('a', { n: '1' }),
    dryRun: true,
  });
  t.deepEqual(fields(result).data, { n: '1' });
  t.is(result.object.metadata.resourceVersion, first.object.metadata.resourceVersion);
  t.is((await store.status()).revision, revision);
});
