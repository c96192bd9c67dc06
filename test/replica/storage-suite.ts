import type { ExecutionContext, TestFn } from 'ava';
import { errorCode } from '../../src/base/index.ts';
import type { Entry, SnapshotPosition } from '../../src/raft/index.ts';
import type { SnapshotReader, Storage, StoredState } from '../../src/replica/index.ts';

/** One place where data lives; opened several times in a row, as by a peer that restarts. */
export interface StorageHome {
  open(): Promise<Storage>;
  /** Bytes that the home takes up hardly grow with what was removed: called after things were removed. */
  remove(): Promise<void>;
}

export const identity = { clusterId: 'blue', peerId: 2 };
export const STORE = 'fe'.repeat(16);
const configuration = { voters: [1, 2, 3], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };

export function position(index: number, term = 1): SnapshotPosition {
  return { index, term, configuration };
}

export function entry(index: number, term = 1, data = `entry ${index} of term ${term}`): Entry {
  return { index, term, kind: 'command', data: Buffer.from(data) };
}

export function entries(from: number, to: number, term = 1): Entry[] {
  return Array.from({ length: to - from + 1 }, (_, i) => entry(from + i, term));
}

export async function* chunksOf(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

export async function textOf(reader: SnapshotReader | undefined): Promise<string[] | undefined> {
  if (reader === undefined) return undefined;
  const texts: string[] = [];
  for await (const chunk of reader.chunks) texts.push(Buffer.from(chunk).toString());
  return texts;
}

function texts(state: StoredState | undefined): string[] {
  return state!.entries.map(
    ({ index, term, kind, data }) => `${index}/${term}/${kind}/${Buffer.from(data).toString()}`,
  );
}

/** What every Storage must do, run against each. */
export function storageSuite(test: TestFn, name: string, makeHome: () => Promise<StorageHome>): void {
  const check = (title: string, body: (t: ExecutionContext, home: StorageHome) => Promise<void>): void => {
    test(`${name}: ${title}`, async (t) => {
      const home = await makeHome();
      try {
        await body(t, home);
      } finally {
        await home.remove();
      }
    });
  };
  const openNew = async (home: StorageHome): Promise<Storage> => {
    const storage = await home.open();
    await storage.load(identity);
    await storage.initialise(identity, STORE, position(0, 0));
    return storage;
  };
  const reopen = async (home: StorageHome, storage: Storage): Promise<{ storage: Storage; state: StoredState }> => {
    await storage.close();
    const again = await home.open();
    return { storage: again, state: (await again.load(identity))! };
  };

  check('an empty home holds nothing', async (t, home) => {
    const storage = await home.open();
    t.is(await storage.load(identity), undefined);
    t.is(await storage.readSnapshot(), undefined);
    await storage.close();
  });

  check('a new replica begins with what it was initialised with', async (t, home) => {
    const { storage, state } = await reopen(home, await openNew(home));
    const hardState = { term: 0, vote: 0, commit: 0 };
    t.deepEqual(state, {
      identity,
      store: STORE,
      founders: [1, 2, 3],
      lives: [0],
      hardState,
      snapshot: position(0, 0),
      entries: [],
      peers: new Map(),
    });
    t.is(await storage.readSnapshot(), undefined);
    await storage.close();
  });

  check('what other peers came with last is remembered', async (t, home) => {
    const first = await openNew(home);
    const other = 'ab'.repeat(16);
    await first.rememberPeer(3, { store: other, founders: [1], incarnation: 7, previous: 0 });
    await first.rememberPeer(1, { store: other, founders: [1], incarnation: 1, previous: 0 });
    await first.rememberPeer(3, { store: other, founders: [1], incarnation: 8, previous: 7 });
    const { storage, state } = await reopen(home, first);
    t.deepEqual(
      [...state.peers].sort(([a], [b]) => a - b),
      [
        [1, { store: other, founders: [1], incarnation: 1, previous: 0 }],
        [3, { store: other, founders: [1], incarnation: 8, previous: 7 }],
      ],
    );
    await storage.close();
  });

  check('data of another peer or cluster is refused', async (t, home) => {
    await (await openNew(home)).close();
    for (const other of [
      { clusterId: 'green', peerId: 2 },
      { clusterId: 'blue', peerId: 3 },
    ]) {
      const storage = await home.open();
      const error = await t.throwsAsync(storage.load(other));
      t.is(errorCode(error), 'DATA_FOREIGN');
      t.false(error!.message.includes('\n'));
      await storage.close();
    }
  });

  check('hard state and entries of every kind come back', async (t, home) => {
    const storage = await openNew(home);
    const written: Entry[] = [
      { index: 1, term: 3, kind: 'empty', data: new Uint8Array() },
      { index: 2, term: 3, kind: 'configuration', data: Buffer.from('members') },
      { index: 3, term: 2 ** 40, kind: 'command', data: Buffer.alloc(100_000, 7) },
    ];
    await storage.write({ hardState: { term: 3, vote: 1, commit: 0 }, entries: written });
    await storage.write({ hardState: { term: 2 ** 40, vote: 2, commit: 2 }, entries: [] });
    const { storage: again, state } = await reopen(home, storage);
    t.deepEqual(state.hardState, { term: 2 ** 40, vote: 2, commit: 2 });
    t.deepEqual(
      state.entries.map((each) => ({ ...each, data: Buffer.from(each.data) })),
      written.map((each) => ({ ...each, data: Buffer.from(each.data) })),
    );
    await again.close();
  });

  check('a commit index that comes with entries is kept', async (t, home) => {
    const storage = await openNew(home);
    await storage.write({ hardState: { term: 1, vote: 1, commit: 0 }, entries: entries(1, 3) });
    await storage.write({ hardState: { term: 1, vote: 1, commit: 3 }, entries: entries(4, 4) });
    const { storage: again, state } = await reopen(home, storage);
    t.deepEqual(state.hardState, { term: 1, vote: 1, commit: 3 });
    await again.close();
  });

  check('entries replace the log from their index on', async (t, home) => {
    const storage = await openNew(home);
    await storage.write({ entries: entries(1, 10) });
    await storage.write({ entries: entries(4, 5, 2) });
    await storage.write({ entries: entries(6, 6, 2) });
    const { storage: again, state } = await reopen(home, storage);
    t.deepEqual(texts(state), texts({ entries: [...entries(1, 3), ...entries(4, 6, 2)] } as unknown as StoredState));
    await again.write({ entries: entries(7, 7, 2) });
    const { storage: last, state: lastState } = await reopen(home, again);
    t.is(lastState.entries.at(-1)!.index, 7);
    await last.close();
  });

  check('lives grow in number with each start, till one is confirmed', async (t, home) => {
    let storage = await openNew(home);
    for (const [atLeast, lives] of [
      [1, [0, 1]],
      [1, [0, 1, 2]],
      [1000, [0, 1, 2, 1000]],
      [7, [0, 1, 2, 1000, 1001]],
    ] as const) {
      t.is(await storage.beginLife(atLeast), lives.at(-1)!);
      const again = await reopen(home, storage);
      t.deepEqual(again.state.lives, lives);
      storage = again.storage;
    }
    await storage.confirmLife(1001);
    t.is(await storage.beginLife(1), 1002);
    const confirmed = await reopen(home, storage);
    t.deepEqual(confirmed.state.lives, [1001, 1002]);
    await confirmed.storage.close();
  });

  check('lives that nobody hears of are remembered up to a bound', async (t, home) => {
    const storage = await openNew(home);
    await storage.confirmLife(7);
    for (let i = 0; i < 300; i++) await storage.beginLife(1);
    const { storage: again, state } = await reopen(home, storage);
    t.deepEqual([state.lives.length, state.lives[0], state.lives.at(-1)], [257, 7, 307]);
    await again.close();
  });

  check('a staged snapshot counts only once written', async (t, home) => {
    const storage = await openNew(home);
    await storage.write({ entries: entries(1, 5) });
    await storage.stageSnapshot(position(4), chunksOf('lost'));
    const first = await reopen(home, storage);
    t.deepEqual(first.state.snapshot, position(0, 0));
    t.is(await first.storage.readSnapshot(), undefined);

    const staged = await first.storage.stageSnapshot(position(4), chunksOf('a', 'bc'));
    t.is(staged.bytes, 3);
    await first.storage.write({ snapshot: staged, entries: [] });
    const second = await reopen(home, first.storage);
    t.deepEqual(second.state.snapshot, position(4));
    t.is(second.state.entries.length, 5);
    t.deepEqual(await textOf(await second.storage.readSnapshot()), ['a', 'bc']);
    await second.storage.close();
  });

  check('a snapshot whose source fails leaves nothing and breaks nothing', async (t, home) => {
    const storage = await openNew(home);
    await storage.write({ entries: entries(1, 5) });
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from('half');
      throw new Error('cut off');
    };
    await t.throwsAsync(storage.stageSnapshot(position(3), broken()), { message: 'cut off' });
    const discarded = await storage.stageSnapshot(position(3), chunksOf('unwanted'));
    await storage.discardSnapshot(discarded);
    await storage.write({ snapshot: await storage.stageSnapshot(position(4), chunksOf('whole')), entries: [] });
    t.deepEqual(await textOf(await storage.readSnapshot()), ['whole']);
    await storage.close();
  });

  check('a snapshot is readable to its end although a newer one lands', async (t, home) => {
    const storage = await openNew(home);
    await storage.write({ entries: entries(1, 9) });
    await storage.write({
      snapshot: await storage.stageSnapshot(position(3), chunksOf('old 1', 'old 2')),
      entries: [],
    });
    const readers = [await storage.readSnapshot(), await storage.readSnapshot(), await storage.readSnapshot()];
    await storage.write({ snapshot: await storage.stageSnapshot(position(6), chunksOf('new')), entries: [] });
    t.deepEqual(await textOf(readers[0]), ['old 1', 'old 2']);
    readers[2]!.close();
    readers[2]!.close();
    await storage.write({ snapshot: await storage.stageSnapshot(position(8), chunksOf('newest')), entries: [] });
    t.deepEqual(await textOf(readers[1]), ['old 1', 'old 2']);
    t.deepEqual(await textOf(await storage.readSnapshot()), ['newest']);
    await storage.close();
  });

  check('compaction drops the beginning of the log', async (t, home) => {
    const storage = await openNew(home);
    await storage.write({ hardState: { term: 1, vote: 0, commit: 9 }, entries: entries(1, 10) });
    await storage.write({ snapshot: await storage.stageSnapshot(position(8), chunksOf('s')), entries: [] });
    await storage.compact(5);
    await storage.compact(3);
    const { storage: again, state } = await reopen(home, storage);
    t.deepEqual(texts(state), texts({ entries: entries(6, 10) } as unknown as StoredState));
    t.is(state.hardState.commit, 9);
    await again.compact(8);
    await again.write({ entries: entries(11, 11) });
    const { storage: last, state: lastState } = await reopen(home, again);
    t.deepEqual(
      lastState.entries.map(({ index }) => index),
      [9, 10, 11],
    );
    await last.close();
  });

  check('a received snapshot replaces the log', async (t, home) => {
    const storage = await openNew(home);
    await storage.write({ entries: entries(1, 10) });
    const staged = await storage.stageSnapshot(position(7, 4), chunksOf('theirs'));
    await storage.write({
      hardState: { term: 4, vote: 0, commit: 7 },
      snapshot: staged,
      replaceLog: true,
      entries: entries(8, 8, 4),
    });
    const { storage: again, state } = await reopen(home, storage);
    t.deepEqual(state.snapshot, position(7, 4));
    t.deepEqual(texts(state), texts({ entries: entries(8, 8, 4) } as unknown as StoredState));
    await again.write({ entries: entries(9, 9, 4) });
    const far = await again.stageSnapshot(position(50, 5), chunksOf('far ahead'));
    await again.write({ hardState: { term: 5, vote: 0, commit: 50 }, snapshot: far, replaceLog: true, entries: [] });
    const { storage: last, state: lastState } = await reopen(home, again);
    t.deepEqual(lastState.entries, []);
    t.deepEqual(lastState.snapshot, position(50, 5));
    await last.write({ entries: entries(51, 51, 5) });
    await last.close();
  });

  check('after close everything is refused', async (t, home) => {
    const storage = await openNew(home);
    await storage.close();
    await storage.close();
    t.is(errorCode(await t.throwsAsync(storage.write({ entries: entries(1, 1) }))), 'DATA_FAILED');
    await t.throwsAsync(storage.readSnapshot());
    await t.throwsAsync(storage.compact(1));
    await t.throwsAsync(storage.beginLife(1));
  });

  check('what breaks stays broken', async (t, home) => {
    const storage = await openNew(home);
    await t.throwsAsync(storage.write({ entries: entries(5, 5) }), { message: /gap/ });
    await storage.close();
  });
}
