import { fork } from 'node:child_process';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { ClassicLevel } from 'classic-level';
import { errorCode, KeelsonError, randomInteger, seededRandom } from '../../src/base/index.ts';
import {
  MemoryDisk,
  openLevelStorage,
  openMemoryStorage,
  type SnapshotStream,
  type Storage,
} from '../../src/replica/index.ts';
import { keys } from '../../src/replica/level-records.ts';
import { chunksOf, entries, identity, position, STORE, textOf } from './storage-suite.ts';

const SOURCE = 'ab'.repeat(16);
const texts = Array.from({ length: 12 }, (_, i) => `chunk ${i}`);
const broken = new KeelsonError('SNAPSHOT_BROKEN', 'the cable was cut');

interface Home {
  directory?: string;
  open(): Promise<Storage>;
}

async function levelHome(t: ExecutionContext): Promise<Required<Home>> {
  const parent = await fs.mkdtemp(path.join(os.tmpdir(), 'keelson-received-'));
  t.teardown(() => fs.rm(parent, { recursive: true, force: true }));
  const directory = path.join(parent, 'data');
  return { directory, open: () => openLevelStorage(directory) };
}

async function memoryHome(): Promise<Home> {
  const disk = new MemoryDisk();
  return { open: async () => openMemoryStorage(disk) };
}

async function openAt(home: Home): Promise<Storage> {
  const storage = await home.open();
  if ((await storage.load(identity)) === undefined) await storage.initialise(identity, STORE, position(0, 0));
  return storage;
}

async function restart(home: Home, storage: Storage): Promise<Storage> {
  await storage.close();
  return await openAt(home);
}

/** The chunks up to `end`, and then an error, if any; notes behind how many it was told to begin. */
class Sending implements SnapshotStream {
  readonly source: string;
  begun: number | undefined;
  readonly #end: number;
  readonly #error: Error | undefined;

  constructor(end = texts.length, error?: Error, source = SOURCE) {
    this.#end = end;
    this.#error = error;
    this.source = source;
  }

