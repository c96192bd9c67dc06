import test from 'ava';
import { storeSuite } from '../../store/store-suite.ts';
import { type EtcdCluster, etcdTest, startEtcdCluster } from '../../support/etcd-cluster.ts';
import { connect, freshPrefix } from './connect.ts';

/*
 * One etcd for all tests of a size, which therefore run one after the other: each has keys of its own, but revisions, history
 * and leases are the whole etcd's.
 */

const clusters = new Map<number, Promise<EtcdCluster>>();

test.after.always(async () => {
  for (const cluster of clusters.values()) await (await cluster).stop();
});

for (const size of [1, 3]) {
  storeSuite(etcdTest, `on etcd, ${size === 1 ? 'one server' : 'three servers'}`, async () => {
    const starting = clusters.get(size) ?? startEtcdCluster({ servers: size });
    clusters.set(size, starting);
    const { servers } = await starting;
    const prefix = freshPrefix();
    // Each talks to another server, if there is one.
    const doors = [0, 1, 2].map((first) => [...servers.slice(first % size), ...servers.slice(0, first % size)]);
    const stores = await Promise.all(doors.map((door) => connect(door, { prefix })));
    return {
      stores,
      async close() {
        for (const store of stores) await store.close();
      },
    };
  });
}
