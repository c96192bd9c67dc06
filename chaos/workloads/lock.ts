import { type Random, randomInteger } from '../../src/base/index.ts';
import type { KeyValue, Store } from '../../src/store/index.ts';
import { type EventLog, textOf } from '../judge/event-log.ts';
import { pause } from '../pause.ts';
import { runClients } from './clients.ts';
import type { Outcome } from './recorder.ts';
import type { Workload } from './workload.ts';

const LOCK = 'lock/holder';
const PROTECTED = 'lock/protected';
const TTL_SECONDS = 2;
const CLIENTS = 4;
/** A lock that is still there so long after everybody is gone is there for good. */
const RELEASE_MS = 20_000;

/**
 * A lock that goes with a lease, as people build it on etcd; holders stall or vanish now and then. Its fencing token is the
 * revision that created it, and each write under it is a transaction which holds only while that is still the lock.
 */
export function lockWorkload(log: EventLog): Workload {
  const violations: string[] = [];
  let outcome: (outcome: Outcome) => void = () => {};
  let acquired = 0;
  let refused = 0;

  async function hold(store: Store, random: Random, signal: AbortSignal): Promise<void> {
    // What the client can know of the lease's beginning: not before it asked.
    let renewed = performance.now();
    const lease = await store.leaseGrant({ ttl: TTL_SECONDS });
    const { succeeded, revision: token } = await store.txn({
      compare: [{ key: LOCK, target: 'createRevision', operator: '=', operand: 0 }],
      then: [{ type: 'put', key: LOCK, value: Buffer.from(String(lease.id)), lease: lease.id }],
    });
    if (!succeeded) {
      await store.leaseRevoke(lease.id);
      return;
    }
    acquired++;
    log.acknowledge(LOCK, token, String(lease.id));
    for (let writes = randomInteger(random, 10); writes > 0 && !signal.aborted; writes--) {
      await pause(randomInteger(random, 100), signal);
      if (random.next() < 0.1) await pause(TTL_SECONDS * 1500, signal);
      if (!(await writeProtected(store, token))) return;
      await expectHeld(store, token, renewed);
      const asked = performance.now();
      await store.leaseKeepAlive(lease.id);
      renewed = asked;
    }
    // One in three vanishes, and leaves the lock to its lease.
    if (random.next() < 0.67) await store.leaseRevoke(lease.id);
  }

  /** False when another holds the lock by now. */
  async function writeProtected(store: Store, token: number): Promise<boolean> {
    const value = String(token);
    const { succeeded, revision } = await store.txn({
      compare: [{ key: LOCK, target: 'createRevision', operator: '=', operand: token }],
      then: [{ type: 'put', key: PROTECTED, value: Buffer.from(value) }],
    });
    if (succeeded) log.acknowledge(PROTECTED, revision, value);
    else refused++;
    return succeeded;
  }

  /** A lease lasts at least as long as was promised. */
  async function expectHeld(store: Store, token: number, renewed: number): Promise<void> {
    const { kvs } = await store.range({ key: LOCK });
    const elapsed = performance.now() - renewed;
    if (kvs[0]?.createRevision !== token && elapsed < TTL_SECONDS * 1000)
      violations.push(
        `lock ${token} was gone ${Math.round(elapsed)} ms after its lease of ${TTL_SECONDS} s was renewed`,
      );
  }

  async function round(_client: number, store: Store, random: Random, signal: AbortSignal): Promise<boolean> {
    try {
      await hold(store, random, signal);
      outcome('ok');
      return true;
    } catch {
      outcome('unknown');
      return false;
    }
  }

  return {
    name: 'lock',
    async run(context) {
      outcome = context.outcome;
      await runClients(context, 80, CLIENTS, (client, store, random) => round(client, store, random, context.signal));
      await released(await context.connect(80));
    },
    async judge() {
      return { violations: [...violations, ...judgeFencing(log)], figures: { locks: acquired, fencedOff: refused } };
    },
  };
}

/** Waits for the last lock to go with its lease, which a new leader may have prolonged. */
async function released(store: Store): Promise<void> {
  const until = performance.now() + RELEASE_MS;
  while (performance.now() < until) {
    const held = await store.range({ key: LOCK }).catch(() => undefined);
    if (held?.kvs.length === 0) break;
    await pause(100);
  }
  await store.close();
}

/** In the store's own order, each protected write falls into the time of the lock whose token it bears. */
function judgeFencing(log: EventLog): string[] {
  const violations: string[] = [];
  let holder: KeyValue | undefined;
  for (const { revision, events } of log.batches) {
    for (const { type, kv } of events) {
      if (kv.key === LOCK) {
        if (type === 'put' && holder !== undefined)
          violations.push(`lock ${revision} was taken while ${holder.createRevision} held it`);
        holder = type === 'put' ? kv : undefined;
      } else if (kv.key === PROTECTED && textOf(kv) !== String(holder?.createRevision)) {
        violations.push(`${textOf(kv)} wrote at revision ${revision}, when the lock was ${holder?.createRevision}`);
      }
    }
  }
  if (holder !== undefined) violations.push(`lock ${holder.createRevision} outlived its lease`);
  return violations;
}
