import { formatTable } from '../../src/cli/table.ts';

/** One figure, and what it is compared with. */
export interface Result {
  name: string;
  value: number;
  unit: string;
  peer?: { name: string; value: number };
  /** Above 1: better than the peer, whatever the unit. */
  ratio?: number;
}

/** A figure of which more is better, compared with another's when there is one. */
export function higherIsBetter(
  name: string,
  value: number,
  unit: string,
  peer?: { name: string; value: number },
): Result {
  return {
    name,
    value: round(value),
    unit,
    ...(peer === undefined ? {} : { peer: { ...peer, value: round(peer.value) }, ratio: round(value / peer.value) }),
  };
}

/** A figure of which less is better. */
export function lowerIsBetter(
  name: string,
  value: number,
  unit: string,
  peer?: { name: string; value: number },
): Result {
  return {
    name,
    value: round(value),
    unit,
    ...(peer === undefined ? {} : { peer: { ...peer, value: round(peer.value) }, ratio: round(peer.value / value) }),
  };
}

export function formatResults(results: readonly Result[]): string {
  const rows = results.map(({ name, value, unit, peer, ratio }) => [
    name,
    String(value),
    unit,
    peer === undefined ? '' : `${peer.name}: ${peer.value}`,
    ratio === undefined ? '' : `${ratio}x`,
  ]);
  return formatTable(['NAME', 'VALUE', 'UNIT', 'COMPARED WITH', 'RATIO'], rows);
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}

/** The value below which a share of the sorted samples lies. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return percentile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}
