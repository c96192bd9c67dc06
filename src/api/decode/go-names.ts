import type { ValueType } from '../description/index.ts';

/** A type as Go prints it in errors: `int32`, `[]v1.Container`, `map[string]string`. */
export function goTypeName(type: ValueType, version: string): string {
  switch (type.kind) {
    case 'list':
      return `[]${goTypeName(type.items, version)}`;
    case 'map':
      // The one map of amounts that has a name; keys of others are plain strings.
      return type.values.kind === 'quantity' ? 'v1.ResourceList' : `map[string]${goTypeName(type.values, version)}`;
    case 'object':
      return `${packageOf(type.type.groupVersion)}.${type.type.name}`;
    case 'enum':
      return `${version}.${type.name}`;
    case 'bytes':
      return '[]uint8';
    case 'time':
      return 'v1.Time';
    case 'quantity':
      return 'resource.Quantity';
    default:
      return type.kind;
  }
}

/** `v1` of `apps/v1`: the package's name. */
export function packageOf(groupVersion: string): string {
  return groupVersion.slice(groupVersion.indexOf('/') + 1);
}

/** What a JSON value is called in errors. Numbers that don't fit an integer are named. */
export function jsonTypeName(value: unknown, integer: boolean): string {
  if (Array.isArray(value)) return 'array';
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'number':
      return integer ? `number ${value}` : 'number';
    default:
      return typeof value;
  }
}

/** Why a parsed value can't become one of that type: what Kubernetes' converter of maps to structs says. */
export function restoringText(type: ValueType, goType: string, value: unknown): string {
  const kind = goKind(value);
  switch (type.kind) {
    case 'object':
      return `cannot restore struct from: ${kind}`;
    case 'map':
      return `cannot restore map from ${kind}`;
    case 'list':
    case 'bytes':
      return `cannot restore slice from ${kind}`;
    default: {
      const text = type.kind === 'string' || type.kind === 'enum';
      // Go can convert numbers to numbers and integers to strings; the converter refuses.
      const convertible = typeof value === 'number' && type.kind !== 'bool' && (!text || kind === 'int64');
      return convertible ? `cannot convert ${kind} to ${goType}` : `unrecognized type: ${text ? 'string' : goType}`;
    }
  }
}

/** What Go calls a parsed JSON value's kind. */
function goKind(value: unknown): string {
  if (Array.isArray(value)) return 'slice';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'string' ? 'string' : 'map';
}

/** A JSON value as Go's `%+v` prints it: `map[a:1 b:[x y]]`. */
export function goPrinted(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goPrinted).join(' ')}]`;
  if (typeof value !== 'object') return String(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${entries.map(([key, item]) => `${key}:${goPrinted(item)}`).join(' ')}]`;
}
