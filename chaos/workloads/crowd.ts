import { prefixEnd, type Store, type WatchHandle } from '../../src/store/index.ts';
import type { EventLog } from '../judge/event-log.ts';
import { judgeWatch, type WatchRecord } from '../judge/watch-properties.ts';
import { pause } from '../pause.ts';
import { runClients } from './clients.ts';
import type { Outcome } from './recorder.ts';
import type { Workload, WorkloadContext } from './workload.ts';

const PREFIX = 'crowd/';
const KEYS = 20;
const VALUE_BYTES = 4_096;
const WATCHES = 150;
/** All at once, from the beginning. */
const AGAIN_MS = 5_000;
/** While a reader does other things, what it does not read piles up on the way. */
const STALL_MS = 300;

/**
 * Many watches share one connection, whose reader stalls; all of them begin again and again far back. Those that can't keep
 * up must not lose anything, and watches that do must not suffer.
 */
export function crowdWorkload(log: EventLog): Workload {
  const records: WatchRecord[] = [];
  const violations: string[] = [];
  let outcome: (outcome: Outcome) => void = () => {};
  let values = 0;

  async function write(_client: number, store: Store): Promise<boolean> {
    const key = `${PREFIX}${values++ % KEYS}`;
    const value = String(values).padEnd(VALUE_BYTES, '.');
    try {
      const { revision } = await store.put(key, Buffer.from(value));
      log.acknowledge(key, revision, value);
      outcome('ok');
      return true;
    } catch {
      outcome('unknown');
      return false;
    }
  }

  function startAll(store: Store, from: number): WatchHandle[] {
    return Array.from({ length: WATCHES }, () => {
      const range = { key: PREFIX, end: prefixEnd(PREFIX) };
      const record: WatchRecord = { ...range, from, previous: false, batches: [], bookmarks: [] };
      records.push(record);
      return store.watch({
        ...range,
        fromRevision: from,
        listener: (batch) => void record.batches.push(batch),
        onEnd: (error) => void violations.push(`one of many watches ended: ${error.message}`),
      });
    });
  }

  async function watchAll(context: WorkloadContext): Promise<void> {
    const store = await context.connect(132);
    while (!context.signal.aborted) {
      const from = Math.max(context.begin, log.last - 200);
      const first = records.length;
      const handles = startAll(store, from);
      await pause(AGAIN_MS / 2, context.signal);
      stall(STALL_MS);
      await pause(AGAIN_MS / 2, context.signal);
      handles.forEach((handle, i) => {
        const record = records[first + i]!;
        record.bookmarks.push({ revision: handle.revision, batches: record.batches.length });
        handle.cancel();
      });
    }
    await store.close();
  }

  return {
    name: 'crowd',
    async run(context) {
      outcome = context.outcome;
      await Promise.all([runClients(context, 130, 2, write), watchAll(context)]);
    },
    async judge() {
      const events = records.reduce((sum, { batches }) => sum + batches.length, 0);
      return {
        violations: [...violations, ...records.flatMap((record) => judgeWatch(record, log))],
        figures: { crowdWatches: records.length, crowdEvents: events },
      };
    },
  };
}

/** Nothing is read meanwhile. */
function stall(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}
