import test from 'ava';
import { at, createFixture, type Fixture, object, Recorder, refused, typeOf } from './harness.ts';

const events = typeOf('events');
const event = (name: string) =>
  object('v1', 'Event', name, { involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' } });
const create = ({ registry }: Fixture, name: string) => registry.create({ ...at(events), object: event(name) });

test('events of a minute share a lease of the store', async (t) => {
  const f = await createFixture(t);
  for (let i = 0; i < 20; i++) await create(f, `e${i}`);
  t.is((await f.store.leases()).length, 1);
  await f.clock.advance(61_000);
  for (let i = 20; i < 40; i++) await create(f, `e${i}`);
  t.is((await f.store.leases()).length, 2);
});

test('an event lives an hour after it was last written', async (t) => {
  const f = await createFixture(t);
  const seen = new Recorder();
  await create(f, 'old');
  await create(f, 'renewed');
  await f.registry.watch({ ...at(events), resourceVersion: String(f.registry.revision), ...seen });
  await f.clock.advance(40 * 60_000);
  await f.registry.patch({
    ...at(events),
    name: 'renewed',
    patchType: 'application/merge-patch+json',
    patch: { count: 2 },
  });
  await f.clock.advance(30 * 60_000);
  t.deepEqual(seen.told, ['MODIFIED renewed', 'DELETED old']);
  await refused(t, f.registry.get({ ...at(events), name: 'old' }), 'NotFound');
  await t.notThrowsAsync(f.registry.get({ ...at(events), name: 'renewed' }));
  await f.clock.advance(40 * 60_000);
  await refused(t, f.registry.get({ ...at(events), name: 'renewed' }), 'NotFound');
});

test('a lease that is lost is replaced', async (t) => {
  const f = await createFixture(t);
  await create(f, 'a');
  for (const id of await f.store.leases()) await f.store.leaseRevoke(id);
  await t.notThrowsAsync(create(f, 'b'));
});

test('a dry run takes no lease', async (t) => {
  const f = await createFixture(t);
  await f.registry.create({ ...at(events), object: event('a'), dryRun: true });
  t.deepEqual(await f.store.leases(), []);
});
