import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { seededRandom } from '../../src/base/index.ts';
import { encodeTxn } from '../../src/store/codec.ts';
import { COMPACT, type Command, LEASE_GRANT, LEASE_KEEP_ALIVE, PUT } from '../../src/store/command.ts';
import { StoreStateMachine } from '../../src/store/state-machine.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { keys, plain, txns, values } from './model.ts';

const commands: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: txns.map(encodeTxn) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(keys, values, fc.nat({ max: 3 }))
      .map(([key, value, lease]): Command => [PUT, key, value, lease, 0]),
  },
  { weight: 1, arbitrary: fc.nat({ max: 3 }).map((id): Command => [LEASE_GRANT, id, 10]) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }).map((id): Command => [LEASE_KEEP_ALIVE, id]) },
  { weight: 1, arbitrary: fc.nat({ max: 40 }).map((revision): Command => [COMPACT, revision]) },
);

/** Everything that can be observed of a state, at every revision. */
function observe(state: StoreStateMachine): unknown {
  const { keyspace, leases } = state;
  const { revision, compactRevision, size, bytes } = keyspace;
  const ranges: unknown[] = [];
  for (let at = Math.max(1, compactRevision); at <= revision; at++) {
    ranges.push(keyspace.range({ key: '', end: '\u0100', revision: at }).kvs);
  }
  const history: unknown[] = [];
  state.watches.watch({
    key: '',
    end: '\u0100',
    fromRevision: Math.max(1, compactRevision),
    previous: true,
    listener: (batch) => history.push(batch),
  });
  const leaseRows = [...leases.all()].map(({ id, ttl, generation, keys: held }) => ({
    id,
    ttl,
    generation,
    keys: [...held].sort(),
  }));
  return plain({
    revision,
    compactRevision,
    size,
    bytes,
    ranges,
    history,
    leases: leaseRows,
    counters: leases.counters,
  });
}

/** What the history keeps in memory beside live keys, counted anew. */
function supersededBytes({ keyspace: { history } }: StoreStateMachine): number {
  let bytes = 0;
  for (let position = history.start; position < history.end; position++) {
    const version = history.at(position)!;
    bytes += (version.live ? 0 : version.bytes) + (version.previous?.bytes ?? 0);
  }
  return bytes;
}

/** The same bytes, cut elsewhere. */
async function* recut(chunks: AsyncIterable<Uint8Array>, sizes: () => number): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    for (let position = 0; position < chunk.length; ) {
      const end = position + sizes();
      yield chunk.subarray(position, end);
      position = end;
    }
  }
}

test('a restored state equals the one at the call, however many writes come while it is read', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(commands, { maxLength: 40 }),
      fc.array(commands, { maxLength: 20 }),
      fc.nat(),
      async (before, meanwhile, seed) => {
        const clock = new FakeClock();
        const state = new StoreStateMachine(clock);
        const twin = new StoreStateMachine(clock);
        for (const command of before) {
          state.apply([command]);
          twin.apply([command]);
        }
        const random = seededRandom(seed);
        const chunks = state.snapshot();
        const late = meanwhile.values();
        const restored = new StoreStateMachine(clock);
        await restored.restore(
          recut(chunks, () => {
            const { value, done } = late.next();
            if (!done) state.apply([value]);
            return 1 + Math.floor(random.next() * 40);
          }),
        );
        const [expected, actual] = [observe(twin), observe(restored)];
        await clock.advance(0);
        assert.deepEqual(actual, expected);
        // Both go on alike, and what was compacted meanwhile is cleaned up once the snapshot is read.
        for (const command of [...meanwhile, [COMPACT, state.keyspace.revision] as Command]) {
          twin.apply([command]);
          restored.apply([command]);
        }
        assert.deepEqual(observe(restored), observe(twin));
        state.apply([...late]);
        state.apply([[COMPACT, state.keyspace.revision]]);
        assert.ok(state.keyspace.isClean);
        assert.equal(state.keyspace.historyBytes, supersededBytes(state));
      },
    ),
    { numRuns: 300 },
  );
  t.pass();
});

async function chunksOf(state: StoreStateMachine): Promise<Uint8Array[]> {
  return Array.fromAsync(state.snapshot());
}

async function* streamOf(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

test('a large state comes in chunks of moderate size', async (t) => {
  const state = new StoreStateMachine(new FakeClock());
  for (let i = 0; i < 2000; i++) state.apply([[PUT, `k${i}`, Buffer.alloc(1000, i), 0, 0]]);
  for (let id = 1; id < 60_000; id++) state.apply([[LEASE_GRANT, id, 9]]);
  state.apply([
    [COMPACT, 1200],
    [PUT, 'huge', Buffer.alloc(1_500_000), 0, 0],
  ]);
  const chunks = await chunksOf(state);
  t.true(chunks.length > 10);
  t.is(chunks.filter(({ length }) => length > 300_000).length, 1, 'only the one with the huge value');
  const restored = new StoreStateMachine(new FakeClock());
  await restored.restore(streamOf(chunks));
  t.deepEqual(
    plain(restored.keyspace.range({ key: '', end: '\u0100' })),
    plain(state.keyspace.range({ key: '', end: '\u0100' })),
  );
  t.is([...restored.leases.all()].length, 59_999);
});

test('what is not a whole snapshot is refused, and changes nothing', async (t) => {
  const state = new StoreStateMachine(new FakeClock());
  state.apply([
    [LEASE_GRANT, 1, 9],
    [PUT, 'a', Buffer.from('1'), 1, 0],
    [PUT, 'b', Buffer.from('2'), 0, 0],
  ]);
  state.apply([[COMPACT, 3]]);
  const chunks = await chunksOf(state);
  const whole = Buffer.concat(chunks);
  const bad: Uint8Array[][] = [
    [],
    [Buffer.from('no snapshot at all')],
    [Buffer.alloc(100)],
    chunks.slice(0, -1),
    chunks.slice(1),
    [...chunks, ...chunks],
    [...chunks, Buffer.from([0])],
    [whole.subarray(0, -1)],
  ];
  for (let i = 0; i < chunks.length; i++) bad.push(chunks.toSpliced(i, 1));
  const other = new StoreStateMachine(new FakeClock());
  other.apply([[PUT, 'mine', Buffer.from('kept'), 0, 0]]);
  for (const stream of bad) {
    // A part that holds nothing may be missing.
    if (stream.length === chunks.length - 1 && Buffer.concat(stream).length === whole.length - EMPTY_BLOCK_BYTES)
      continue;
    await t.throwsAsync(other.restore(streamOf(stream)), { code: 'SNAPSHOT_CORRUPT' });
  }
  t.is(other.keyspace.range({ key: 'mine' }).count, 1);
});

const EMPTY_BLOCK_BYTES = 5;

test('a snapshot that is given up lets compaction go on', async (t) => {
  const state = new StoreStateMachine(new FakeClock());
  for (let i = 0; i < 10; i++) state.apply([[PUT, 'k', Buffer.from('v'), 0, 0]]);
  const iterator = state.snapshot()[Symbol.asyncIterator]();
  await iterator.next();
  state.apply([[COMPACT, 9]]);
  t.false(state.keyspace.isClean);
  await iterator.return!();
  await iterator.return!();
  state.apply([]);
  t.true(state.keyspace.isClean);
});
