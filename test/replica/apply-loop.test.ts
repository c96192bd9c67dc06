import test from 'ava';
import { type Entry, encodeConfiguration, type SnapshotPosition } from '../../src/raft/index.ts';
import { ApplyLoop } from '../../src/replica/apply-loop.ts';
import { encodeBatch } from '../../src/replica/batch.ts';
import type { SnapshotReader } from '../../src/replica/index.ts';
import { settle } from '../support/fake-clock.ts';
import { AppendList } from './append-list.ts';
import { position } from './storage-suite.ts';

function setUp(perTurn = 100): { loop: ApplyLoop; machine: AppendList; told: string[]; failures: unknown[] } {
  const machine = new AppendList();
  const told: string[] = [];
  const failures: unknown[] = [];
  const loop = new ApplyLoop(machine, perTurn, position(0, 0), {
    onEntry: ({ index }) => told.push(`entry ${index}`),
    onBatch: ({ sequence }, results) => told.push(`batch ${sequence}: ${results}`),
    onGap: ({ sequence }) => told.push(`gap before ${sequence}`),
    onRestored: ({ index }) => told.push(`restored ${index}`),
    onApplied: (index) => told.push(`applied ${index}`),
    onFailure: (error) => failures.push(error),
  });
  return { loop, machine, told, failures };
}

function commandEntry(index: number, sequence: number, count = 1): Entry {
  const commands = Array.from({ length: count }, (_, i) => ({ author: `batch ${sequence}`, number: i }));
  return { index, term: 1, kind: 'command', data: encodeBatch({ origin: 1, incarnation: 1, sequence, commands }) };
}

function readerOf(
  at: SnapshotPosition,
  chunks: AsyncIterable<Uint8Array>,
): { reader: SnapshotReader; closed(): boolean } {
  let closed = false;
  const close = (): void => {
    closed = true;
  };
  return { reader: { position: at, bytes: 0, chunks, close }, closed: () => closed };
}

test('entries of each kind move the position, configurations with it', async (t) => {
  const { loop, told } = setUp();
  const configuration = { ...position(0).configuration, voters: [1, 2, 3, 4] };
  loop.push([
    { index: 1, term: 1, kind: 'empty', data: new Uint8Array() },
    commandEntry(2, 1),
    { index: 3, term: 2, kind: 'configuration', data: encodeConfiguration(configuration) },
  ]);
  await settle();
  t.deepEqual(loop.position, { index: 3, term: 2, configuration });
  t.deepEqual(told, ['entry 1', 'batch 1: 1', 'entry 2', 'entry 3', 'applied 3']);
});

test('repeats are skipped, gaps are told', async (t) => {
  const { loop, told, machine } = setUp();
  loop.push([commandEntry(1, 1), commandEntry(2, 1), commandEntry(3, 3), commandEntry(4, 2)]);
  await settle();
  t.deepEqual(machine.list, ['batch 1#0', 'batch 2#0']);
  t.true(told.includes('gap before 3'));
});

test('what does not fit a turn waits for the next', async (t) => {
  const { loop, told } = setUp(10);
  loop.push(Array.from({ length: 5 }, (_, i) => commandEntry(i + 1, i + 1, 6)));
  loop.push([commandEntry(6, 6)]);
  await settle(10);
  t.deepEqual(
    told.filter((line) => line.startsWith('applied')),
    ['applied 2', 'applied 4', 'applied 6'],
  );
});

test('a snapshot of one loop fills another, sessions included, after what came before it', async (t) => {
  const one = setUp();
  one.loop.push([commandEntry(1, 1), commandEntry(2, 2)]);
  await settle();
  const other = setUp();
  other.loop.push([commandEntry(1, 1)]);
  const { reader, closed } = readerOf(position(2), one.loop.snapshot());
  one.loop.push([commandEntry(3, 3)]);
  other.loop.restore(async () => reader);
  // Repeats in the log what the snapshot covers.
  other.loop.push([commandEntry(2, 2), commandEntry(3, 3), commandEntry(4, 2)]);
  await settle(20);
  t.deepEqual(other.machine.list, one.machine.list);
  t.true(closed());
  t.true(other.told.indexOf('applied 1') < other.told.indexOf('restored 2'));
  t.deepEqual(other.failures, []);
});

test('a snapshot that is older than the state changes nothing', async (t) => {
  const { loop, machine } = setUp();
  loop.push([commandEntry(1, 1), commandEntry(2, 2)]);
  const { reader, closed } = readerOf(position(1), (async function* () {})());
  loop.restore(async () => reader);
  await settle(10);
  t.is(machine.list.length, 2);
  t.true(closed());
});

test('a gap in the log, a damaged entry or a broken snapshot end it', async (t) => {
  for (const breakIt of [
    (loop: ApplyLoop) => loop.push([commandEntry(2, 1)]),
    (loop: ApplyLoop) => loop.push([{ ...commandEntry(1, 1), data: Buffer.from('c1', 'hex') }]),
    (loop: ApplyLoop) => loop.push([{ ...commandEntry(1, 1), kind: 'configuration' }]),
    (loop: ApplyLoop) => loop.restore(async () => Promise.reject(new Error('disk'))),
    (loop: ApplyLoop) => loop.restore(async () => readerOf(position(5), (async function* () {})()).reader),
  ]) {
    const { loop, failures, told } = setUp();
    breakIt(loop);
    await settle(5);
    t.is(failures.length, 1);
    loop.push([commandEntry(1, 1)]);
    await settle(5);
    t.deepEqual(told, []);
  }
});
