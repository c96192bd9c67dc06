import { fork } from 'node:child_process';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { ClassicLevel } from 'classic-level';
import { errorCode } from '../../src/base/index.ts';
import { openLevelStorage } from '../../src/replica/index.ts';
import { keys, seal } from '../../src/replica/level-records.ts';
import { chunksOf, entries, entry, identity, position, STORE, storageSuite, textOf } from './storage-suite.ts';

async function makeDirectory(t?: ExecutionContext): Promise<string> {
  const directory = await fs.mkdtemp(path.join(os.tmpdir(), 'keelson-storage-'));
  t?.teardown(() => fs.rm(directory, { recursive: true, force: true }));
  return path.join(directory, 'data');
}

storageSuite(test, 'level', async () => {
  const directory = await makeDirectory();
  return {
    open: () => openLevelStorage(directory),
    remove: () => fs.rm(path.dirname(directory), { recursive: true, force: true }),
  };
});

/** A directory with ten entries, a snapshot at five, compacted to three. */
async function makeFilled(t: ExecutionContext): Promise<string> {
  const directory = await makeDirectory(t);
  const storage = await openLevelStorage(directory);
  await storage.initialise(identity, STORE, position(0, 0));
  await storage.write({ hardState: { term: 1, vote: 2, commit: 6 }, entries: entries(1, 10) });
  await storage.write({ snapshot: await storage.stageSnapshot(position(5), chunksOf('one', 'two')), entries: [] });
  await storage.compact(3);
  await storage.close();
  return directory;
}

async function refusal(t: ExecutionContext, directory: string): Promise<string> {
  const attempt = async (): Promise<void> => {
    const storage = await openLevelStorage(directory);
    try {
      await storage.load(identity);
      for await (const _ of (await storage.readSnapshot())?.chunks ?? []);
    } finally {
      await storage.close();
    }
  };
  const error = await t.throwsAsync(attempt());
  t.regex(error!.message, /^[^\n]+: [^\n]+$/, 'one line that says what to do');
  t.true(error!.message.includes(directory), error!.message);
  return errorCode(error)!;
}

async function tamper(
  directory: string,
  change: (database: ClassicLevel<Buffer, Buffer>) => Promise<void>,
): Promise<void> {
  const database = new ClassicLevel<Buffer, Buffer>(directory, { keyEncoding: 'buffer', valueEncoding: 'buffer' });
  await change(database);
  await database.close();
}

for (const [what, key] of Object.entries({
  'a log entry': keys.entry(7),
  'the hard state': keys.hardState,
  'the identity': keys.identity,
  'the record of the snapshot': keys.snapshot,
  'a chunk': keys.chunk(1, 1),
  'the floor': keys.floor,
})) {
  test(`a flipped bit in ${what} is found`, async (t) => {
    const directory = await makeFilled(t);
    await tamper(directory, async (database) => {
      const value = (await database.get(key))!;
      value[value.length - 1]! ^= 0x10;
      await database.put(key, value);
    });
    t.is(await refusal(t, directory), 'DATA_CORRUPT');
  });
}

for (const [what, key] of Object.entries({
  'first entry': keys.entry(4),
  'entry in the middle': keys.entry(8),
  'record of the snapshot': keys.snapshot,
  chunk: keys.chunk(1, 0),
})) {
  test(`a missing ${what} is found`, async (t) => {
    const directory = await makeFilled(t);
    await tamper(directory, (database) => database.del(key));
    t.is(await refusal(t, directory), 'DATA_CORRUPT');
  });
}

test('a log that ends before the commit index or the snapshot is found', async (t) => {
  for (const last of [5, 4]) {
    const directory = await makeFilled(t);
    await tamper(directory, (database) => database.clear({ gte: keys.entry(last + 1), lt: keys.entriesEnd }));
    t.is(await refusal(t, directory), 'DATA_CORRUPT');
  }
});

