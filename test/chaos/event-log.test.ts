import test from 'ava';
import { END_MARKER, EventLog } from '../../chaos/judge/event-log.ts';
import { createMemoryStore, type Store, type WatchBatch } from '../../src/store/index.ts';

/** The same store, but for what its watches tell. */
function telling(store: Store, change: (batch: WatchBatch) => WatchBatch[]): Store {
  return {
    watch: (request) =>
      store.watch({
        ...request,
        listener(batch) {
          for (const told of change(batch)) request.listener(told);
        },
      }),
  } as Store;
}

async function judged(
  change: (batch: WatchBatch) => WatchBatch[],
  claim?: (log: EventLog) => void,
  { shared = false } = {},
): Promise<string[]> {
  const store = createMemoryStore();
  const log = new EventLog(2, { shared });
  log.follow(1, store);
  log.follow(2, telling(store, change));
  await store.put('a', Buffer.from('1'));
  await store.put('a', Buffer.from('2'));
  await store.delete('a');
  await store.put(END_MARKER, Buffer.from(''));
  claim?.(log);
  log.close();
  await store.close();
  return log.judge();
}

const same = (batch: WatchBatch): WatchBatch[] => [batch];

test('peers that tell the same, and clients that were answered accordingly', async (t) => {
  const violations = await judged(same, (log) => {
    log.acknowledge('a', 2, '1');
    log.acknowledge('a', 4, undefined);
    log.read('a', 2, '1');
    log.read('a', 3, '2');
    log.read('a', 5, undefined);
    t.true(log.isComplete);
    t.is(log.last, 5);
  });
  t.deepEqual(violations, []);
});

test('where others write as well, revisions may be left out, but not by one peer alone', async (t) => {
  const without3 = ({ revision }: WatchBatch): boolean => revision !== 3;
  const store = createMemoryStore();
  const log = new EventLog(2, { shared: true });
  const filtered = telling(store, (batch) => (without3(batch) ? [batch] : []));
  log.follow(1, filtered);
  log.follow(2, filtered);
  for (const key of ['a', 'b', 'a', END_MARKER]) await store.put(key, Buffer.from('1'));
  t.true(log.isComplete);
  t.is(log.last, 5);
  log.acknowledge('a', 4, '1');
  log.read('a', 3, '1');
  t.deepEqual(log.judge(), []);
  t.deepEqual(
    log.between(3, 4).map(({ revision }) => revision),
    [4],
  );
  log.acknowledge('b', 3, '1');
  t.regex(log.judge()[0] ?? '', /^the write of 1 to b at revision 3 was acknowledged; there is nothing/);
  log.close();
  await store.close();
});

const cases: [name: string, change: (batch: WatchBatch) => WatchBatch[], expected: RegExp][] = [
  ['leaves out a revision', (batch) => (batch.revision === 3 ? [] : [batch]), /^reliable: peer 2 .* 4 instead of 3/],
  ['repeats one', (batch) => [batch, batch], /^unique, ordered: peer 2 told of revision 2 instead of 3/],
  ['stops early', (batch) => (batch.revision > 3 ? [] : [batch]), /^reliable: .* only up to revision 3 of 5/],
  [
    'has another value',
    ({ revision, events }) => [
      { revision, events: events.map((event) => ({ ...event, kv: { ...event.kv, value: Buffer.from('9') } })) },
    ],
    /^peers differ at revision 2/,
  ],
];
for (const [name, change, expected] of cases) {
  test(`a peer that ${name} is found out`, async (t) => {
    t.regex((await judged(change))[0] ?? '', expected);
    t.regex((await judged(change, undefined, { shared: true }))[0] ?? '', expected);
  });
}

test('answers that do not agree with the history are found out', async (t) => {
  const lost = await judged(same, (log) => log.acknowledge('a', 3, 'other'));
  t.regex(lost[0] ?? '', /^the write of other to a at revision 3 was acknowledged; there is 2/);
  const phantom = await judged(same, (log) => log.acknowledge('b', 3, 'x'));
  t.regex(phantom[0] ?? '', /there is nothing/);
  const stale = await judged(same, (log) => log.read('a', 3, '1'));
  t.regex(stale[0] ?? '', /^a was read as 1 at revision 3, where it is 2/);
});
