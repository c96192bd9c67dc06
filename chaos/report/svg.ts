import type { FaultSpan, Tally, Timeline } from '../timeline.ts';

const LEFT = 96;
const PIXELS_PER_SECOND = 12;
const LANE = 44;
const GAP = 10;
const FAULT_ROW = 18;
const REIGN_ROW = 18;
const FONT = 11;

/** A run as a picture: faults, who led, and what became of each workload's operations, second by second. */
export function timelineSvg(timeline: Timeline): string {
  const { faults, reigns, tallies } = timeline;
  const seconds = Math.ceil(
    Math.max(
      1,
      ...tallies.map(({ second }) => second + 1),
      ...faults.map(({ to, recoveryMs }) => (to + recoveryMs) / 1000),
    ),
  );
  const peers = [...new Set(reigns.map(({ peer }) => peer))].sort();
  const names = [...new Set(tallies.map(({ workload }) => workload))];
  const reignTop = FAULT_ROW * 2 + GAP;
  const laneTop = reignTop + peers.length * REIGN_ROW + GAP;
  const bottom = laneTop + names.length * (LANE + GAP);
  const width = LEFT + seconds * PIXELS_PER_SECOND + GAP;
  const parts = [
    ...faults.flatMap((fault, i) => faultBand(fault, i, bottom)),
    label('leader', reignTop + peers.length * (REIGN_ROW / 2) + FONT / 2, 'axis'),
    ...reigns.map(({ peer, term, from, to }) => {
      const y = reignTop + peers.indexOf(peer) * REIGN_ROW;
      const bar = rect(x(from), y, Math.max(2, x(to) - x(from)), REIGN_ROW - 3, `peer p${peer % 5}`);
      const title = `<title>peer ${peer} led in term ${term}, ${clock(from)} to ${clock(to)}</title>`;
      return `<g>${title}${bar}${text(x(from) + 3, y + FONT, `${peer} · term ${term}`, 'reign')}</g>`;
    }),
    ...names.flatMap((name, i) => lane(name, laneTop + i * (LANE + GAP), tallies)),
    ...axis(seconds, bottom),
  ];
  const height = bottom + 2 * FONT;
  return `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="timeline">${parts.join('\n')}</svg>`;
}

/** Bands run through all lanes; their names take turns in two rows. */
function faultBand({ name, description, from, to, recoveryMs }: FaultSpan, index: number, bottom: number): string[] {
  const top = (index % 2) * FAULT_ROW;
  const title = `<title>${escapeHtml(`${name}: ${description}, ${clock(from)} to ${clock(to)}; well ${Math.round(recoveryMs)} ms later`)}</title>`;
  const band = rect(x(from), top, x(to) - x(from), bottom - top, 'fault');
  const recovery = rect(x(to), top, Math.max(1, x(to + recoveryMs) - x(to)), bottom - top, 'recovery');
  return [
    `<g>${title}${band}${recovery}${text(x(from) + 2, top + FONT, escapeHtml(`${name}: ${description}`), 'name')}</g>`,
  ];
}

/** Operations per second, by outcome, one on top of the other. */
function lane(name: string, top: number, tallies: readonly Tally[]): string[] {
  const own = tallies.filter(({ workload }) => workload === name);
  const most = Math.max(1, ...own.map(({ ok, failed, unknown }) => ok + failed + unknown));
  const scale = LANE / most;
  const bars = own.map(({ second, ok, failed, unknown }) => {
    const left = LEFT + second * PIXELS_PER_SECOND;
    let y = top + LANE;
    const stacked = (
      [
        ['ok', ok],
        ['failed', failed],
        ['unknown', unknown],
      ] as const
    ).map(([outcome, count]) => {
      const height = count * scale;
      y -= height;
      return count === 0 ? '' : rect(left, y, PIXELS_PER_SECOND - 1, height, outcome);
    });
    return `<g><title>${name}, second ${second}: ${ok} ok, ${failed} refused, ${unknown} unanswered</title>${stacked.join('')}</g>`;
  });
  return [
    label(name, top + LANE / 2, 'axis'),
    label(`≤ ${most}/s`, top + LANE / 2 + FONT + 2, 'minor'),
    `<line x1="${LEFT}" x2="100%" y1="${top + LANE}" y2="${top + LANE}" class="rule"/>`,
    ...bars,
  ];
}

function axis(seconds: number, y: number): string[] {
  return Array.from({ length: Math.floor(seconds / 10) + 1 }, (_, i) =>
    text(LEFT + i * 10 * PIXELS_PER_SECOND, y + FONT, `${i * 10} s`, 'minor'),
  );
}

function x(ms: number): number {
  return LEFT + (ms / 1000) * PIXELS_PER_SECOND;
}

function clock(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function rect(left: number, top: number, width: number, height: number, kind: string): string {
  const [a, b, c, d] = [left, top, width, height].map((value) => value.toFixed(1));
  return `<rect x="${a}" y="${b}" width="${c}" height="${d}" class="${kind}"/>`;
}

function text(left: number, top: number, content: string, kind: string): string {
  return `<text x="${left.toFixed(1)}" y="${top.toFixed(1)}" class="${kind}">${content}</text>`;
}

function label(content: string, top: number, kind: string): string {
  return `<text x="${LEFT - 8}" y="${top}" text-anchor="end" class="${kind}">${escapeHtml(content)}</text>`;
}

export function escapeHtml(content: string): string {
  return content.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
