import test from 'ava';
import { silentLogger } from '../../src/base/index.ts';
import { openMemoryStorage } from '../../src/replica/index.ts';
import { KnownPeers } from '../../src/replica/known-peers.ts';

const store = 'ab'.repeat(16);

test('a peer is admitted start after start, with starts in between that this one did not see', async (t) => {
  const known = new KnownPeers(openMemoryStorage(), new Map(), silentLogger);
  t.true(await known.admit(2, { store, incarnation: 100, previous: 0 }));
  t.true(await known.admit(2, { store, incarnation: 100, previous: 0 }));
  t.true(await known.admit(2, { store, incarnation: 200, previous: 100 }));
  t.true(await known.admit(2, { store, incarnation: 400, previous: 300 }));
});

test('an older copy of a store is not admitted, however high its incarnation', async (t) => {
  const last = { store, incarnation: 200, previous: 100 };
  const known = new KnownPeers(openMemoryStorage(), new Map([[2, last]]), silentLogger);
  // Copied after the start of 100, and started again at 300 by its clock.
  t.false(await known.admit(2, { store, incarnation: 300, previous: 100 }));
  t.false(await known.admit(2, { store: 'cd'.repeat(16), incarnation: 300, previous: 200 }));
  t.true(await known.admit(2, last));
});
