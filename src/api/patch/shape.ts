import type { FieldDescription, TypeDescription, ValueType } from '../description/index.ts';

/** What is known of a value that is walked together with the description; nothing, below raw fields. */
export interface Shape {
  readonly type: ValueType | undefined;
  /** The field that it is the value of; undefined of items of lists and maps. */
  readonly field: FieldDescription | undefined;
}

const unknown: Shape = { type: undefined, field: undefined };

/** The shape of a whole object of that type. */
export function rootShape(type: TypeDescription): Shape {
  return { type: { kind: 'object', type }, field: undefined };
}

/** The shape of an object's or map's value under `key`. */
export function childShape({ type }: Shape, key: string): Shape {
  if (type?.kind === 'object') {
    const field = type.type.fields.get(key);
    return field === undefined ? { type: type.type.unnamed, field: undefined } : { type: field.type, field };
  }
  if (type?.kind === 'deduced') return { type, field: undefined };
  return type?.kind === 'map' ? { type: type.values, field: undefined } : unknown;
}

/** The shape of a list's items. */
export function itemShape({ type }: Shape): Shape {
  return type?.kind === 'list' ? { type: type.items, field: undefined } : unknown;
}
