import test from 'ava';
import { silentLogger } from '../../src/base/index.ts';
import type { Entry } from '../../src/raft/index.ts';
import { openMemoryStorage, type Storage, type StoreCredential } from '../../src/replica/index.ts';
import { KnownPeers } from '../../src/replica/known-peers.ts';
import { SessionTable } from '../../src/replica/sessions.ts';

const store = 'ab'.repeat(16);

function knownPeers(peers: Map<number, StoreCredential>, storage: Storage, entries: Entry[] = []): KnownPeers {
  const sessions = new SessionTable();
  const founders = [1, 2, 3];
  return new KnownPeers({ founders, peers, entries }, { storage, sessions, logger: silentLogger, onDoubt() {} });
}

test('a peer is admitted start after start, with starts in between that this one did not see', async (t) => {
  const known = knownPeers(new Map(), openMemoryStorage());
  t.is(await known.admit(2, { store, founders: [1, 2, 3], incarnation: 100, previous: 0 }), 'admitted');
  t.is(await known.admit(2, { store, founders: [1, 2, 3], incarnation: 100, previous: 0 }), 'admitted');
  t.is(await known.admit(2, { store, founders: [1, 2, 3], incarnation: 200, previous: 100 }), 'admitted');
  t.is(await known.admit(2, { store, founders: [1, 2, 3], incarnation: 400, previous: 300 }), 'admitted');
});

test('an older copy of a store is not admitted, however high its incarnation', async (t) => {
  const last = { store, founders: [1, 2, 3], incarnation: 200, previous: 100 };
  const known = knownPeers(new Map([[2, last]]), openMemoryStorage());
  // Copied after the start of 100, and started again at 300 by its clock.
  t.is(await known.admit(2, { store, founders: [1, 2, 3], incarnation: 300, previous: 100 }), 'disowned');
  t.is(
    await known.admit(2, { store: 'cd'.repeat(16), founders: [1, 2, 3], incarnation: 300, previous: 200 }),
    'disowned',
  );
  t.is(await known.admit(2, last), 'admitted');
});

test('nobody is admitted before it is durable who it is, however many connections it makes', async (t) => {
  const gate = Promise.withResolvers<void>();
  const storage = openMemoryStorage(undefined, { beforeSync: () => gate.promise });
  const known = knownPeers(new Map(), storage);
  let admitted = 0;
  const first = { store, founders: [1, 2, 3], incarnation: 100, previous: 0 };
  const answers = [first, first].map(async (credential) => {
    t.is(await known.admit(2, credential), 'admitted');
    admitted += 1;
  });
  await new Promise((resolve) => setImmediate(resolve));
  t.is(admitted, 0);
  gate.resolve();
  await Promise.all(answers);
});

test('peers that were told of other members are refused, those that joined later are not', async (t) => {
  const known = knownPeers(new Map(), openMemoryStorage());
  const credential = { store, founders: [1, 2], incarnation: 1, previous: 0 };
  t.is(await known.admit(2, credential), 'members-differ');
  t.is(await known.admit(4, { ...credential, founders: [] }), 'admitted');
});
