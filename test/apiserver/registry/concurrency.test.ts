import test from 'ava';
import fc from 'fast-check';
import { reasonOf } from '../../../src/api/index.ts';
import { at, configMap, configMaps, createFixture, fields, laggingStore, registryOn } from './harness.ts';

test('no update is lost, whoever writes through whichever peer', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 2, max: 6 }),
      fc.array(fc.record({ writer: fc.nat(5), patch: fc.boolean() }), { minLength: 5, maxLength: 60 }),
      async (writers, steps) => {
        const { registry, store, clock } = await createFixture(t);
        const peers = [
          registry,
          ...Array.from({ length: writers - 1 }, () => registryOn(t, laggingStore(store), clock)),
        ];
        await registry.create({ ...at(configMaps), object: configMap('counter', { n: '0' }) });
        // From here on every peer knows some state of it, though not always the latest.
        for (const peer of peers) await peer.get({ ...at(configMaps), name: 'counter' });
        let expected = 0;
        const increment = async (peer: (typeof peers)[number], index: number, patch: boolean): Promise<void> => {
          if (patch) {
            // A patch of a field of its own never conflicts.
            const change = { data: { [`p${index}`]: 'x' } };
            const request = { ...at(configMaps), name: 'counter', patchType: 'application/merge-patch+json' as const };
            await peer.patch({ ...request, patch: change });
            return;
          }
          for (;;) {
            const current = fields(await peer.get({ ...at(configMaps), name: 'counter', resourceVersion: '0' }));
            const object = { ...current, data: { ...current.data, n: String(Number(current.data.n) + 1) } };
            try {
              await peer.update({ ...at(configMaps), name: 'counter', object });
              expected++;
              return;
            } catch (error) {
              if (reasonOf(error) !== 'Conflict') throw error;
              await peer.get({ ...at(configMaps), name: 'counter' });
            }
          }
        };
        await Promise.all(steps.map(({ writer, patch }, index) => increment(peers[writer % writers]!, index, patch)));
        const { data } = fields(await registry.get({ ...at(configMaps), name: 'counter' }));
        t.is(Number(data.n), expected);
        steps.forEach(({ patch }, index) => {
          if (patch) t.is(data[`p${index}`], 'x');
        });
      },
    ),
    { numRuns: 25 },
  );
});

test('of many who create the same name one succeeds', async (t) => {
  const { registry, store, clock } = await createFixture(t);
  const peers = [registry, registryOn(t, laggingStore(store), clock), registryOn(t, laggingStore(store), clock)];
  const outcomes = await Promise.allSettled(
    Array.from({ length: 30 }, (_, index) =>
      peers[index % 3]!.create({ ...at(configMaps), object: configMap('one', { by: String(index) }) }),
    ),
  );
  t.is(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') t.is(reasonOf(outcome.reason), 'AlreadyExists');
  }
});
