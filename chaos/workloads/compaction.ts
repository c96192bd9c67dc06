import { errorCode, type Random, randomInteger } from '../../src/base/index.ts';
import { CompactedError, type RangeResult, type Store } from '../../src/store/index.ts';
import { type EventLog, textOf } from '../judge/event-log.ts';
import { runClients } from './clients.ts';
import type { Outcome } from './recorder.ts';
import type { Workload } from './workload.ts';

const KEYS = 8;
/** So much history stays that peers which were away for a moment find what they missed. */
const KEEP_REVISIONS = 1_000;
/** Reads go to either side of the border. */
const MARGIN = 20;

/** History is dropped again and again, and read close to where it now ends: what is left of it must be whole. */
export function compactionWorkload(log: EventLog): Workload {
  const violations: string[] = [];
  let outcome: (outcome: Outcome) => void = () => {};
  let compactions = 0;
  let reads = 0;
  let values = 0;

  async function compact(store: Store, random: Random): Promise<void> {
    const revision = log.last - KEEP_REVISIONS - randomInteger(random, KEEP_REVISIONS);
    if (revision <= log.compacted) return;
    log.compacting(revision);
    await store.compact(revision);
    compactions++;
  }

  /** By itself or within a transaction. */
  async function readAt(store: Store, key: string, revision: number, inTxn: boolean): Promise<RangeResult> {
    if (!inTxn) return store.range({ key, revision });
    const { results } = await store.txn({ compare: [], then: [{ type: 'range', request: { key, revision } }] });
    const [first] = results;
    if (first?.type !== 'range') throw new Error(`a range was answered by ${first?.type}`);
    return first.result;
  }

  async function readOld(store: Store, random: Random): Promise<void> {
    const key = `compaction/${randomInteger(random, KEYS)}`;
    const revision = Math.max(log.begin, log.compacted + randomInteger(random, 2 * MARGIN) - MARGIN);
    if (revision > log.last) return;
    try {
      const { kvs } = await readAt(store, key, revision, random.next() < 0.5);
      log.read(key, revision, textOf(kvs[0]));
      reads++;
    } catch (error) {
      if (!(error instanceof CompactedError)) throw error;
      if (revision >= log.compacted)
        violations.push(`revision ${revision} was gone, with history dropped before ${log.compacted}`);
    }
  }

  async function write(store: Store, random: Random): Promise<void> {
    const key = `compaction/${randomInteger(random, KEYS)}`;
    if (random.next() < 0.3) {
      const { revision, deleted } = await store.delete(key);
      if (deleted > 0) log.acknowledge(key, revision, undefined);
      return;
    }
    const value = String(++values);
    const { revision } = await store.put(key, Buffer.from(value));
    log.acknowledge(key, revision, value);
  }

  async function round(_client: number, store: Store, random: Random): Promise<boolean> {
    const kind = random.next();
    try {
      await (kind < 0.02 ? compact : kind < 0.5 ? readOld : write)(store, random);
      outcome('ok');
      return true;
    } catch (error) {
      // Another client was quicker.
      const refused = errorCode(error) === 'COMPACTED';
      outcome(refused ? 'failed' : 'unknown');
      return refused;
    }
  }

  return {
    name: 'compaction',
    async run(context) {
      outcome = context.outcome;
      await runClients(context, 120, 3, round);
    },
    async judge() {
      return { violations, figures: { compactions, historicReads: reads } };
    },
  };
}
