import test from 'ava';
import fc from 'fast-check';
import { ApiError } from '../../../src/api/index.ts';
import {
  at,
  configMap,
  configMaps,
  createFixture,
  type Fixture,
  fields,
  laggingStore,
  lease,
  leases,
  refused,
  registryOn,
} from './harness.ts';

const fence = (holderIdentity: string, leaseTransitions: number) => ({
  namespace: 'default',
  name: 'leader',
  holderIdentity,
  leaseTransitions,
});

async function take({ registry }: Pick<Fixture, 'registry'>, holder: string, transitions: number): Promise<void> {
  const object = lease('leader', holder, transitions);
  const current = await registry.get({ ...at(leases), name: 'leader' }).catch(() => undefined);
  if (current === undefined) await registry.create({ ...at(leases), object });
  else {
    Object.assign(object.metadata, { resourceVersion: current.object.metadata.resourceVersion });
    await registry.update({ ...at(leases), name: 'leader', object });
  }
}

test('who holds the lease writes; who no longer does is refused, whatever it writes', async (t) => {
  const f = await createFixture(t);
  await take(f, 'a', 0);
  const asA = { ...at(configMaps), fence: fence('a', 0) };
  await f.registry.create({ ...asA, object: configMap('x') });
  await f.registry.create({ ...asA, object: configMap('y') });
  await take(f, 'b', 1);
  const attempts = [
    f.registry.create({ ...asA, object: configMap('z') }),
    f.registry.update({ ...asA, name: 'x', object: configMap('x', { by: 'a' }) }),
    f.registry.patch({ ...asA, name: 'x', patchType: 'application/merge-patch+json', patch: { data: { by: 'a' } } }),
    f.registry.delete({ ...asA, name: 'x' }),
  ];
  for (const attempt of attempts) {
    const status = await refused(t, attempt, 'Conflict');
    t.is(status.code, 409);
    t.is(status.details?.causes?.[0]?.reason, 'FencingLost');
  }
  t.deepEqual(fields(await f.registry.get({ ...at(configMaps), name: 'x' })).data, undefined);
  await t.notThrowsAsync(f.registry.delete({ ...at(configMaps), name: 'x', fence: fence('b', 1) }));
});

test('renewing a lease does not touch its fence, giving it up does', async (t) => {
  const f = await createFixture(t);
  await take(f, 'a', 0);
  const before = await f.store.range({ key: '/keelson/fences/default/leader' });
  await f.registry.patch({
    ...at(leases),
    name: 'leader',
    patchType: 'application/merge-patch+json',
    patch: { spec: { renewTime: '2026-01-02T03:04:05.000006Z' } },
  });
  const after = await f.store.range({ key: '/keelson/fences/default/leader' });
  t.is(after.kvs[0]!.modRevision, before.kvs[0]!.modRevision);
  const asA = { ...at(configMaps), fence: fence('a', 0) };
  await t.notThrowsAsync(f.registry.create({ ...asA, object: configMap('x') }));
  await f.registry.patch({
    ...at(leases),
    name: 'leader',
    patchType: 'application/merge-patch+json',
    patch: { spec: { holderIdentity: null } },
  });
  await refused(t, f.registry.create({ ...asA, object: configMap('y') }), 'Conflict');
});

test('without its lease nobody writes under it', async (t) => {
  const f = await createFixture(t);
  const asA = { ...at(configMaps), fence: fence('a', 0) };
  await refused(t, f.registry.create({ ...asA, object: configMap('x') }), 'Conflict');
  await take(f, 'a', 0);
  await f.registry.create({ ...asA, object: configMap('x') });
  await f.registry.delete({ ...at(leases), name: 'leader' });
  await refused(t, f.registry.create({ ...asA, object: configMap('y') }), 'Conflict');
});

test('in every interleaving no write of a deposed holder comes after its successor took over', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 6 }), async (scheduler, writes) => {
      const f = await createFixture(t);
      // Every transaction is held up, and let through in the order that the scheduler likes.
      const slow = { ...laggingStore(f.store) };
      const { txn } = slow;
      slow.txn = scheduler.scheduleFunction(txn);
      const deposed = registryOn(t, slow, f.clock);
      await take(f, 'a', 0);
      await deposed.ready();
      await f.registry.create({ ...at(configMaps), object: configMap('log') });
      const asA = { ...at(configMaps), name: 'log', fence: fence('a', 0) };
      const outcomes = Array.from({ length: writes }, (_, i) =>
        deposed
          .patch({ ...asA, patchType: 'application/merge-patch+json', patch: { data: { [`a${i}`]: 'x' } } })
          .then(({ result }) => Number(result.object.metadata.resourceVersion))
          .catch((error) => {
            if (error instanceof ApiError && error.status.details?.causes?.[0]?.reason === 'FencingLost') return 0;
            throw error;
          }),
      );
      let tookOverAt = 0;
      const takeOver = scheduler.schedule(Promise.resolve()).then(async () => {
        await take(f, 'b', 1);
        tookOverAt = f.registry.revision;
      });
      await scheduler.waitFor(Promise.all([takeOver, ...outcomes]));
      for (const version of await Promise.all(outcomes)) t.true(version < tookOverAt, `${version} after ${tookOverAt}`);
      const { data = {} } = fields(await f.registry.get({ ...at(configMaps), name: 'log' }));
      const written = (await Promise.all(outcomes)).filter((version) => version > 0).length;
      t.is(Object.keys(data).length, written);
    }),
    { numRuns: 40 },
  );
});
