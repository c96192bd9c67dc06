import test from 'ava';
import { EventLog } from '../../chaos/judge/event-log.ts';
import { judgeWatch, type WatchRecord, watchProperties } from '../../chaos/judge/watch-properties.ts';
import { createMemoryStore, prefixEnd, type WatchBatch } from '../../src/store/index.ts';

const from = 3;

/** A store with some history, and what a watch of part of it told. */
async function watched(): Promise<{ log: EventLog; record: WatchRecord }> {
  const store = createMemoryStore();
  const log = new EventLog(2);
  log.follow(1, store);
  const put = (key: string, value: string) => ({ type: 'put', key, value: Buffer.from(value) }) as const;
  await store.put('w/a', Buffer.from('1'));
  await store.put('w/a', Buffer.from('2'));
  await store.txn({ compare: [], then: [put('w/b', '3'), put('w/c', '4'), put('x', '5')] });
  await store.delete('w/b');
  await store.put('w/b', Buffer.from('6'));
  const range = { key: 'w/', end: prefixEnd('w/') };
  const record: WatchRecord = { ...range, from, previous: true, batches: [], bookmarks: [] };
  const handle = store.watch({
    ...range,
    fromRevision: from,
    previous: true,
    listener: ({ revision, events }) => void record.batches.push({ revision, events: structuredClone(events) }),
  });
  await store.readBarrier();
  record.bookmarks.push({ revision: handle.revision, batches: record.batches.length });
  handle.cancel();
  log.close();
  await store.close();
  return { log, record };
}

test('a watch that told the truth is not complained of', async (t) => {
  const { log, record } = await watched();
  t.is(record.batches.length, 4);
  t.deepEqual(judgeWatch(record, log), []);
});

/** For each property, how to break it. */
const lies: Record<(typeof watchProperties)[number], (batches: WatchBatch[], record: WatchRecord) => void> = {
  ordered: (batches) => batches.reverse(),
  unique: (batches) => batches.splice(1, 0, batches[0]!),
  atomic: (batches) => batches.splice(1, 1, { ...batches[1]!, events: batches[1]!.events.slice(0, 1) }),
  reliable: (batches) => batches.splice(2, 1),
  resumable: (batches) => batches.shift(),
  bookmarkable: (_batches, record) => record.bookmarks.unshift({ revision: 5, batches: 1 }),
  'previous value': (batches) => Object.assign(batches[0]!.events[0]!, { previous: undefined }),
  'is-create': (batches) => Object.assign(batches[0]!.events[0]!.kv, { createRevision: from }),
  filter: (batches) => Object.assign(batches[3]!.events[0]!.kv, { key: 'x' }),
};

for (const property of watchProperties) {
  test(`a watch that is not "${property}" is found out`, async (t) => {
    const { log, record } = await watched();
    lies[property](record.batches, record);
    const violations = judgeWatch(record, log);
    t.true(
      violations.some((violation) => violation.startsWith(`${property}: `)),
      violations.join('\n'),
    );
  });
}
