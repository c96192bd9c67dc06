import test from 'ava';
import { silentLogger, systemClock, systemRandom } from '../../../src/base/index.ts';
import { connectEtcdStore } from '../../../src/etcd/index.ts';
import { storeSuite } from '../../store/store-suite.ts';
import { type EtcdCluster, etcdTest, startEtcdCluster } from '../../support/etcd-cluster.ts';

/*
 * One etcd for all tests of a size, which therefore run one after the other: each has keys of its own, but revisions, history
 * and leases are the whole etcd's.
 */

const clusters = new Map<number, Promise<EtcdCluster>>();
let opened = 0;

test.after.always(async () => {
  for (const cluster of clusters.values()) await (await cluster).stop();
});

for (const size of [1, 3]) {
  storeSuite(etcdTest, `on etcd, ${size === 1 ? 'one server' : 'three servers'}`, async () => {
    const starting = clusters.get(size) ?? startEtcdCluster({ servers: size });
    clusters.set(size, starting);
    const { servers } = await starting;
    const prefix = `/test-${++opened}/`;
    const connect = (first: number) =>
      connectEtcdStore({
        // Each talks to another server.
        servers: [...servers.slice(first), ...servers.slice(0, first)],
        tls: undefined,
        prefix,
        historyMs: 0,
        clock: systemClock,
        random: systemRandom,
        logger: silentLogger,
      });
    const stores = await Promise.all(servers.map((_, i) => connect(i)));
    if (stores.length === 1) stores.push(await connect(0));
    return {
      stores,
      async close() {
        for (const store of stores) await store.close();
      },
    };
  });
}
