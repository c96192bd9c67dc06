import test from 'ava';
import { AnswerLog } from '../../chaos/judge/answer-log.ts';
import { createMemoryStore } from '../../src/store/index.ts';

const value = Buffer.from('v');

test('answers whose revisions go on are not complained of', async (t) => {
  const answers = new AnswerLog();
  const store = answers.observe(createMemoryStore());
  await store.put('a', value);
  await store.range({ key: 'a' });
  await store.txn({ compare: [], then: [{ type: 'delete', key: 'a' }] });
  await store.delete('a');
  await t.throwsAsync(store.leaseRevoke(9));
  await t.throwsAsync(store.leaseRevoke(9));
  t.deepEqual(answers.violations, []);
  t.deepEqual([...answers.errors], [['LEASE_NOT_FOUND', 2]]);
  await store.close();
});

test('an answer that is older than what was known before, to whomever, is found out', async (t) => {
  const [real, old] = [createMemoryStore(), createMemoryStore()];
  const answers = new AnswerLog();
  const [first, second] = [answers.observe(real), answers.observe(old)];
  // Asked before anybody knew better.
  const early = second.range({ key: 'a' });
  await first.put('a', value);
  await early;
  t.deepEqual(answers.violations, []);
  await second.range({ key: 'a', serializable: true });
  t.deepEqual(answers.violations, []);
  await second.range({ key: 'a' });
  t.deepEqual(answers.violations, ['monotone: a range was answered at revision 1, after 2 was known']);
  await first.close();
  await second.close();
});
