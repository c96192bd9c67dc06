import test from 'ava';
import { errorCode } from '../../src/base/index.ts';
import { decodeBatch } from '../../src/replica/batch.ts';
import { defaultReplicaLimits, type ReplicaLimits } from '../../src/replica/index.ts';
import { Proposals } from '../../src/replica/proposals.ts';
import { settle } from '../support/fake-clock.ts';

/** Proposals whose submissions a test sees: of each, the sequences of its batches. */
function setUp(limits: Partial<ReplicaLimits> = {}): {
  proposals: Proposals;
  submitted: number[][];
  sizes: number[];
  tick(count: number): void;
} {
  const submitted: number[][] = [];
  const sizes: number[] = [];
  const settings = { ...defaultReplicaLimits, maxBatchesInFlight: 2, tickMs: 50, electionTicks: 8, ...limits };
  const proposals = new Proposals({ origin: 1, incarnation: 7 }, settings, (data) => {
    const batches = data.map(decodeBatch);
    submitted.push(batches.map(({ sequence }) => sequence));
    sizes.push(...batches.map(({ commands }) => commands.length));
  });
  const tick = (count: number): void => {
    for (let i = 0; i < count; i++) proposals.tick();
  };
  return { proposals, submitted, sizes, tick };
}

test('commands gather while batches are under way, and go on as these are applied', async (t) => {
  const { proposals, submitted, sizes } = setUp();
  const results = [proposals.propose('a'), proposals.propose('b')];
  await settle();
  results.push(proposals.propose('c'));
  await settle();
  for (const command of ['d', 'e', 'f']) results.push(proposals.propose(command));
  await settle();
  t.deepEqual(submitted, [[1], [2]]);
  t.deepEqual(sizes, [2, 1]);
  proposals.applied(1, ['A', 'B']);
  await settle();
  t.deepEqual(submitted, [[1], [2], [3]]);
  proposals.applied(2, ['C']);
  proposals.applied(3, ['D', 'E', 'F']);
  t.deepEqual(await Promise.all(results), ['A', 'B', 'C', 'D', 'E', 'F']);
});

test('a batch is bounded in commands and bytes', async (t) => {
  const { proposals, sizes } = setUp({ maxBatchCommands: 3, maxBatchBytes: 1000, maxBatchesInFlight: 10 });
  for (let i = 0; i < 7; i++) proposals.propose(i);
  proposals.propose('x'.repeat(900));
  proposals.propose('x'.repeat(900));
  await settle();
  t.deepEqual(sizes, [3, 3, 2, 1]);
});

test('what is not applied within an election timeout is sent again, ever more rarely', async (t) => {
  const { proposals, submitted, tick } = setUp({ timeoutMs: 1e6 });
  const results = [proposals.propose('a')];
  await settle();
  results.push(proposals.propose('b'));
  await settle();
  t.deepEqual(submitted.splice(0), [[1], [2]]);
  tick(7);
  t.deepEqual(submitted, []);
  tick(1);
  t.deepEqual(submitted.splice(0), [[1, 2]]);
  tick(15);
  t.deepEqual(submitted, []);
  tick(1);
  t.deepEqual(submitted.splice(0), [[1, 2]]);
  tick(1000);
  t.true(submitted.length < 20);
  submitted.length = 0;
  proposals.applied(1, ['A']);
  tick(8);
  t.deepEqual(submitted, [[2]], 'progress makes it patient no longer');
  proposals.applied(2, ['B']);
  tick(1000);
  t.is(submitted.length, 1);
  t.deepEqual(await Promise.all(results), ['A', 'B']);
});

test('after a gap all is sent again, once', async (t) => {
  const { proposals, submitted } = setUp();
  proposals.propose('a');
  await settle();
  proposals.propose('b');
  await settle();
  submitted.length = 0;
  proposals.gap();
  proposals.gap();
  t.deepEqual(submitted, [[1, 2]]);
  proposals.applied(1, ['A']);
  proposals.gap();
  t.deepEqual(submitted, [[1, 2], [2]]);
});

test('what was refused is tried again at the next tick', async (t) => {
  const { proposals, submitted, tick } = setUp();
  proposals.propose('a');
  await settle();
  proposals.refused();
  tick(1);
  t.deepEqual(submitted, [[1], [1]]);
});

test('a command that waited too long is not sent any more, one under way may still be applied', async (t) => {
  const { proposals, sizes, tick } = setUp({
    timeoutMs: 500,
    maxBatchesInFlight: 1,
    maxBatchCommands: 2,
    maxPendingBytes: 60,
  });
  const first = proposals.propose('under way');
  await settle();
  const early = ['early 1', 'early 2', 'early 3'].map((command) => proposals.propose(command));
  tick(6);
  const late = proposals.propose('late');
  t.is(errorCode(await t.throwsAsync(proposals.propose('one too many'))), 'OVERLOADED');
  const outcomes = Promise.all([first, ...early].map((each) => t.throwsAsync(each)));
  tick(6);
  for (const error of await outcomes) t.is(errorCode(error), 'TIMEOUT');
  const more = proposals.propose('fits again');
  proposals.applied(1, ['ignored']);
  await settle();
  proposals.applied(2, ['late result', 'more result']);
  t.deepEqual(await Promise.all([late, more]), ['late result', 'more result']);
  t.deepEqual(
    sizes.filter((_, i) => i === 0 || i === sizes.length - 1),
    [1, 2],
  );
});

test('a state that came as a snapshot settles what it covers', async (t) => {
  const { proposals, submitted } = setUp();
  const results = [proposals.propose('a')];
  await settle();
  results.push(proposals.propose('b'));
  await settle();
  const outcome = t.throwsAsync(results[0]!);
  proposals.skipTo(1);
  t.is(errorCode(await outcome), 'TIMEOUT');
  submitted.length = 0;
  proposals.resend();
  t.deepEqual(submitted, [[2]]);
  proposals.applied(1, ['of another life']);
  proposals.applied(2, ['B']);
  t.is(await results[1], 'B');
});

test('what is no plain data is refused and leaves no gap', async (t) => {
  const { proposals, submitted } = setUp();
  const outcome = t.throwsAsync(proposals.propose({ secret: Symbol('x') }));
  await settle();
  t.is(errorCode(await outcome), 'INVALID');
  const next = proposals.propose('plain');
  await settle();
  t.deepEqual(submitted, [[1]]);
  proposals.applied(1, ['done']);
  t.is(await next, 'done');
});