  async *after({ chunks, bytes }: { chunks: number; bytes: number }): AsyncGenerator<Uint8Array> {
    this.begun = chunks;
    if (bytes !== texts.slice(0, chunks).join('').length) throw new Error(`${bytes} bytes in ${chunks} chunks`);
    for (const text of texts.slice(chunks, this.#end)) yield Buffer.from(text);
    if (this.#error) throw this.#error;
  }
}

/** Begins to receive, and is cut off. */
async function receivePart(t: ExecutionContext, storage: Storage, end: number, at = position(9, 2)): Promise<void> {
  const error = await t.throwsAsync(storage.stageReceived(at, new Sending(end, broken)));
  t.is(errorCode(error), 'SNAPSHOT_BROKEN');
}

/** Receives it to its end, and tells behind how many chunks. */
async function receiveRest(storage: Storage, at = position(9, 2), source = SOURCE): Promise<number> {
  const rest = new Sending(texts.length, undefined, source);
  await storage.discardSnapshot(await storage.stageReceived(at, rest));
  return rest.begun!;
}

for (const [name, makeHome] of [
  ['level', levelHome],
  ['memory', memoryHome],
] as const) {
  const check = (title: string, body: (t: ExecutionContext, home: Home, storage: Storage) => Promise<void>): void => {
    test(`${name}: ${title}`, async (t) => {
      const home = await makeHome(t);
      await body(t, home, await openAt(home));
    });
  };

  check('a snapshot that is cut off goes on where it stopped, after restarts too', async (t, home, first) => {
    await receivePart(t, first, 3);
    await receivePart(t, first, 5);
    const second = await restart(home, first);
    await receivePart(t, second, 8);
    const third = await restart(home, second);
    const rest = new Sending();
    const staged = await third.stageReceived(position(9, 2), rest);
    t.is(rest.begun, 8);
    t.is(staged.bytes, texts.join('').length);
    await third.write({ snapshot: staged, replaceLog: true, entries: [] });
    const last = await restart(home, third);
    t.deepEqual(await textOf(await last.readSnapshot()), texts);
    await last.close();
  });

  check('a whole one that never became current need not come again', async (t, home, first) => {
    await first.stageReceived(position(9, 2), new Sending());
    const second = await restart(home, first);
    t.is(await receiveRest(second), texts.length);
    t.is(await receiveRest(second), 0, 'what was discarded is gone');
    await second.close();
  });

  check('another one begins anew, and ends the one before', async (t, home, first) => {
    const others: [ReturnType<typeof position>, string][] = [
      [position(10, 2), SOURCE],
      [position(9, 3), SOURCE],
      [position(9, 2), 'cd'.repeat(16)],
    ];
    let storage = first;
    for (const [at, source] of others) {
      await receivePart(t, storage, 5);
      storage = await restart(home, storage);
      t.is(await receiveRest(storage, at, source), 0);
      t.is(await receiveRest(storage), 0, 'one at most is kept');
    }
    await storage.close();
  });

  check('an error of another kind discards what has arrived', async (t, home, first) => {
    await receivePart(t, first, 5);
    await t.throwsAsync(first.stageReceived(position(9, 2), new Sending(7, new Error('not what was sent'))));
    const second = await restart(home, first);
    t.is(await receiveRest(second), 0);
    await second.close();
  });

  check('a snapshot as new that becomes current ends it, an older one does not', async (t, home, first) => {
    await first.write({ hardState: { term: 1, vote: 1, commit: 9 }, entries: entries(1, 9) });
    await receivePart(t, first, 5);
    await first.write({ snapshot: await first.stageSnapshot(position(8), chunksOf('older')), entries: [] });
    const second = await restart(home, first);
    await receivePart(t, second, 6);
    await second.write({ snapshot: await second.stageSnapshot(position(9), chunksOf('as new')), entries: [] });
    t.deepEqual(await textOf(await second.readSnapshot()), ['as new']);
    const third = await restart(home, second);
    t.is(await receiveRest(third), 0);
    t.deepEqual(await textOf(await third.readSnapshot()), ['as new']);
    await third.close();
  });

  check('a snapshot of one’s own may be taken meanwhile', async (t, home, first) => {
    await first.write({ hardState: { term: 1, vote: 1, commit: 9 }, entries: entries(1, 9) });
    const gate = Promise.withResolvers<void>();
    const slow: SnapshotStream = {
      source: SOURCE,
      async *after() {
        yield Buffer.from('a');
        await gate.promise;
        yield Buffer.from('b');
      },
    };
    const receiving = first.stageReceived(position(9, 1), slow);
    await first.write({ snapshot: await first.stageSnapshot(position(9), chunksOf('own')), entries: [] });
    gate.resolve();
    await first.discardSnapshot(await receiving);
    const second = await restart(home, first);
    t.deepEqual(await textOf(await second.readSnapshot()), ['own']);
    await second.close();
  });
}

test('nothing of a snapshot that was given up stays on the disk', async (t) => {
  const home = await levelHome(t);
  const storage = await openAt(home);
  for (const at of [9, 10, 11]) await receivePart(t, storage, 5, position(at, 2));
  const staged = await storage.stageReceived(position(12, 2), new Sending());
  await storage.write({ snapshot: staged, replaceLog: true, entries: [] });
  await storage.close();
  const database = new ClassicLevel<Buffer, Buffer>(home.directory, { keyEncoding: 'buffer', valueEncoding: 'buffer' });
  const chunks = await database.keys({ gte: keys.chunksBegin, lt: keys.chunksEnd }).all();
  t.is(chunks.length, texts.length);
  t.is(await database.get(keys.received), undefined);
  await database.close();
});

test('a flipped bit in what has arrived is found', async (t) => {
  const home = await levelHome(t);
  const storage = await openAt(home);
  await receivePart(t, storage, 5);
  await storage.close();
  const database = new ClassicLevel<Buffer, Buffer>(home.directory, { keyEncoding: 'buffer', valueEncoding: 'buffer' });
  const value = (await database.get(keys.chunk(1, 3)))!;
  value[value.length - 1]! ^= 1;
  await database.put(keys.chunk(1, 3), value);
  await database.close();
  const again = await openAt(home);
  t.is(errorCode(await t.throwsAsync(again.stageReceived(position(9, 2), new Sending()))), 'DATA_CORRUPT');
  await again.close();
});

test('kill -9 in the middle loses no chunk that was asked beyond', async (t) => {
  const home = await levelHome(t);
  const random = seededRandom(11);
  const script = fileURLToPath(new URL('./receive-child.ts', import.meta.url));
  let durable = 0;
  for (let life = 0; ; life++) {
    const child = fork(script, [home.directory]);
    const ends = new Promise((resolve) => child.once('exit', resolve));
    let isDone = false;
    let begun: number | undefined;
    const lastsFor = 2 + randomInteger(random, 6);
    child.on('message', (told: { begun?: number; durable?: number; done?: true }) => {
      begun ??= told.begun;
      isDone ||= told.done === true;
      durable = Math.max(durable, told.durable ?? 0);
      if (!isDone && durable >= begun! + lastsFor) child.kill('SIGKILL');
    });
    const before = durable;
    await ends;
    t.true(begun! >= before, `life ${life} began behind ${begun} chunks, ${before} were durable`);
    if (isDone) {
      t.true(life > 2 && begun! > 12, `life ${life} began behind ${begun} chunks`);
      break;
    }
  }
  const storage = await openAt(home);
  const content: Uint8Array[] = [];
  for await (const chunk of (await storage.readSnapshot())!.chunks) content.push(Uint8Array.from(chunk));
  t.is(content.length, 24);
  for (const [i, chunk] of content.entries()) t.true(chunk.length === 50_000 && chunk.every((byte) => byte === i));
  await storage.close();
});

test('a copy of a disk in memory keeps what had arrived when it was made, whatever arrives at either after that', async (t) => {
  const disk = new MemoryDisk();
  const storage = await openAt({ open: async () => openMemoryStorage(disk) });
  await receivePart(t, storage, 3);
  const copy = disk.copy();
  const copied = await openAt({ open: async () => openMemoryStorage(copy) });
  await receivePart(t, storage, 8);
  t.is(await receiveRest(copied), 3);
  t.is(await receiveRest(storage), 8);
});
