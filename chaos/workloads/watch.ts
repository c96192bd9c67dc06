import { type Random, randomInteger } from '../../src/base/index.ts';
import { CompactedError, type Operation, prefixEnd, type Store } from '../../src/store/index.ts';
import type { EventLog } from '../judge/event-log.ts';
import { judgeWatch, type WatchRecord } from '../judge/watch-properties.ts';
import { pause } from '../pause.ts';
import { runClients } from './clients.ts';
import type { Outcome } from './recorder.ts';
import type { Workload, WorkloadContext } from './workload.ts';

const PREFIX = 'watch/';
const KEYS = 12;
const WATCHERS = 6;
const MAX_WATCH_MS = 4_000;
/** How far back in history a watch may begin. */
const MAX_REVISIONS_BACK = 3_000;
/** And how far ahead. */
const MAX_REVISIONS_AHEAD = 100;

/**
 * Writers change keys, one or several in a transaction; watchers of the whole range and of parts of it begin now, where
 * another one ended, far back, where history was compacted to, or in the future, and end again.
 */
export function watchWorkload(log: EventLog): Workload {
  const records: WatchRecord[] = [];
  const violations: string[] = [];
  let values = 0;
  let outcome: (outcome: Outcome) => void = () => {};

  async function write(_client: number, store: Store, random: Random): Promise<boolean> {
    const chosen = new Set(Array.from({ length: randomInteger(random, 3) + 1 }, () => randomInteger(random, KEYS)));
    const writes: Operation[] = [...chosen].map((n) => {
      const key = `${PREFIX}${String.fromCharCode(97 + n)}`;
      return random.next() < 0.3 ? { type: 'delete', key } : { type: 'put', key, value: Buffer.from(`${++values}`) };
    });
    try {
      const { revision, results } = await store.txn({ compare: [], then: writes });
      outcome('ok');
      writes.forEach((operation, i) => {
        const result = results[i];
        if (operation.type === 'put') log.acknowledge(operation.key, revision, Buffer.from(operation.value).toString());
        else if (operation.type === 'delete' && result?.type === 'delete' && result.deleted > 0)
          log.acknowledge(operation.key, revision, undefined);
      });
      return true;
    } catch {
      outcome('unknown');
      return false;
    }
  }

  async function watchOnce(store: Store, random: Random, from: number, signal: AbortSignal): Promise<number> {
    const low = random.next() < 0.5 ? PREFIX : `${PREFIX}${String.fromCharCode(97 + randomInteger(random, KEYS))}`;
    const record: WatchRecord = {
      key: low,
      end: random.next() < 0.7 ? prefixEnd(PREFIX) : prefixEnd(low),
      from,
      previous: random.next() < 0.5,
      batches: [],
      bookmarks: [],
    };
    records.push(record);
    const { key, end, previous } = record;
    let compactRevision: number | undefined;
    const handle = store.watch({
      ...{ key, end, previous, fromRevision: from },
      // A value may share memory with what comes next.
      listener: ({ revision, events }) => void record.batches.push({ revision, events: structuredClone(events) }),
      onEnd(error) {
        if (error instanceof CompactedError) compactRevision = error.compactRevision;
        else violations.push(`watch from ${from} ended: ${error.message}`);
      },
    });
    const until = performance.now() + randomInteger(random, MAX_WATCH_MS);
    while (performance.now() < until && !signal.aborted) {
      await pause(200, signal);
      if (compactRevision !== undefined) return judgeEnd(record, compactRevision);
      record.bookmarks.push({ revision: handle.revision, batches: record.batches.length });
    }
    handle.cancel();
    return record.bookmarks.at(-1)?.revision ?? from - 1;
  }

  /** A watch may end because what it has not told yet was compacted. Another one can begin there. */
  function judgeEnd({ from, batches }: WatchRecord, compactRevision: number): number {
    const next = (batches.at(-1)?.revision ?? from - 1) + 1;
    if (compactRevision <= next || compactRevision > log.compacted)
      violations.push(`watch from ${from}, told to ${next - 1}, was ended as if ${compactRevision} had been compacted`);
    return compactRevision - 1;
  }

  async function watchAgain(context: WorkloadContext, client: number): Promise<void> {
    const random = context.random(client);
    const store = await context.connect(client);
    let next = context.begin;
    while (!context.signal.aborted) {
      const reached = await watchOnce(store, random, next, context.signal);
      const back = Math.max(context.begin, reached - randomInteger(random, MAX_REVISIONS_BACK));
      const ahead = reached + randomInteger(random, MAX_REVISIONS_AHEAD);
      const kind = random.next();
      next = kind < 0.3 ? back : kind < 0.4 ? ahead : reached + 1;
    }
    await store.close();
  }

  return {
    name: 'watch',
    async run(context) {
      outcome = context.outcome;
      const watchers = Array.from({ length: WATCHERS }, (_, i) => watchAgain(context, 70 + i));
      await Promise.all([runClients(context, 60, 3, write), ...watchers]);
    },
    async judge() {
      const events = records.reduce((sum, { batches }) => sum + batches.length, 0);
      return {
        violations: [...violations, ...records.flatMap((record) => judgeWatch(record, log))],
        figures: { watches: records.length, watchBatches: events },
      };
    },
  };
}
