import test from 'ava';
import { Log } from '../../src/raft/log.ts';
import { configurationOf } from './harness/cluster.ts';
import { logOf } from './harness/core.ts';

const at = (index: number, term: number) => ({ index, term, configuration: configurationOf([1]) });

test('an empty log of a new cluster', (t) => {
  const log = new Log(at(0, 0), []);
  t.is(log.firstIndex, 1);
  t.is(log.lastIndex, 0);
  t.is(log.lastTerm, 0);
  t.is(log.term(0), 0);
  t.is(log.term(1), undefined);
  t.deepEqual(log.slice(1, 100), []);
});

test('a restored log may begin before the snapshot', (t) => {
  const log = new Log(at(5, 2), logOf([1, 1, 2, 2, 3], 2));
  t.is(log.firstIndex, 2);
  t.is(log.lastIndex, 6);
  // What came before was compacted, so it can't be a predecessor in an append.
  t.is(log.term(1), undefined);
  t.is(log.term(5), 2);
  t.deepEqual(log.takeUnsaved(), []);
});

test('a restored log that ends before the snapshot adds nothing to it', (t) => {
  const log = new Log(at(5, 2), logOf([1, 1, 2]));
  t.is(log.firstIndex, 6);
  t.is(log.lastTerm, 2);
});

test('a restored log with a gap, or terms that run backwards, or that contradicts the snapshot is refused', (t) => {
  const [one, , three] = logOf([1, 1, 1]);
  t.throws(() => new Log(at(0, 0), [one!, three!]), { message: /gap in the restored log/ });
  t.throws(() => new Log(at(0, 0), logOf([2, 1])), { message: /terms run backwards/ });
  t.throws(() => new Log(at(2, 1), logOf([1], 4)), { message: /gap between snapshot/ });
  t.throws(() => new Log(at(2, 1), logOf([1, 2, 2])), { message: /snapshot and restored log differ/ });
});

test('a slice ends where its bytes do, but holds at least one entry', (t) => {
  const log = new Log(at(0, 0), logOf([1, 1, 1, 1]));
  t.is(log.slice(2, 1).length, 1);
  t.is(log.slice(1, 2 * 17).length, 2);
  t.is(log.slice(1, 2 * 17 + 16).length, 2);
  t.is(log.slice(3, 1e6).length, 2);
  t.is(log.slice(5, 1e6).length, 0);
});

test('what is appended, cut and appended again is to be written once, from the cut on', (t) => {
  const log = new Log(at(0, 0), logOf([1, 1, 1]));
  for (const entry of logOf([1, 1], 4)) log.append(entry);
  log.truncate(3);
  for (const entry of logOf([2, 2], 3)) log.append(entry);
  t.deepEqual(
    log.takeUnsaved().map(({ index, term }) => [index, term]),
    [
      [3, 2],
      [4, 2],
    ],
  );
  t.deepEqual(log.takeUnsaved(), []);
  t.throws(() => log.append(logOf([2], 9)[0]!), { message: /append at 9 after 4/ });
});

test('compaction keeps the term of the last entry dropped', (t) => {
  const log = new Log(at(0, 0), logOf([1, 1, 2, 3]));
  log.compact(3);
  t.is(log.firstIndex, 4);
  t.is(log.term(3), 2);
  t.is(log.term(2), undefined);
  log.compact(2);
  t.is(log.firstIndex, 4);
  t.throws(() => log.truncate(3), { message: /cannot truncate/ });
  t.throws(() => log.compact(5), { message: /cannot compact/ });
});

test('where a differing log may begin to agree', (t) => {
  const log = new Log(at(0, 0), logOf([1, 1, 3, 3, 5]));
  t.is(log.lastIndexUpToTerm(9, 9), 5);
  t.is(log.lastIndexUpToTerm(5, 4), 4);
  t.is(log.lastIndexUpToTerm(4, 2), 2);
  t.is(log.lastIndexUpToTerm(4, 0), 0);
});

test('a candidate’s log covers this one if it ends later', (t) => {
  const log = new Log(at(0, 0), logOf([1, 2]));
  t.true(log.isCoveredBy(2, 2));
  t.true(log.isCoveredBy(1, 3));
  t.false(log.isCoveredBy(9, 1));
  t.false(log.isCoveredBy(1, 2));
});
