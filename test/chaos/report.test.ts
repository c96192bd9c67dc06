import test from 'ava';
import { htmlReport } from '../../chaos/report/html.ts';
import { textReport } from '../../chaos/report/text.ts';
import { Timeline } from '../../chaos/timeline.ts';

function someTimeline(): Timeline {
  const timeline = new Timeline();
  timeline.count('register', 'ok');
  timeline.count('register', 'unknown');
  timeline.count('set', 'failed');
  timeline.faults.push({ name: 'partition', description: '1 <cut> off', from: 1_000, to: 3_000, recoveryMs: 250 });
  timeline.faults.push({ name: 'kill', description: 'killed 2', from: 1_200, to: 4_000, recoveryMs: 0 });
  timeline.reigns.push({ peer: 1, term: 1, from: 0, to: 1_500 }, { peer: 3, term: 2, from: 2_000, to: 4_000 });
  return timeline;
}

test('the page shows operations, faults and leaders, and needs nothing else', (t) => {
  const page = htmlReport('partition', 7, { violations: [], figures: { faults: 2 }, timelines: [someTimeline()] });
  t.regex(page, /All invariants held/);
  t.regex(page, /partition: 1 &lt;cut&gt; off, 1\.0 s to 3\.0 s; well 250 ms later/);
  t.regex(page, /peer 3 led in term 2, 2\.0 s to 4\.0 s/);
  t.regex(page, /register, second 0: 1 answered, 0 refused, 1 unanswered/);
  t.notRegex(page, /<cut>|src=|href=|NaN|undefined/);
  // Names that would run into each other are on different lines.
  const tops = [...page.matchAll(/y="([\d.]+)" class="name"/g)].map(([, y]) => y);
  t.is(new Set(tops).size, 2);
});

test('what was violated is told, and how to see it again', (t) => {
  const result = { violations: ['peer 1 <forgot>'], figures: { faults: 1 } };
  t.regex(htmlReport('kill', 7, result), /1 violations:.*peer 1 &lt;forgot&gt;/);
  t.is(textReport(7, result), '\nfaults  1\nVIOLATION peer 1 <forgot>\n1 violations; again with --seed 7');
  t.is(textReport(7, { ...result, violations: [] }), '\nfaults  1\nall invariants held');
});

test('two clusters can be told side by side, and what is no violation of ours is a note', (t) => {
  const table = { title: 'Errors', columns: ['', 'ours', 'theirs'], rows: [['TIMEOUT', 1, 20]] };
  const result = {
    ...{ violations: [], figures: { faults: 1 }, remarks: ['theirs <forgot>'], tables: [table] },
    ...{ timelines: [someTimeline(), someTimeline()], titles: ['Ours', 'Theirs'] },
  };
  const page = htmlReport('differential', 7, result);
  t.regex(page, /All invariants held.*<li>theirs &lt;forgot&gt;.*<h2>Ours<.*<h2>Theirs<.*<h2>Errors</s);
  t.regex(page, /<th>ours<\/th>.*<td>TIMEOUT<\/td><td class="n">1<\/td><td class="n">20<\/td>/s);
  const lines = ['faults  1', '', 'Errors:', '         ours  theirs', 'TIMEOUT  1     20', 'NOTE theirs <forgot>'];
  t.deepEqual(textReport(7, result).split('\n'), ['', ...lines, 'all invariants held']);
});
