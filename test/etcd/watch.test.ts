import test from 'ava';
import { type Answer, Incoming, type ServedPeer, servePeer } from './served-peer.ts';

let peer: ServedPeer;
test.before(async () => {
  peer = await servePeer({ progressMs: 50 });
});
test.after.always(() => peer.stop());

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const put = (key: string, value: string | Buffer): Promise<{ revision: number }> =>
  peer.store.put(key, typeof value === 'string' ? bytes(value) : value);

interface Watching extends Incoming {
  stream: Answer;
}
const open = (): Watching => new Incoming(peer.raw.open('Watch.Watch'));

/** Opens a stream with one watch, and reads that it was created. */
async function watch(request: object): Promise<Watching> {
  const watching = open();
  watching.stream.write({ createRequest: request });
  await watching.next();
  return watching;
}

const shown = ({ events }: Answer): string[] =>
  events.map(({ type, kv, prevKv }: Answer) => {
    const was = prevKv ? ` was ${prevKv.value}` : '';
    return type === 0 ? `+${kv.key}=${kv.value}${was}` : `-${kv.key}${was}`;
  });

test.serial('many watches on one stream, ids picked or chosen, cancelled one by one', async (t) => {
  const watching = open();
  const { stream } = watching;
  stream.write({ createRequest: { key: bytes('a') } });
  stream.write({ createRequest: { key: bytes('a'), rangeEnd: bytes('c'), watchId: 7 } });
  const [first, second] = [await watching.next(), await watching.next()];
  t.deepEqual([first.created, first.watchId.toNumber(), second.watchId.toNumber()], [true, 0, 7]);
  stream.write({ createRequest: { key: bytes('x'), watchId: 7 } });
  const duplicate = await watching.next();
  t.like(duplicate, { created: true, canceled: true });
  t.is(duplicate.watchId.toNumber(), -1);
  t.regex(duplicate.cancelReason, /duplicate watch ID/);
  stream.write({ createRequest: { key: bytes('c'), rangeEnd: bytes('a') } });
  t.regex((await watching.next()).cancelReason, /range is empty/);
  const { revision } = await put('a', '1');
  const both = [await watching.next(), await watching.next()];
  t.deepEqual(both.map((each) => each.watchId.toNumber()).sort(), [0, 7]);
  t.deepEqual(
    both.map((each) => each.header.revision.toNumber()),
    [revision, revision],
  );
  stream.write({ cancelRequest: { watchId: 0 } });
  t.like(await watching.next(), { canceled: true });
  await put('a', '2');
  t.is((await watching.next()).watchId.toNumber(), 7);
  stream.end();
  t.is(await watching.next(), undefined);
});

test.serial('a watch from the past has every event, previous values and what filters leave', async (t) => {
  const { revision } = await put('p/a', '1');
  await put('p/a', '2');
  await peer.store.delete('p/a');
  const range = { key: bytes('p/'), rangeEnd: bytes('p0'), startRevision: revision };
  const all = await watch({ ...range, prevKv: true });
  t.deepEqual([await all.next(), await all.next(), await all.next()].flatMap(shown), [
    '+p/a=1',
    '+p/a=2 was 1',
    '-p/a was 2',
  ]);
  const deletions = await watch({ ...range, filters: [0] });
  t.deepEqual(shown(await deletions.next()), ['-p/a']);
  const puts = await watch({ ...range, filters: [1] });
  t.deepEqual([await puts.next(), await puts.next()].flatMap(shown), ['+p/a=1', '+p/a=2']);
  for (const { stream } of [all, deletions, puts]) stream.end();
});

test.serial('a watch of compacted revisions is cancelled with the one to begin at', async (t) => {
  await put('old', '1');
  const { revision } = await put('old', '2');
  await peer.store.compact(revision);
  const watching = await watch({ key: bytes('old'), startRevision: 1 });
  const answer = await watching.next();
  t.true(answer.canceled);
  t.is(answer.compactRevision.toNumber(), revision);
  watching.stream.end();
});

test.serial('progress is told on request and, to who asked for it, from time to time', async (t) => {
  const watching = await watch({ key: bytes('quiet'), progressNotify: true });
  const notice = await watching.next();
  t.deepEqual([notice.events.length, notice.header.revision.toNumber()], [0, peer.store.local.revision]);
  watching.stream.end();
  const asking = await watch({ key: bytes('quiet') });
  const { revision } = await put('loud', '1');
  asking.stream.write({ progressRequest: {} });
  const progress = await asking.next();
  t.deepEqual([progress.watchId.toNumber(), progress.header.revision.toNumber()], [-1, revision]);
  asking.stream.end();
});

test.serial('a large batch comes in fragments to who takes them', async (t) => {
  const value = Buffer.alloc(500_000, 'x');
  const watching = await watch({ key: bytes('big/'), rangeEnd: bytes('big0'), prevKv: true, fragment: true });
  for (let i = 0; i < 4; i++) {
    await put(`big/${i}`, value);
    await watching.next();
  }
  await peer.store.delete('big/', 'big0');
  const parts = [await watching.next()];
  while (parts.at(-1).fragment) parts.push(await watching.next());
  t.true(parts.length > 1);
  t.is(parts.flatMap(({ events }) => events).length, 4);
  t.is(new Set(parts.map(({ header }) => header.revision.toNumber())).size, 1);
  watching.stream.end();
});

test.serial('a client that does not read holds up nobody and misses nothing', async (t) => {
  const value = Buffer.alloc(1_000_000, 'x');
  const slow = open();
  slow.stream.pause();
  const startRevision = peer.store.local.revision + 1;
  slow.stream.write({ createRequest: { key: bytes('slow/'), rangeEnd: bytes('slow0'), startRevision } });
  const quick = await watch({ key: bytes('slow/'), rangeEnd: bytes('slow0') });
  for (let i = 0; i < 40; i++) {
    await put(`slow/${i % 4}`, value);
    await quick.next();
  }
  slow.stream.resume();
  const created = await slow.next();
  const events: number[] = [];
  while (events.length < 40)
    events.push(...(await slow.next()).events.map(({ kv }: Answer) => kv.modRevision.toNumber()));
  t.true(created.created);
  t.deepEqual(
    events,
    Array.from({ length: 40 }, (_, i) => startRevision + i),
  );
  for (const { stream } of [slow, quick]) stream.end();
});
