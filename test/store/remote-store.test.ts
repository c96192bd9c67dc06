import test from 'ava';
import { connectStore, createMemoryStore } from '../../src/store/index.ts';
import { storeSuite } from './store-suite.ts';
import { startStoreServer } from './wire-subject.ts';

storeSuite(test, 'over the wire', async () => {
  const store = createMemoryStore();
  const server = await startStoreServer(store);
  const stores = [await connectStore({ urls: [server.url] }), await connectStore({ urls: [server.url] })];
  return {
    stores,
    async close() {
      for (const client of stores) await client.close();
      await server.close();
      await store.close();
    },
  };
});
