import type { ScalarKind, TypeDescription, ValueType } from '../api/index.ts';
import { escapeName } from './schema.ts';
import type { ObjectField, Type } from './types.ts';
import * as types from './types.ts';

const scalars: Partial<Record<ScalarKind, Type>> = {
  string: types.string,
  bool: types.bool,
  int32: types.int,
  int64: types.int,
  float64: types.double,
  bytes: types.bytes,
  time: types.timestamp,
  microTime: types.timestamp,
};

const known = new WeakMap<TypeDescription, Type>();

/** The type of a kind of Kubernetes' own, and of what it is made of. What may be of several types is `dyn`. */
export function describedType(description: TypeDescription): Type {
  const made = known.get(description);
  if (made !== undefined) return made;
  const fields = new Map<string, ObjectField>();
  const type: Type = { kind: 'object', name: `${description.groupVersion}.${description.name}`, fields };
  // Known before it is filled: types may refer to themselves.
  known.set(description, type);
  for (const field of description.fields.values()) {
    const name = escapeName(field.jsonName);
    if (name !== undefined) fields.set(name, { property: field.jsonName, type: valueType(field.type) });
  }
  return type;
}

function valueType(value: ValueType): Type {
  switch (value.kind) {
    case 'object':
      return describedType(value.type);
    case 'list':
      return types.list(valueType(value.items));
    case 'map':
      return types.map(types.string, valueType(value.values));
    case 'enum':
      return types.string;
    default:
      return scalars[value.kind] ?? types.dyn;
  }
}
