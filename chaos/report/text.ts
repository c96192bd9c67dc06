import type { ScenarioResult, Table } from '../scenario.ts';

const MAX_VIOLATIONS = 20;

/** The figures as a table, and the verdict. */
export function textReport(seed: number, { violations, figures, remarks = [], tables = [] }: ScenarioResult): string {
  const told = remarks.slice(0, MAX_VIOLATIONS).map((remark) => `NOTE ${remark}`);
  const broken = violations.slice(0, MAX_VIOLATIONS).map((violation) => `VIOLATION ${violation}`);
  const verdict =
    violations.length === 0 ? 'all invariants held' : `${violations.length} violations; again with --seed ${seed}`;
  return ['', ...columnsOf(Object.entries(figures)), ...tables.flatMap(textTable), ...told, ...broken, verdict].join(
    '\n',
  );
}

function textTable({ title, columns, rows }: Table): string[] {
  return ['', `${title}:`, ...columnsOf([columns, ...rows])];
}

/** Each column as wide as what is in it, but for the last one. */
function columnsOf(rows: readonly (readonly (string | number)[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => String(row[i]).length)));
  return rows.map((row) =>
    row.map((cell, i) => (i < row.length - 1 ? String(cell).padEnd(widths[i]!) : cell)).join('  '),
  );
}
