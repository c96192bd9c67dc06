import test from 'ava';
import { silentLogger } from '../../src/base/index.ts';
import type { Entry } from '../../src/raft/index.ts';
import { encodeBatch, encodeNote } from '../../src/replica/batch.ts';
import { openMemoryStorage, type StoreCredential, type StoredState } from '../../src/replica/index.ts';
import { KnownPeers, type KnownPeersContext } from '../../src/replica/known-peers.ts';
import { SessionTable } from '../../src/replica/sessions.ts';

const store = 'ab'.repeat(16);
const founders = [1, 2, 3];

function credential(incarnation: number, ...lives: number[]): StoreCredential {
  return { store, founders, incarnation, previous: lives.at(-1)!, lives };
}

function knownPeers(stored: Partial<StoredState> = {}, context: Partial<KnownPeersContext> = {}): KnownPeers {
  return new KnownPeers(
    { founders, peers: new Map(), entries: [], ...stored },
    { storage: openMemoryStorage(), sessions: new SessionTable(), logger: silentLogger, onDoubt() {}, ...context },
  );
}

function entry(data: Uint8Array): Entry {
  return { index: 1, term: 1, kind: 'command', data };
}

const noted = (incarnation: number): Entry[] => [entry(encodeNote({ origin: 2, incarnation }))];

test('a peer is admitted start after start, with starts in between that this one did not see', async (t) => {
  const known = knownPeers();
  t.is(await known.admit(2, credential(100, 0)), 'admitted');
  t.is(await known.admit(2, credential(100, 0)), 'admitted');
  t.is(await known.admit(2, credential(200, 0, 100)), 'admitted');
  t.is(await known.admit(2, credential(500, 0, 100, 200, 300, 400)), 'admitted');
  // Others saw the starts up to 900, and it knows that they did.
  t.is(await known.admit(2, credential(1100, 900, 1000)), 'admitted');
  t.is(known.incarnationOf(2), 1100);
});

test('an older copy of a store is not admitted, however high its incarnation, however often it was started', async (t) => {
  const last = credential(200, 100);
  const known = knownPeers({ peers: new Map([[2, last]]) });
  // Copied after the start of 100, and started again at 300 by its clock.
  t.is(await known.admit(2, credential(300, 100)), 'disowned');
  t.is(await known.admit(2, credential(500, 100, 300, 400)), 'disowned');
  t.is(await known.admit(2, { ...credential(300, 200), store: 'cd'.repeat(16) }), 'disowned');
  t.is(await known.admit(2, last), 'admitted');
});

test('older software tells the start before only', async (t) => {
  const known = knownPeers();
  const { lives: _, ...first } = credential(200, 100);
  t.is(await known.admit(2, first), 'admitted');
  t.is(known.versionOf(2), 1);
  t.is(await known.admit(2, { ...first, incarnation: 300, previous: 200 }), 'admitted');
  t.is(await known.admit(2, { ...first, incarnation: 400, previous: 200 }), 'disowned');
});

test('who never met a life refuses older copies by its note in the log, and by the state', async (t) => {
  const applied = new SessionTable();
  applied.accept({ origin: 2, incarnation: 200, sequence: 0, commands: [] });
  const learned = knownPeers();
  learned.learn(noted(200));
  for (const known of [knownPeers({ entries: noted(200) }), learned, knownPeers({}, { sessions: applied })]) {
    t.is(await known.admit(2, credential(300, 0, 100)), 'disowned');
    t.is(await known.admit(2, credential(200, 0, 100)), 'admitted');
    t.is(await known.admit(2, credential(300, 0, 100, 200)), 'admitted');
  }
});

test('what other entries hold is nobody’s life', async (t) => {
  const known = knownPeers();
  const batch = { origin: 2, incarnation: 200, sequence: 1, commands: [] };
  known.learn([entry(encodeBatch(batch)), { ...entry(encodeNote(batch)), kind: 'configuration' }]);
  t.is(await known.admit(2, credential(300, 100)), 'admitted');
});

test('a copy that was let in before the log told of a later life must come again, and is refused', async (t) => {
  const doubts: number[] = [];
  const sessions = new SessionTable();
  const known = knownPeers({}, { sessions, onDoubt: (peer) => doubts.push(peer) });
  const copy = credential(300, 0, 100);
  t.is(await known.admit(2, copy), 'admitted');
  known.learn(noted(100));
  t.deepEqual(doubts, []);
  known.learn(noted(200));
  t.deepEqual(doubts, [2]);
  t.is(await known.admit(2, copy), 'disowned');
  // The same by a snapshot.
  const other = knownPeers({}, { sessions, onDoubt: (peer) => doubts.push(peer) });
  t.is(await other.admit(2, copy), 'admitted');
  sessions.accept({ origin: 2, incarnation: 200, sequence: 0, commands: [] });
  other.reviewAll();
  t.deepEqual(doubts, [2, 2]);
});

test('a log that tells of a life while that is being remembered is heard', async (t) => {
  const gate = Promise.withResolvers<void>();
  const known = knownPeers({}, { storage: openMemoryStorage(undefined, { beforeSync: () => gate.promise }) });
  const answer = known.admit(2, credential(300, 0, 100));
  await new Promise((resolve) => setImmediate(resolve));
  known.learn(noted(200));
  gate.resolve();
  t.is(await answer, 'disowned');
});

test('nobody is admitted before it is durable who it is, however many connections it makes', async (t) => {
  const gate = Promise.withResolvers<void>();
  const known = knownPeers({}, { storage: openMemoryStorage(undefined, { beforeSync: () => gate.promise }) });
  let admitted = 0;
  const answers = [1, 2].map(async () => {
    t.is(await known.admit(2, credential(100, 0)), 'admitted');
    admitted += 1;
  });
  await new Promise((resolve) => setImmediate(resolve));
  t.is(admitted, 0);
  gate.resolve();
  await Promise.all(answers);
});

test('peers that were told of other members are refused, those that joined later are not', async (t) => {
  const known = knownPeers();
  t.is(await known.admit(2, { ...credential(1, 0), founders: [1, 2] }), 'members-differ');
  t.is(await known.admit(4, { ...credential(1, 0), founders: [] }), 'admitted');
});

test('software older than the cluster’s version is refused', async (t) => {
  const sessions = new SessionTable();
  const known = knownPeers({}, { sessions });
  t.is(await known.admit(2, credential(100, 0)), 'admitted');
  sessions.accept({ origin: 0, incarnation: 2, sequence: 0, commands: [] });
  t.is(await known.admit(2, credential(100, 0)), 'too-old');
  t.is(await known.admit(2, { ...credential(200, 100), version: 2 }), 'admitted');
  t.is(known.versionOf(2), 2);
});
