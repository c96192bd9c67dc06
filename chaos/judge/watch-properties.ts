import type { KeyValue, WatchBatch, WatchEvent } from '../../src/store/index.ts';
import { type EventLog, textOf } from './event-log.ts';

/** All that one watch told, from its start to its cancellation. */
export interface WatchRecord {
  key: string;
  end: string;
  from: number;
  /** Whether it asked for what was there before. */
  previous: boolean;
  batches: WatchBatch[];
  /** Promises that all up to a revision was told, and how many batches that had been then. */
  bookmarks: { revision: number; batches: number }[];
}

export const watchProperties = [
  'ordered',
  'unique',
  'atomic',
  'reliable',
  'resumable',
  'bookmarkable',
  'previous value',
  'is-create',
  'filter',
] as const;
type Property = (typeof watchProperties)[number];

/** Holds a watch against the nine properties that etcd promises of watches. Tells which were broken, and how. */
export function judgeWatch(record: WatchRecord, log: EventLog): string[] {
  const violations: string[] = [];
  const say = (property: Property, what: string): void =>
    void violations.push(`${property}: watch of [${record.key}, ${record.end}) from ${record.from}: ${what}`);
  const { batches, from } = record;

  let last = from - 1;
  const seen = new Set<string>();
  for (const { revision, events } of batches) {
    if (revision < last) say('ordered', `revision ${revision} after ${last}`);
    if (revision === last) say('atomic', `revision ${revision} in two batches`);
    last = Math.max(last, revision);
    for (const event of events) {
      const id = `${revision} ${event.kv.key}`;
      if (seen.has(id)) say('unique', `${event.kv.key} at revision ${revision} twice`);
      seen.add(id);
      judgeEvent(event, revision, record, log, say);
    }
  }

  const promised = record.bookmarks.at(-1)?.revision ?? 0;
  const expected = expectedOf(record, log, Math.max(last, promised));
  const told = new Map(batches.map((batch) => [batch.revision, batch]));
  const first = batches[0]?.revision;
  for (const batch of expected) {
    const { revision } = batch;
    const events = told.get(revision)?.events;
    if (events === undefined) {
      const isFirst = first === undefined || revision < first;
      say(isFirst ? 'resumable' : 'reliable', `revision ${revision} is missing`);
    } else if (events.length < batch.events.length) {
      say('atomic', `revision ${revision} has ${events.length} of ${batch.events.length} events`);
    }
  }
  let index = 0;
  for (const { revision, batches: delivered } of record.bookmarks) {
    while (index < expected.length && expected[index]!.revision <= revision) index++;
    if (delivered < index)
      say('bookmarkable', `after ${delivered} batches it promised all up to ${revision}, which are ${index}`);
  }
  return violations;
}

function judgeEvent(
  { type, kv, previous }: WatchEvent,
  revision: number,
  record: WatchRecord,
  log: EventLog,
  say: (property: Property, what: string) => void,
): void {
  const { key } = kv;
  if (key < record.key || key >= record.end) say('filter', `${key} is not in the range`);
  const truth = log.at(key, revision);
  const what = `${key} at revision ${revision}`;
  if (truth !== undefined && truth.modRevision !== revision) say('filter', `${what} did not happen`);
  if ((type === 'put') !== (truth !== undefined) || (type === 'put' && textOf(kv) !== textOf(truth)))
    say('filter', `${what} is ${type} ${textOf(kv)}, in truth ${textOf(truth)}`);
  const before = log.at(key, revision - 1);
  const creates = type === 'put' && kv.createRevision === kv.modRevision;
  if (type === 'put' && creates !== (before === undefined))
    say('is-create', `${what} ${creates ? 'claims' : 'denies'} to create the key`);
  if (record.previous && !sameVersion(previous, before))
    say('previous value', `${what} followed ${textOf(before)}, not ${textOf(previous)}`);
}

function expectedOf({ key, end, from }: WatchRecord, log: EventLog, to: number): WatchBatch[] {
  return log
    .between(from, to)
    .map(({ revision, events }) => ({ revision, events: events.filter(({ kv }) => kv.key >= key && kv.key < end) }))
    .filter(({ events }) => events.length > 0);
}

function sameVersion(a: KeyValue | undefined, b: KeyValue | undefined): boolean {
  return a?.modRevision === b?.modRevision && a?.version === b?.version && textOf(a) === textOf(b);
}
