import type { ScenarioResult } from '../scenario.ts';

const MAX_VIOLATIONS = 20;

/** The figures as a table, and the verdict. */
export function textReport(seed: number, { violations, figures }: ScenarioResult): string {
  const width = Math.max(0, ...Object.keys(figures).map((name) => name.length));
  const rows = Object.entries(figures).map(([name, value]) => `${name.padEnd(width)}  ${value}`);
  const broken = violations.slice(0, MAX_VIOLATIONS).map((violation) => `VIOLATION ${violation}`);
  const verdict =
    violations.length === 0 ? 'all invariants held' : `${violations.length} violations; again with --seed ${seed}`;
  return ['', ...rows, ...broken, verdict].join('\n');
}
