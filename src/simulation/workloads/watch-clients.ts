import { type Random, randomInteger } from '../../base/index.ts';
import { prefixEnd, type WatchHandle } from '../../store/index.ts';
import { type Change, toChange } from '../checks/index.ts';
import type { SimulatedCluster } from '../cluster.ts';
import type { SimulatedPeer } from '../peer.ts';
import { Violation } from '../violation.ts';
import { workloads } from './objects.ts';

interface WatchCounts {
  batches: number;
  resumed: number;
  compacted: number;
}

/** What a watch has told, to be compared once it is known what is true. */
interface Claim {
  from: number;
  to: number;
  /** Undefined: nothing was left out before `to`. */
  changes: readonly Change[] | undefined;
}

/** A client that watches a prefix, and resumes where it was: at another peer, or at one that has restarted. */
class WatchClient {
  readonly #cluster: SimulatedCluster;
  readonly #prefix: string;
  readonly #counts: WatchCounts;
  readonly #claims: Claim[] = [];
  /** Everything up to here was told. */
  #last = 1;
  #watch: { peer: SimulatedPeer; life: object; handle: WatchHandle } | undefined;

  constructor(cluster: SimulatedCluster, prefix: string, counts: WatchCounts) {
    this.#cluster = cluster;
    this.#prefix = prefix;
    this.#counts = counts;
  }

  async live(random: Random): Promise<void> {
    const cluster = this.#cluster;
    while (!cluster.isOver) {
      this.#settle();
      const { members } = cluster;
      const peer = members[randomInteger(random, members.length)];
      if (!this.#isOpen && peer !== undefined) peer.life.do(() => this.#resume(peer));
      await cluster.sleep(random.next() * 3000);
      if (random.next() < 0.4) this.#close(random.next() < 0.5);
    }
  }

  /** At the end: throws a Violation where it was not told of all that happened. */
  finish(): void {
    this.#close(false);
    this.#settle();
  }

  get #isOpen(): boolean {
    return this.#watch !== undefined && this.#watch.peer.life === this.#watch.life && this.#watch.peer.isUp;
  }

  #resume(peer: SimulatedPeer): void {
    const { life, store } = peer;
    // A peer that stood still may have been asked twice.
    if (store === undefined || this.#isOpen) return;
    this.#counts.resumed += 1;
    const handle = store.watch({
      key: this.#prefix,
      end: prefixEnd(this.#prefix),
      fromRevision: this.#last + 1,
      listener: ({ revision, events }) => {
        if (!life.isAlive || this.#watch?.life !== life) return;
        this.#counts.batches += 1;
        this.#cluster.guard(() => {
          if (revision <= this.#last) {
            throw new Violation(`watch order: ${this.#prefix} is told of ${revision} after ${this.#last}`);
          }
        });
        this.#claims.push({ from: this.#last, to: revision, changes: events.map(toChange) });
        this.#last = revision;
      },
      onEnd: (error) => {
        if (this.#watch?.life !== life) return;
        this.#watch = undefined;
        const compacted = (error as { compactRevision?: number }).compactRevision;
        if (compacted === undefined) return;
        // As clients do: they list, and watch from there.
        this.#counts.compacted += 1;
        this.#last = Math.max(this.#last, compacted - 1);
      },
    });
    this.#watch = { peer, life, handle };
  }

  /** `trusting`: resumes from where the watch says that it has told everything. */
  #close(trusting: boolean): void {
    const watch = this.#watch;
    if (watch === undefined) return;
    this.#watch = undefined;
    if (watch.peer.life === watch.life && watch.peer.isUp) {
      const { revision } = watch.handle;
      if (trusting && revision > this.#last) {
        this.#claims.push({ from: this.#last, to: revision + 1, changes: undefined });
        this.#last = revision;
      }
    }
    watch.handle.cancel();
  }

  #settle(): void {
    const { truth } = this.#cluster;
    while (this.#claims.length > 0 && this.#claims[0]!.to <= truth.last) {
      const { from, to, changes } = this.#claims.shift()!;
      this.#cluster.guard(() => truth.verify(this.#prefix, from, to, changes, this.#prefix));
    }
  }
}

/** One client a kind of object; and somebody who compacts. */
export class WatchClients {
  readonly counts = { batches: 0, resumed: 0, compacted: 0, compactions: 0 };
  readonly #clients: WatchClient[];
  #busy = 0;

  constructor(cluster: SimulatedCluster) {
    const prefixes = workloads.map(({ name }) => `k/${name}/`);
    this.#clients = prefixes.map((prefix) => new WatchClient(cluster, prefix, this.counts));
    for (const client of this.#clients) this.#employ(cluster, client.live(cluster.fork()));
    this.#employ(cluster, this.#compact(cluster, cluster.fork()));
  }

  get isIdle(): boolean {
    return this.#busy === 0;
  }

  finish(): void {
    for (const client of this.#clients) client.finish();
  }

  #employ(cluster: SimulatedCluster, life: Promise<void>): void {
    this.#busy += 1;
    life.then(
      () => {
        this.#busy -= 1;
      },
      (error) => cluster.fail(error),
    );
  }

  async #compact(cluster: SimulatedCluster, random: Random): Promise<void> {
    while (!cluster.isOver) {
      await cluster.sleep(random.next() * 8000);
      const { members } = cluster;
      const peer = members[randomInteger(random, members.length)];
      const revision = (peer?.store?.local.revision ?? 0) - randomInteger(random, 400);
      if (peer === undefined || revision < 1) continue;
      this.counts.compactions += 1;
      // Not answered, or compacted further already: no matter.
      await peer.call((store) => store.compact(revision)).catch(() => {});
    }
  }
}
