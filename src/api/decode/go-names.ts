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
