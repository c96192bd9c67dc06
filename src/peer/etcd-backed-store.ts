import { connectEtcdStore } from '../etcd/index.ts';
import type { PeerContext } from './context.ts';
import { type EtcdStoreConfig, parseStoreUrl } from './etcd-store-config.ts';
import type { PeerStore } from './peer-store.ts';
import { readPem } from './tls.ts';

/**
 * A store on an existing etcd cluster: all peers are its clients, and none is more than another. Rejects with UNAVAILABLE when
 * etcd does not answer, DATA_FOREIGN when another cluster has the prefix, STORE_REFUSED, or PKI.
 */
export async function openEtcdBackedStore(context: PeerContext, storeConfig: EtcdStoreConfig): Promise<PeerStore> {
  const { config, clock, random, logger, onStop } = context;
  const { url, prefix, historySeconds } = storeConfig;
  const store = await connectEtcdStore({
    servers: parseStoreUrl(url),
    tls: readStoreTls(storeConfig),
    prefix,
    owner: config.clusterId,
    historyMs: historySeconds * 1_000,
    clock,
    random,
    logger: logger.child({ component: 'store' }),
  });
  onStop(() => store.close());
  return {
    store,
    failed: new Promise<never>(() => {}),
    // Nobody leads: each sees to it when it starts, which finds most done already.
    bootstrapTurn: { isMine: () => true, onChange: () => () => {} },
    routes: [],
    state: () => ({ role: 'etcd', ...store.lastHeard, leader: 0, commit: 0, applied: 0, members: [] }),
    serve: async () => {},
  };
}

function readStoreTls({ ca, cert, key }: EtcdStoreConfig): { ca?: string; cert?: string; key?: string } | undefined {
  const files = Object.entries({ ca, cert, key }).flatMap(([name, path]) =>
    path === undefined ? [] : [[name, readPem(path)] as const],
  );
  return files.length === 0 ? undefined : Object.fromEntries(files);
}
