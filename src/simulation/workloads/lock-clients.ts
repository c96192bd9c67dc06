import { type Random, randomInteger } from '../../base/index.ts';
import { fencedPrefix, lockPrefix } from '../checks/index.ts';
import type { SimulatedCluster } from '../cluster.ts';
import type { SimulatedPeer } from '../peer.ts';

const LOCKS = 2;
const CLIENTS = 3;

/**
 * Clients that take turns at locks bound to leases, and write under them with a token that fences off whoever held the
 * lock before: the revision at which the lock was taken.
 */
export class LockClients {
  readonly counts = { grants: 0, refreshes: 0, fencedWrites: 0, fencedOff: 0 };
  readonly #cluster: SimulatedCluster;
  #busy = 0;

  constructor(cluster: SimulatedCluster) {
    this.#cluster = cluster;
    for (let client = 0; client < CLIENTS; client++) {
      this.#busy += 1;
      this.#live(cluster.fork()).then(
        () => {
          this.#busy -= 1;
        },
        (error) => cluster.fail(error),
      );
    }
  }

  get isIdle(): boolean {
    return this.#busy === 0;
  }

  async #live(random: Random): Promise<void> {
    const cluster = this.#cluster;
    while (!cluster.isOver) {
      await cluster.sleep(random.next() * 1000);
      try {
        await this.#take(random);
      } catch {
        // Not answered in time, or the lease is gone: what is true is told by the watches.
      }
    }
  }

  #anyPeer(random: Random): SimulatedPeer {
    const { members } = this.#cluster;
    const peer = members[randomInteger(random, members.length)];
    if (peer === undefined) throw new Error('nobody is up');
    return peer;
  }

  async #take(random: Random): Promise<void> {
    const cluster = this.#cluster;
    const { loop, leases } = cluster;
    const name = `${randomInteger(random, LOCKS)}`;
    const calledAt = loop.now;
    const { id, ttl } = await this.#anyPeer(random).call((store) =>
      store.leaseGrant({ ttl: 1 + randomInteger(random, 3) }),
    );
    leases.granted(id, ttl, calledAt);
    this.counts.grants += 1;
    const key = `${lockPrefix}${name}`;
    const taken = await this.#anyPeer(random).call((store) =>
      store.txn({
        compare: [{ key, target: 'version', operator: '=', operand: 0 }],
        then: [{ type: 'put', key, value: new Uint8Array(), lease: id }],
      }),
    );
    if (taken.succeeded) await this.#hold(name, taken.revision, id, ttl, random);
    // Half of the holders just vanish.
    if (random.next() < 0.5) return;
    leases.revoking(id);
    await this.#anyPeer(random).call((store) => store.leaseRevoke(id));
  }

  async #hold(name: string, token: number, lease: number, ttl: number, random: Random): Promise<void> {
    for (let turn = randomInteger(random, 8); turn > 0 && !this.#cluster.isOver; turn--) {
      // Sometimes too late.
      await this.#cluster.sleep(ttl * 1000 * random.next() * 1.2);
      if (!(await this.#refresh(lease, random))) break;
      await this.#write(name, token, random);
    }
    // As does one that has not noticed that it holds the lock no more.
    await this.#cluster.sleep(ttl * 1000 * random.next());
    await this.#write(name, token, random);
  }

  async #refresh(lease: number, random: Random): Promise<boolean> {
    const { loop, leases } = this.#cluster;
    const calledAt = loop.now;
    try {
      await this.#anyPeer(random).call((store) => store.leaseKeepAlive(lease));
    } catch {
      return false;
    }
    leases.refreshed(lease, calledAt);
    this.counts.refreshes += 1;
    return true;
  }

  async #write(name: string, token: number, random: Random): Promise<void> {
    const { succeeded } = await this.#anyPeer(random).call((store) =>
      store.txn({
        compare: [{ key: `${lockPrefix}${name}`, target: 'createRevision', operator: '=', operand: token }],
        then: [{ type: 'put', key: `${fencedPrefix}${name}`, value: Buffer.from(`${token}`) }],
      }),
    );
    this.counts[succeeded ? 'fencedWrites' : 'fencedOff'] += 1;
  }
}
