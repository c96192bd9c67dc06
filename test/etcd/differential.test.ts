import test from 'ava';
import { type Random, seededRandom } from '../../src/base/index.ts';
import { hasEtcd, startEtcd } from './real-etcd.ts';
import { type Answer, Incoming, type RawClient, servePeer } from './served-peer.ts';

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const STEPS = 1_500;
const LEASES = [101, 102, 103, 2 ** 40];

/** A request that both are asked. */
type Step = [method: string, request: object];

/** Requests of every kind, many of them wrong in some way, about few keys. */
class Requests {
  readonly #random: Random;
  /** As the last answers told it. */
  revision = 1;

  constructor(random: Random) {
    this.#random = random;
  }

  next(): Step {
    return this.#pick<() => Step>(
      [6, () => ['KV.Put', this.#put()]],
      [5, () => ['KV.Range', this.#range()]],
      [2, () => ['KV.DeleteRange', this.#delete()]],
      [6, () => ['KV.Txn', this.#txn(0)]],
      // Revision 0 etcd takes once, before anything was compacted, to no effect.
      [0.3, () => ['KV.Compact', { revision: Math.max(1, this.#revision()) }]],
      [1, () => ['Lease.LeaseGrant', { ID: this.#lease(), TTL: this.#one(300, 9_000_000_000, 9_000_000_001) }]],
      [0.5, () => ['Lease.LeaseRevoke', { ID: this.#lease() }]],
      [0.5, () => ['Lease.LeaseTimeToLive', { ID: this.#lease(), keys: this.#chance(0.5) }]],
      [0.5, () => ['Lease.LeaseLeases', {}]],
    )();
  }

  #put(): object {
    const value = this.#one('', 'x', 'y', 'zz');
    // Of both no key and no lease, etcd tells sometimes the one and sometimes the other.
    const ignoreValue = this.#chance(0.1);
    return {
      key: this.#key(),
      value: this.#chance(0.9) ? Buffer.from(value) : undefined,
      lease: !ignoreValue && this.#chance(0.2) ? this.#lease() : 0,
      prevKv: this.#chance(0.3),
      ignoreValue,
      ignoreLease: this.#chance(0.1),
    };
  }

  #delete(): object {
    return { ...this.#keys(), prevKv: this.#chance(0.5) };
  }

  #range(): object {
    const bound = (): number => (this.#chance(0.15) ? this.#revision() : 0);
    return {
      ...this.#keys(),
      limit: this.#chance(0.4) ? this.#one(-1, 1, 2, 3) : 0,
      revision: this.#chance(0.3) ? this.#revision() : 0,
      sortOrder: this.#one(0, 0, 1, 2),
      sortTarget: this.#one(0, 0, 1, 2, 3, 4),
      serializable: this.#chance(0.2),
      keysOnly: this.#chance(0.2),
      countOnly: this.#chance(0.1),
      minModRevision: bound(),
      maxModRevision: bound(),
      minCreateRevision: bound(),
      maxCreateRevision: bound(),
    };
  }

  #txn(depth: number): object {
    const list = <T>(most: number, make: () => T): T[] =>
      Array.from({ length: Math.floor(this.#random.next() * (most + 1)) }, make);
    const operation = (): object =>
      this.#pick<() => object>(
        [4, () => ({ requestPut: this.#put() })],
        [3, () => ({ requestRange: this.#range() })],
        [2, () => ({ requestDeleteRange: this.#delete() })],
        [depth < 2 ? 2 : 0, () => ({ requestTxn: this.#txn(depth + 1) })],
        [0.1, () => ({})],
      )();
    return {
      compare: list(2, () => this.#compare()),
      success: list(3, operation),
      failure: list(2, operation),
    };
  }

  #compare(): object {
    const number = this.#one(-1, 0, 1, 2, this.#revision());
    const [target, operand] = this.#one<[number, object]>(
      [0, { version: number }],
      [1, { createRevision: number }],
      [2, { modRevision: number }],
      [3, { value: Buffer.from(this.#one('', 'x', 'y')) }],
      [4, { lease: this.#one(0, ...LEASES) }],
    );
    return { ...this.#keys(), result: this.#one(0, 1, 2, 3), target, ...operand };
  }

  #keys(): object {
    return { key: this.#key(), rangeEnd: this.#chance(0.6) ? undefined : Buffer.from(this.#one('b', 'c', 'd', '\0')) };
  }

  #key(): Buffer | undefined {
    return this.#chance(0.02) ? undefined : Buffer.from(this.#one('a', 'ab', 'b', 'bb', 'c', '\0'));
  }

  /** Mostly one that there is. */
  #revision(): number {
    return Math.max(0, this.revision + 2 - Math.floor(this.#random.next() * 12));
  }

  #lease(): number {
    return this.#one(...LEASES);
  }

  #one<T>(...choices: T[]): T {
    return choices[Math.floor(this.#random.next() * choices.length)] as T;
  }

  #chance(probability: number): boolean {
    return this.#random.next() < probability;
  }

  #pick<T>(...choices: [weight: number, choice: T][]): T {
    let at = this.#random.next() * choices.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, choice] of choices) {
      at -= weight;
      if (at < 0) return choice;
    }
    return (choices[0] as [number, T])[1];
  }
}

/** An answer or an error, without what differs by nature. */
async function outcome(client: RawClient, [method, request]: Step): Promise<Answer> {
  try {
    const answer = plain(await client.call(method, request));
    if (method === 'Lease.LeaseTimeToLive') {
      answer.TTL = Math.sign(answer.TTL);
      answer.keys.sort();
    }
    if (method === 'Lease.LeaseLeases') answer.leases.sort((a: { ID: number }, b: { ID: number }) => a.ID - b.ID);
    return answer;
  } catch (error) {
    const { code, details } = error as { code: number; details: string };
    return { code, details };
  }
}

/**
 * A transaction that writes a key twice, which etcd does not notice when a nested one deletes what an earlier one put, or a range
 * without end is deleted.
 */
function isOverlooked([, request]: Step, { details }: Answer): boolean {
  return (
    details === 'etcdserver: duplicate key given in txn request' &&
    /requestTxn|"data":\[0\]/.test(JSON.stringify(request))
  );
}

function plain(message: Answer): Answer {
  const answer = message.$type.toObject(message, { defaults: true, longs: Number, bytes: String });
  answer.header = { revision: answer.header.revision };
  return answer;
}

/** All events from `startRevision` on, up to `revision`. */
async function watched(client: RawClient, startRevision: number, revision: number): Promise<Answer[]> {
  const incoming = new Incoming(client.open('Watch.Watch'));
  const createRequest = { key: Buffer.from('\0'), rangeEnd: Buffer.from('\0'), startRevision, prevKv: true };
  incoming.stream.write({ createRequest });
  const events: Answer[] = [];
  for (let reached = 0; reached < revision; ) {
    const answer = await incoming.next();
    // etcd puts no revision there.
    if (answer.canceled) return [{ ...plain(answer), header: undefined }];
    events.push(...plain(answer).events);
    reached = events.at(-1)?.kv.modRevision ?? 0;
  }
  incoming.stream.end();
  // Of the compact revision itself, Keelson still knows deletions and what keys were before; etcd does not.
  return events.flatMap((event) => {
    if (event.kv.modRevision !== startRevision) return event;
    return event.type === 0 ? { ...event, prevKv: null } : [];
  });
}

(hasEtcd ? test : test.skip)('the same requests get the same answers as from a real etcd', async (t) => {
  t.log(`SEED=${SEED}`);
  const [peer, etcd] = await Promise.all([servePeer(), startEtcd()]);
  t.teardown(() => Promise.all([peer.stop(), etcd.stop()]));
  const requests = new Requests(seededRandom(SEED));
  let compacted = 1;
  let refused = 0;
  for (let step = 0; step < STEPS; step++) {
    const request = requests.next();
    const ours = await outcome(peer.raw, request);
    if (isOverlooked(request, ours)) continue;
    const theirs = await outcome(etcd.raw, request);
    const where = `SEED=${SEED}, step ${step}: ${JSON.stringify(request)}`;
    t.deepEqual(ours, theirs, where);
    if ('code' in theirs) refused++;
    else requests.revision = theirs.header.revision;
    if (request[0] === 'KV.Compact' && 'header' in theirs) compacted = (request[1] as { revision: number }).revision;
  }
  t.true(refused > STEPS / 50 && refused < STEPS / 2);
  for (const start of [compacted, Math.max(1, compacted - 1)]) {
    const [ours, theirs] = await Promise.all(
      [peer.raw, etcd.raw].map((client) => watched(client, start, requests.revision)),
    );
    t.deepEqual(ours, theirs, `SEED=${SEED}, a watch from ${start}`);
  }
});
