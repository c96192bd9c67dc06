import type { ScenarioResult, Table } from '../scenario.ts';
import type { Timeline } from '../timeline.ts';
import { escapeHtml, timelineSvg } from './svg.ts';

const style = `
:root { color-scheme: light dark; --ink: #1d2530; --soft: #667080; --page: #fff; --rule: #d9dee5; --fault: #f3b61f;
  --ok: #3a9b6d; --failed: #9aa4b2; --unknown: #d9534f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #97a1b0; --page: #14181d; --rule: #313945; } }
body { font: 14px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); margin: 2rem; }
h1 { font-size: 1.3rem; margin: 0; } h2 { font-size: 1rem; margin: 2rem 0 .5rem; }
.good { color: var(--ok); } .bad { color: var(--unknown); }
.picture { overflow-x: auto; }
table { border-collapse: collapse; } td, th { padding: .15rem 1rem .15rem 0; text-align: left; border-bottom: 1px solid var(--rule); }
td.n { text-align: right; font-variant-numeric: tabular-nums; }
.legend span::before { content: ''; display: inline-block; width: .8em; height: .8em; margin: 0 .4em 0 1em; background: var(--c); }
svg text { font: 11px system-ui, sans-serif; fill: var(--ink); } svg text.minor { fill: var(--soft); }
svg text.name { font-weight: 600; } svg text.reign { fill: #fff; }
.fault { fill: var(--fault); opacity: .22; } .recovery { fill: var(--fault); opacity: .5; }
.ok { fill: var(--ok); } .failed { fill: var(--failed); } .unknown { fill: var(--unknown); } .rule { stroke: var(--rule); }
.p0 { fill: #7a5195; } .p1 { fill: #2f6fb0; } .p2 { fill: #b0562f; } .p3 { fill: #4b8b3b; } .p4 { fill: #a8336a; }
`;

/** One page that needs nothing else: verdict, figures, and a timeline for each cluster that was run. */
export function htmlReport(scenario: string, seed: number, result: ScenarioResult): string {
  const { violations, figures, timelines = [], titles = [], remarks = [], tables = [] } = result;
  const verdict =
    violations.length === 0
      ? '<p class="good">All invariants held.</p>'
      : `<p class="bad">${violations.length} violations:</p><ul>${violations.map((line) => `<li>${escapeHtml(line)}</li>`).join('')}</ul>`;
  const notes =
    remarks.length === 0 ? '' : `<ul>${remarks.map((line) => `<li>${escapeHtml(line)}</li>`).join('')}</ul>`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Chaos: ${escapeHtml(scenario)}</title><style>${style}</style></head><body>
<h1>Chaos: ${escapeHtml(scenario)}, seed ${seed}</h1>
${verdict}
${notes}
<p class="legend">Operations a second:<span style="--c: var(--ok)">answered</span><span style="--c: var(--failed)">refused</span><span
 style="--c: var(--unknown)">not answered, outcome unknown</span><span style="--c: var(--fault)">fault, then recovery</span></p>
${timelines.map((timeline, i) => section(timeline, titles[i] ?? `Cluster ${i + 1}`)).join('\n')}
${[...tables, { title: 'Figures', columns: [], rows: Object.entries(figures) }].map(htmlTable).join('\n')}
</body></html>
`;
}

function section(timeline: Timeline, title: string): string {
  const rows = timeline.faults.map(
    ({ name, description, from, to, recoveryMs }) =>
      `<tr><td>${escapeHtml(name)}</td><td>${escapeHtml(description)}</td>${[from, to - from, recoveryMs].map((ms) => `<td class="n">${(ms / 1000).toFixed(2)}</td>`).join('')}</tr>`,
  );
  return `<h2>${escapeHtml(title)}</h2><div class="picture">${timelineSvg(timeline)}</div>
<details><summary>Faults</summary><table><tr><th>fault</th><th>what</th><th>at, s</th><th>for, s</th><th>recovery, s</th></tr>${rows.join('')}</table></details>`;
}

function htmlTable({ title, columns, rows }: Table): string {
  const head = columns.map((column) => `<th>${escapeHtml(column)}</th>`).join('');
  const body = rows.map(
    (row) =>
      `<tr>${row.map((cell) => (typeof cell === 'number' ? `<td class="n">${cell}</td>` : `<td>${escapeHtml(cell)}</td>`)).join('')}</tr>`,
  );
  return `<h2>${escapeHtml(title)}</h2><table>${head === '' ? '' : `<tr>${head}</tr>`}${body.join('')}</table>`;
}
