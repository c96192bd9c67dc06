import test from 'ava';
import { randomInteger, seededRandom } from '../../src/base/index.ts';
import type { LocalStore, WatchBatch } from '../../src/store/index.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { bytes, Watching } from './helpers.ts';
import { plain } from './model.ts';
import { ReplicatedCluster } from './replicated-subject.ts';
import { storeSuite } from './store-suite.ts';

storeSuite(test.serial, 'on three peers', async () => {
  const cluster = new ReplicatedCluster({ seed: 1 });
  for (const { store } of await Promise.all([1, 2, 3].map((id) => cluster.start(id)))) await store.readBarrier();
  return { stores: [...cluster.peers.values()].map(({ store }) => store), close: () => cluster.stop() };
});

/** A watcher that moves on to another peer when its own dies. */
class Follower {
  readonly batches: WatchBatch[] = [];
  peer = 0;
  #watching: Watching | undefined;
  #next = 1;

  follow(peer: number, store: LocalStore): void {
    this.peer = peer;
    this.#watching = new Watching(store, { key: 'k', end: 'l', fromRevision: this.#next });
  }

  /** Takes over what came so far. */
  collect(): void {
    this.batches.push(...this.#watching!.batches.splice(0));
    this.#next = this.#watching!.handle.revision + 1;
  }
}

for (let run = 0; run < 3; run++) {
  test.serial(
    `peers crash, are cut off and come back: nothing acknowledged is lost, watches miss and repeat nothing (${run + 1})`,
    async (t) => {
      const seed = Math.floor(Math.random() * 2 ** 31);
      t.log(`seed ${seed}`);
      const random = seededRandom(seed);
      const clock = new FakeClock();
      const cluster = new ReplicatedCluster({
        seed,
        clock,
        store: { history: false },
        // Small, so that who was away gets a snapshot.
        limits: { snapshotEntries: 40, keepEntries: 10 },
      });
      const wind = async <T>(work: Promise<T>): Promise<T> => {
        let done = false;
        work.then(
          () => (done = true),
          () => (done = true),
        );
        while (!done) await clock.advance(10);
        return work;
      };
      await wind(Promise.all([1, 2, 3].map((id) => cluster.start(id))));

      const acknowledged = new Map<string, number>();
      const write = async (store: LocalStore, i: number): Promise<void> => {
        const key = `k${String(i).padStart(4, '0')}`;
        try {
          const { revision } = await store.put(key, bytes(String(i)));
          acknowledged.set(key, revision);
          if (i % 5 === 0) await store.delete('k', `k${String(Math.max(0, i - 200)).padStart(4, '0')}`);
        } catch {
          // Unknown: both is right.
        }
      };
      const followers = Array.from({ length: 4 }, () => new Follower());
      const anyPeer = (): number => [...cluster.peers.keys()][randomInteger(random, cluster.peers.size)]!;
      for (const follower of followers) {
        const peer = anyPeer();
        follower.follow(peer, cluster.peers.get(peer)!.store);
      }
      let down = 0;
      const writes: Promise<void>[] = [];
      for (let i = 0; i < 400; i++) {
        writes.push(write(cluster.peers.get(anyPeer())!.store, i));
        if (random.next() < 0.3) await clock.advance(randomInteger(random, 40));
        if (random.next() > 0.03) continue;
        if (cluster.isolated !== 0) {
          cluster.isolated = 0;
        } else if (down !== 0) {
          await wind(cluster.start(down));
          down = 0;
        } else if (random.next() < 0.5) {
          cluster.isolated = anyPeer();
          await clock.advance(randomInteger(random, 3000));
        } else {
          down = anyPeer();
          cluster.crash(down);
          for (const follower of followers) follower.collect();
          for (const follower of followers.filter(({ peer }) => peer === down)) {
            const peer = anyPeer();
            follower.follow(peer, cluster.peers.get(peer)!.store);
          }
          await clock.advance(randomInteger(random, 3000));
        }
      }
      cluster.isolated = 0;
      if (down !== 0) await wind(cluster.start(down));
      await wind(Promise.all(writes));

      const stores = [...cluster.peers.values()].map(({ store }) => store);
      await wind(Promise.all(stores.map((store) => store.readBarrier())));
      const [first] = stores;
      const states = stores.map((store) => plain(store.local.range({ key: '', end: '\xff' })));
      for (const state of states) t.deepEqual(state, states[0]);

      const history = new Watching(first!, { key: 'k', end: 'l', fromRevision: 1 });
      await clock.advance(100);
      for (const follower of followers) {
        follower.collect();
        t.deepEqual(plain(follower.batches), plain(history.batches));
      }
      const written = new Map(
        history.batches.flatMap(({ revision, events }) =>
          events.filter(({ type }) => type === 'put').map(({ kv }) => [kv.key, revision]),
        ),
      );
      t.true(acknowledged.size > 100);
      for (const [key, revision] of acknowledged) t.is(written.get(key), revision);
      await cluster.stop();
    },
  );
}
