import { structOf, type ValueType } from '../../description/index.ts';
import { equalPlain, getOwn, isPlainObject, type PlainObject } from '../../plain.ts';
import { goName } from './go-form.ts';

/**
 * How two structs of the core group differ, in the form in which Kubernetes tells it: the lines of the first behind a minus,
 * those of the second behind a plus, what is the same in both counted.
 */
export function goDiff(name: string, before: object, after: object): string {
  const struct = structOf('v1', name);
  const type: ValueType | undefined = struct && { kind: 'object', type: struct };
  return `  core.${name}${diffOf(before, after, type, 0).join('\n').trimStart()}\n`;
}

function diffOf(before: object, after: object, type: ValueType | undefined, depth: number): string[] {
  const [a, b] = [fieldsOf(before), fieldsOf(after)];
  const isList = Array.isArray(before);
  const indent = '\t'.repeat(depth + 1);
  const lines = [`  ${'\t'.repeat(depth)}{`];
  let same = 0;
  const count = (): void => {
    const what = isList ? 'elements' : type?.kind === 'map' ? 'entries' : 'fields';
    if (same > 0) lines.push(`  ${indent}... // ${same} identical ${what}`);
    same = 0;
  };
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const [old, now] = [getOwn(a, key), getOwn(b, key)];
    if (equalPlain(old, now)) {
      same++;
      continue;
    }
    count();
    const isField = type?.kind === 'object' && type.type.fields.has(key);
    const label = isList ? '' : `${isField ? goName(key) : JSON.stringify(key)}: `;
    if (isStructured(old) && isStructured(now) && Array.isArray(old) === Array.isArray(now)) {
      const [first, ...rest] = diffOf(old, now, partOf(type, key), depth + 1);
      lines.push(`  ${indent}${label}${first!.trimStart()}`, ...rest);
    } else {
      if (old !== undefined) lines.push(`- ${indent}${label}${JSON.stringify(old)},`);
      if (now !== undefined) lines.push(`+ ${indent}${label}${JSON.stringify(now)},`);
    }
  }
  count();
  return [...lines, `  ${'\t'.repeat(depth)}}${depth === 0 ? '' : ','}`];
}

function fieldsOf(value: object): PlainObject {
  return isPlainObject(value) ? value : { ...(value as unknown[]) };
}

function partOf(type: ValueType | undefined, key: string): ValueType | undefined {
  if (type?.kind === 'object') return type.type.fields.get(key)?.type;
  if (type?.kind === 'list') return type.items;
  return type?.kind === 'map' ? type.values : undefined;
}

function isStructured(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
