import { openLevelStorage } from '../../src/replica/index.ts';
import { identity, position, STORE } from './storage-suite.ts';

/** A process of its own that receives a snapshot into a directory, tells how far it is, and is killed. */
const storage = await openLevelStorage(process.argv[2]!);
const state = await storage.load(identity);
if (state === undefined) await storage.initialise(identity, STORE, position(0, 0));
const staged = await storage.stageReceived(position(9, 2), {
  source: 'ab'.repeat(16),
  async *after({ chunks }) {
    process.send!({ begun: chunks });
    for (let i = chunks; i < 24; i++) {
      yield Buffer.alloc(50_000, i);
      process.send!({ durable: i + 1 });
      // Gives whoever kills a chance.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  },
});
await storage.write({ snapshot: staged, replaceLog: true, entries: [] });
process.send!({ done: true });
await storage.close();
process.disconnect();
