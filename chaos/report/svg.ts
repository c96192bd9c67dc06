import type { FaultSpan, Tally, Timeline } from '../timeline.ts';

const LEFT = 96;
const WIDTH = 1_200;
/** A long run is scrolled through rather than squeezed. */
const MIN_PIXELS_PER_SECOND = 12;
const MAX_PIXELS_PER_SECOND = 48;
const PIXELS_PER_CHARACTER = 6.5;
const LANE = 44;
const GAP = 10;
const ROW = 18;
const FONT = 11;

/** A run as a picture: faults, who led, and what became of each workload's operations, second by second. */
export function timelineSvg({ faults, reigns, tallies }: Timeline): string {
  const seconds = Math.ceil(
    Math.max(
      1,
      ...tallies.map(({ second }) => second + 1),
      ...faults.map(({ to, recoveryMs }) => (to + recoveryMs) / 1_000),
    ),
  );
  const scale = Math.min(MAX_PIXELS_PER_SECOND, Math.max(MIN_PIXELS_PER_SECOND, Math.floor(WIDTH / seconds)));
  const x = (ms: number): number => LEFT + (ms / 1_000) * scale;
  const peers = [...new Set(reigns.map(({ peer }) => peer))].sort();
  const names = [...new Set(tallies.map(({ workload }) => workload))].sort();
  const rows = rowsOf(faults, x);
  const reignTop = Math.max(0, ...rows.map((row) => row + 1)) * ROW + GAP;
  const laneTop = reignTop + peers.length * ROW + GAP;
  const bottom = laneTop + names.length * (LANE + GAP);
  const right = x(seconds * 1_000);
  const parts = [
    ...faults.map((fault, i) => faultBand(fault, rows[i]! * ROW, bottom, x)),
    label('leader', reignTop + (peers.length * ROW) / 2 + FONT / 2, 'axis'),
    ...reigns.map(({ peer, term, from, to }) => {
      const y = reignTop + peers.indexOf(peer) * ROW;
      const width = Math.max(2, x(to) - x(from));
      const words = [`peer ${peer}, term ${term}`, `${term}`].find((text) => fits(text, width));
      const title = `<title>peer ${peer} led in term ${term}, ${clock(from)} to ${clock(to)}</title>`;
      const name = words === undefined ? '' : text(x(from) + 3, y + FONT + 1, words, 'reign');
      return `<g>${title}${rect(x(from), y, width, ROW - 3, `p${peer % 5}`)}${name}</g>`;
    }),
    ...names.map((name, i) => lane(name, laneTop + i * (LANE + GAP), right, scale, tallies)),
    ...Array.from({ length: Math.floor(seconds / 10) + 1 }, (_, i) =>
      text(x(i * 10_000), bottom + FONT, `${i * 10} s`, 'minor'),
    ),
  ];
  const [width, height] = [right + GAP, bottom + 2 * FONT];
  const size = `viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`;
  return `<svg ${size} role="img" aria-label="timeline">${parts.join('\n')}</svg>`;
}

/** Puts each fault's name into the first row where it does not run into another one. */
function rowsOf(faults: readonly FaultSpan[], x: (ms: number) => number): number[] {
  const ends: number[] = [];
  return faults.map((fault) => {
    const left = x(fault.from);
    const free = ends.findIndex((end) => end < left);
    const row = free < 0 ? ends.length : free;
    ends[row] = left + (nameOf(fault).length + 1) * PIXELS_PER_CHARACTER;
    return row;
  });
}

/** Runs through all lanes, from its name downwards. */
function faultBand(fault: FaultSpan, top: number, bottom: number, x: (ms: number) => number): string {
  const { from, to, recoveryMs } = fault;
  const title = `${nameOf(fault)}, ${clock(from)} to ${clock(to)}; well ${Math.round(recoveryMs)} ms later`;
  const band = rect(x(from), top, x(to) - x(from), bottom - top, 'fault');
  const recovery = rect(x(to), top, Math.max(1, x(to + recoveryMs) - x(to)), bottom - top, 'recovery');
  const name = text(x(from) + 2, top + FONT, escapeHtml(nameOf(fault)), 'name');
  return `<g><title>${escapeHtml(title)}</title>${band}${recovery}${name}</g>`;
}

/** Operations per second, by outcome, one on top of the other. */
function lane(name: string, top: number, right: number, scale: number, tallies: readonly Tally[]): string {
  const own = tallies.filter(({ workload }) => workload === name);
  const most = Math.max(1, ...own.map(({ ok, failed, unknown }) => ok + failed + unknown));
  const bars = own.map((tally) => {
    const { second, ok, failed, unknown } = tally;
    let y = top + LANE;
    const stack = (['ok', 'failed', 'unknown'] as const).map((outcome) => {
      const height = (tally[outcome] / most) * LANE;
      y -= height;
      return height === 0 ? '' : rect(LEFT + second * scale, y, scale - 1, height, outcome);
    });
    const title = `${name}, second ${second}: ${ok} answered, ${failed} refused, ${unknown} unanswered`;
    return `<g><title>${escapeHtml(title)}</title>${stack.join('')}</g>`;
  });
  return [
    label(name, top + LANE / 2, 'axis'),
    label(`≤ ${most}/s`, top + LANE / 2 + FONT + 2, 'minor'),
    `<line x1="${LEFT}" x2="${right}" y1="${top + LANE}" y2="${top + LANE}" class="rule"/>`,
    ...bars,
  ].join('');
}

function nameOf({ name, description }: FaultSpan): string {
  return `${name}: ${description}`;
}

function fits(words: string, width: number): boolean {
  return words.length * PIXELS_PER_CHARACTER < width;
}

function clock(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function rect(left: number, top: number, width: number, height: number, kind: string): string {
  const [x, y, w, h] = [left, top, width, height].map((value) => value.toFixed(1));
  return `<rect x="${x}" y="${y}" width="${w}" height="${h}" class="${kind}"/>`;
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
