import { errorCode } from '../../src/base/index.ts';
import { openLevelStorage } from '../../src/replica/index.ts';
import { entry, identity, position, STORE } from './storage-suite.ts';

/** A process of its own for the tests of the storage on disk: opens the directory, or appends entries till it is killed. */
const [directory, mode] = process.argv.slice(2) as [string, 'open' | 'write'];

try {
  const storage = await openLevelStorage(directory);
  if (mode === 'write') {
    const state = await storage.load(identity);
    if (state === undefined) await storage.initialise(identity, STORE, position(0, 0));
    for (let index = (state?.entries.length ?? 0) + 1; ; index++) {
      const { data, ...rest } = entry(index);
      await storage.write({ entries: [{ ...rest, data: Buffer.concat([data, Buffer.alloc(100_000)]) }] });
      process.send!(index);
    }
  }
  process.send!('opened');
  await storage.close();
} catch (error) {
  process.send!(errorCode(error));
}
process.disconnect();
