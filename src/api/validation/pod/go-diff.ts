import { equalPlain, isPlainObject, type PlainObject } from '../../plain.ts';

/**
 * How two values differ, in the form in which Kubernetes tells it: the lines of the first behind a minus, those of the
 * second behind a plus, what is the same in both counted.
 */
export function goDiff(type: string, before: object, after: object): string {
  return `  ${type}${diffOf(before, after, 0).join('\n').trimStart()}\n`;
}

function diffOf(before: unknown, after: unknown, depth: number): string[] {
  if (isPlainObject(before) && isPlainObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return block(names, (name) => `${name}: `, before, after, depth, 'identical fields');
  }
  const [a, b] = [before as unknown[], after as unknown[]];
  const indexes = Array.from({ length: Math.max(a.length, b.length) }, (_, index) => String(index));
  return block(indexes, () => '', { ...a } as PlainObject, { ...b } as PlainObject, depth, 'identical elements');
}

function block(
  keys: readonly string[],
  label: (key: string) => string,
  before: PlainObject,
  after: PlainObject,
  depth: number,
  sameText: string,
): string[] {
  const indent = '\t'.repeat(depth + 1);
  const lines = [`  ${'\t'.repeat(depth)}{`];
  let same = 0;
  const count = (): void => {
    if (same > 0) lines.push(`  ${indent}... // ${same} ${sameText}`);
    same = 0;
  };
  for (const key of keys) {
    const [a, b] = [before[key], after[key]];
    if (equalPlain(a, b)) {
      same++;
      continue;
    }
    count();
    if (isStructured(a) && isStructured(b) && Array.isArray(a) === Array.isArray(b)) {
      const [first, ...rest] = diffOf(a, b, depth + 1);
      lines.push(`  ${indent}${label(key)}${first!.trimStart()}`, ...rest);
    } else {
      if (a !== undefined) lines.push(`- ${indent}${label(key)}${JSON.stringify(a)},`);
      if (b !== undefined) lines.push(`+ ${indent}${label(key)}${JSON.stringify(b)},`);
    }
  }
  count();
  return [...lines, `  ${'\t'.repeat(depth)}}${depth === 0 ? '' : ','}`];
}

function isStructured(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