test('a row under the key of another is found', async (t) => {
  const directory = await makeFilled(t);
  await tamper(directory, async (database) => database.put(keys.entry(8), (await database.get(keys.entry(7)))!));
  t.is(await refusal(t, directory), 'DATA_CORRUPT');
});

test('deletes that a power cut undid are done again', async (t) => {
  const directory = await makeFilled(t);
  await tamper(directory, (database) => database.put(keys.entry(2), Buffer.from('left over')));
  for (let round = 0; round < 2; round++) {
    const storage = await openLevelStorage(directory);
    const state = await storage.load(identity);
    t.deepEqual(
      state!.entries.map(({ index }) => index),
      [4, 5, 6, 7, 8, 9, 10],
    );
    await storage.close();
  }
  await tamper(directory, async (database) => {
    t.is(await database.get(keys.entry(2)), undefined);
  });
});

test('chunks of a snapshot that never became current are removed', async (t) => {
  const directory = await makeFilled(t);
  await tamper(directory, async (database) => {
    await database.put(keys.chunk(0, 1), Buffer.from('before'));
    await database.put(keys.chunk(2, 0), Buffer.from('after'));
  });
  const storage = await openLevelStorage(directory);
  await storage.load(identity);
  t.deepEqual(await textOf(await storage.readSnapshot()), ['one', 'two']);
  await storage.close();
  await tamper(directory, async (database) => {
    t.is((await database.keys({ gte: keys.chunksBegin, lt: keys.chunksEnd }).all()).length, 2);
  });
});

test('the replaced snapshot is removed once its last reader is done', async (t) => {
  const directory = await makeFilled(t);
  const storage = await openLevelStorage(directory);
  await storage.load(identity);
  const reader = (await storage.readSnapshot())!;
  await storage.write({ snapshot: await storage.stageSnapshot(position(9), chunksOf('three')), entries: [] });
  reader.close();
  await storage.close();
  await tamper(directory, async (database) => {
    t.deepEqual(await database.keys({ gte: keys.chunksBegin, lt: keys.chunksEnd }).all(), [keys.chunk(2, 0)]);
  });
});

test('a database of somebody else is refused', async (t) => {
  const directory = await makeDirectory(t);
  await tamper(directory, (database) => database.put(Buffer.from('theirs'), Buffer.from('data')));
  t.is(await refusal(t, directory), 'DATA_FOREIGN');
});

test('another format is refused', async (t) => {
  const directory = await makeFilled(t);
  // msgpack of { format: 99 }
  const record = Buffer.from('81a6666f726d617463', 'hex');
  await tamper(directory, (database) => database.put(keys.identity, seal(keys.identity, record)));
  t.is(await refusal(t, directory), 'DATA_FOREIGN');
});

test('a directory with other files is refused and left alone', async (t) => {
  const directory = await makeDirectory(t);
  await fs.mkdir(directory);
  await fs.writeFile(path.join(directory, 'thesis.txt'), 'years of work');
  t.is(await refusal(t, directory), 'DATA_FOREIGN');
  t.deepEqual(await fs.readdir(directory), ['thesis.txt']);
});

test('a file in place of the directory is refused', async (t) => {
  const directory = await makeDirectory(t);
  await fs.writeFile(directory, '');
  t.is(await refusal(t, directory), 'DATA_FOREIGN');
});

test('a database that lost its CURRENT is refused, not begun anew', async (t) => {
  const directory = await makeFilled(t);
  await fs.rm(path.join(directory, 'CURRENT'));
  t.is(await refusal(t, directory), 'DATA_CORRUPT');
});

test('a database with a damaged manifest is refused', async (t) => {
  const directory = await makeFilled(t);
  for (const name of await fs.readdir(directory)) {
    if (name.startsWith('MANIFEST')) await fs.writeFile(path.join(directory, name), 'garbage, garbage, garbage');
  }
  t.is(await refusal(t, directory), 'DATA_CORRUPT');
});

