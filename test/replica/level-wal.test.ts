import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { errorCode, randomInteger, seededRandom } from '../../src/base/index.ts';
import { openLevelStorage } from '../../src/replica/index.ts';
import { crc32c } from '../../src/replica/level-wal.ts';
import { entry, identity, position, STORE } from './storage-suite.ts';

const LAST = 60;

/** A directory whose write-ahead log, several blocks long, holds entries 1 to 60, each of a batch of its own. */
async function makeLog(t: ExecutionContext): Promise<{ directory: string; file: string; bytes: Buffer }> {
  const parent = await fs.mkdtemp(path.join(os.tmpdir(), 'keelson-wal-'));
  t.teardown(() => fs.rm(parent, { recursive: true, force: true }));
  const directory = path.join(parent, 'data');
  const storage = await openLevelStorage(directory);
  await storage.initialise(identity, STORE, position(0, 0));
  for (let index = 1; index <= LAST; index++) {
    await storage.write({ entries: [entry(index, 1, 'x'.repeat((index * 977) % 9000))] });
  }
  await storage.close();
  const name = (await fs.readdir(directory)).find((each) => each.endsWith('.log'))!;
  const file = path.join(directory, name);
  return { directory, file, bytes: await fs.readFile(file) };
}

/** How many entries are there; or the error's code. */
async function countEntries(directory: string): Promise<number | string | undefined> {
  try {
    const storage = await openLevelStorage(directory);
    try {
      return (await storage.load(identity))?.entries.length;
    } finally {
      await storage.close();
    }
  } catch (error) {
    return errorCode(error);
  }
}

test('CRC-32C is the one of Castagnoli', (t) => {
  t.is(crc32c(Buffer.from('123456789')), 0xe3069283);
  t.is(crc32c(Buffer.alloc(32)), 0x8a9136aa);
});

test('a flipped bit anywhere in the write-ahead log is found', async (t) => {
  const { directory, file, bytes } = await makeLog(t);
  const seed = 4711;
  const random = seededRandom(seed);
  for (let round = 0; round < 40; round++) {
    const damaged = Buffer.from(bytes);
    const at = randomInteger(random, bytes.length);
    damaged[at]! ^= 1 << randomInteger(random, 8);
    await fs.writeFile(file, damaged);
    t.is(await countEntries(directory), 'DATA_CORRUPT', `seed ${seed}, byte ${at} of ${bytes.length}`);
  }
});

test('a length that points beyond the end is no write that was cut short', async (t) => {
  const { directory, file, bytes } = await makeLog(t);
  const lastBlock = bytes.length - (bytes.length % 32_768);
  bytes[lastBlock + 5]! ^= 0x40;
  await fs.writeFile(file, bytes);
  t.is(await countEntries(directory), 'DATA_CORRUPT');
});

test('a log that was cut short opens with what was whole', async (t) => {
  const original = await makeLog(t);
  const seed = 815;
  const random = seededRandom(seed);
  for (let round = 0; round < 30; round++) {
    const directory = path.join(path.dirname(original.directory), `cut-${round}`);
    await fs.cp(original.directory, directory, { recursive: true });
    let length = randomInteger(random, original.bytes.length);
    const file = path.join(directory, path.basename(original.file));
    if (round % 2 === 1) {
      // Some file systems leave zeros where the power failed.
      length -= length % 512;
      await fs.truncate(file, length);
      await fs.truncate(file, length + randomInteger(random, 40_000));
    } else {
      await fs.truncate(file, length);
    }
    const count = await countEntries(directory);
    if (length < 500) t.true(count === undefined || typeof count === 'number' || count === 'DATA_CORRUPT');
    else t.true(typeof count === 'number' && count < LAST, `seed ${seed}, cut at ${length}: ${count}`);
  }
});
