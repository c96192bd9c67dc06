import test from 'ava';
import { errorCode } from '../../src/base/index.ts';
import { MemoryDisk, openMemoryStorage } from '../../src/replica/index.ts';
import { entries, identity, position, STORE, storageSuite } from './storage-suite.ts';

storageSuite(test, 'memory', async () => {
  const disk = new MemoryDisk();
  return { open: async () => openMemoryStorage(disk), remove: async () => {} };
});

test('what was not synced at a crash is lost', async (t) => {
  const disk = new MemoryDisk();
  const never = new Promise<void>(() => {});
  let sync: () => Promise<void> = async () => {};
  const crashed = openMemoryStorage(disk, { beforeSync: () => sync() });
  await crashed.initialise(identity, STORE, position(0, 0));
  await crashed.write({ entries: entries(1, 2) });
  sync = () => never;
  void crashed.write({ entries: entries(3, 4) });
  const state = await openMemoryStorage(disk).load(identity);
  t.is(state!.entries.length, 2);
  t.is(errorCode(await t.throwsAsync(crashed.load(identity))), 'DATA_FAILED');
});

test('a disk that fails stays failed', async (t) => {
  let broken = false;
  const storage = openMemoryStorage(new MemoryDisk(), {
    beforeSync: async () => {
      if (broken) throw new Error('no space left');
    },
  });
  await storage.initialise(identity, STORE, position(0, 0));
  broken = true;
  t.is(errorCode(await t.throwsAsync(storage.write({ entries: entries(1, 1) }))), 'DATA_FAILED');
  broken = false;
  t.is(errorCode(await t.throwsAsync(storage.write({ entries: entries(1, 1) }))), 'DATA_FAILED');
});