test('what a start leaves that was cut short before any data is no obstacle', async (t) => {
  const directory = await makeDirectory(t);
  await fs.mkdir(directory);
  for (const name of ['LOCK', 'LOG', 'MANIFEST-000001', '000001.dbtmp']) {
    await fs.writeFile(path.join(directory, name), '');
  }
  const storage = await openLevelStorage(directory);
  t.is(await storage.load(identity), undefined);
  await storage.close();
});

test('a second open on one directory is refused, in this process and in another', async (t) => {
  const directory = await makeFilled(t);
  const storage = await openLevelStorage(directory);
  t.is(await refusal(t, directory), 'DATA_LOCKED');
  const child = fork(fileURLToPath(new URL('level-child.ts', import.meta.url)), [directory, 'open']);
  const code = await new Promise((resolve) => child.once('message', resolve));
  t.is(code, 'DATA_LOCKED');
  await storage.close();
});

test('a writer killed in the middle loses nothing that was durable', async (t) => {
  const directory = await makeDirectory(t);
  let durable = 0;
  for (let round = 0; round < 3; round++) {
    const child = fork(fileURLToPath(new URL('level-child.ts', import.meta.url)), [directory, 'write']);
    const target = durable + 20;
    await new Promise<void>((resolve) => {
      child.on('message', (index: number) => {
        durable = index;
        if (index >= target) child.kill('SIGKILL');
      });
      child.once('exit', () => resolve());
    });
    const storage = await openLevelStorage(directory);
    const state = (await storage.load(identity))!;
    t.true(state.entries.length >= durable, `${state.entries.length} entries of ${durable}`);
    t.deepEqual(
      state.entries.map(({ index, data }) => [index, data.length]),
      state.entries.map((_, i) => [i + 1, entry(i + 1).data.length + 100_000]),
    );
    durable = state.entries.length;
    await storage.close();
  }
});

test('the space of what was dropped is given back while writes go on', async (t) => {
  const directory = await makeDirectory(t);
  const storage = await openLevelStorage(directory);
  await storage.load(identity);
  await storage.initialise(identity, STORE, position(0, 0));
  const data = Buffer.alloc(64 * 1024, 'x');
  let index = 0;
  let largest = 0;
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 64; i++) {
      index += 1;
      await storage.write({ entries: [{ index, term: 1, kind: 'command', data }] });
    }
    const staged = await storage.stageSnapshot(position(index, 1), chunksOf('the state'));
    await storage.write({ snapshot: staged, entries: [] });
    await storage.compact(index - 16);
    largest = Math.max(largest, await bytesIn(directory));
  }
  // In all 84 MB were written.
  t.true(largest < 60e6, `${largest}`);
  await storage.close();
});

test('a large database is mapped into memory in small part', async (t) => {
  const directory = await makeDirectory(t);
  const storage = await openLevelStorage(directory);
  await storage.load(identity);
  await storage.initialise(identity, STORE, position(0, 0));
  const data = Buffer.alloc(1024 * 1024, 'x');
  for (let index = 1; index <= 300; index++) {
    await storage.write({ entries: [{ index, term: 1, kind: 'command', data }] });
  }
  t.true((await bytesIn(directory)) > 300e6);
  // Elsewhere it can't be looked at.
  const maps = await fs.readFile('/proc/self/maps', 'latin1').catch(() => '');
  const mapped = maps.split('\n').filter((line) => line.includes(directory)).length;
  t.true(mapped <= 64, `${mapped} files`);
  await storage.close();
});

async function bytesIn(directory: string): Promise<number> {
  let bytes = 0;
  for (const name of await fs.readdir(directory)) {
    // Files come and go meanwhile.
    bytes += await fs.stat(path.join(directory, name)).then(
      ({ size }) => size,
      () => 0,
    );
  }
  return bytes;
}
