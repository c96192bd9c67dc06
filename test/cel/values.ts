import { celTypes, compile, MapValue, Optional, type Type, type Value } from '../../src/cel/index.ts';
import type { SpecValue } from './suite.ts';

/** A value of cel.expr.Value, in Protocol Buffers' JSON. */
export function fromSpec(spec: SpecValue): Value {
  const [kind, value] = Object.entries(spec)[0] ?? ['nullValue', null];
  switch (kind) {
    case 'int64Value':
      return BigInt(value as string);
    case 'uint64Value':
      return evaluate(`${value as string}u`);
    case 'doubleValue':
      return Number(value);
    case 'stringValue':
    case 'boolValue':
      return value as string | boolean;
    case 'nullValue':
      return null;
    case 'bytesValue':
      return new Uint8Array(Buffer.from(value as string, 'base64'));
    case 'typeValue':
      return evaluate(value as string);
    case 'listValue':
      return ((value as { values?: SpecValue[] }).values ?? []).map(fromSpec);
    case 'mapValue': {
      const { entries = [] } = value as { entries?: { key: SpecValue; value: SpecValue }[] };
      const names = entries.flatMap((_, index) => [`k${index}`, `v${index}`]);
      const values = entries.flatMap((entry) => [fromSpec(entry.key), fromSpec(entry.value)]);
      const text = `{${entries.map((_, index) => `k${index}: v${index}`).join(', ')}}`;
      const variables = Object.fromEntries(names.map((name) => [name, celTypes.dyn]));
      return compile(text, { variables, heterogeneous: true }).evaluate(
        Object.fromEntries(names.map((name, index) => [name, values[index]!])),
      );
    }
    default:
      throw new TypeError(`value of kind ${kind}`);
  }
}

function evaluate(text: string): Value {
  return compile(text, { variables: {} }).evaluate({});
}

/** Different values look different, whatever their order in maps. */
export function show(value: Value): string {
  if (value === null || typeof value !== 'object')
    return `${typeof value}(${Object.is(value, -0) ? '-0' : String(value)})`;
  if (Array.isArray(value)) return `[${value.map(show).join()}]`;
  if (value instanceof MapValue) {
    return `{${value
      .keys()
      .map((key) => `${show(key)}:${show(value.get(key)!)}`)
      .sort()
      .join()}}`;
  }
  if (value instanceof Uint8Array) return `bytes(${Buffer.from(value).toString('hex')})`;
  if (value instanceof Optional) return `optional(${value.value === undefined ? '' : show(value.value)})`;
  if ('type' in value) return `${value.constructor.name}(${JSON.stringify(value.type)})`;
  return `${value.constructor.name}(${Object.values(value).join()})`;
}

const primitives: Readonly<Record<string, Type>> = {
  BOOL: celTypes.bool,
  INT64: celTypes.int,
  UINT64: celTypes.uint,
  DOUBLE: celTypes.double,
  STRING: celTypes.string,
  BYTES: celTypes.bytes,
};

/** A type of cel.expr.Type. */
export function typeFromSpec(spec: object): Type {
  const type = spec as {
    primitive?: string;
    wellKnown?: string;
    null?: null;
    listType?: { elemType?: object };
    mapType?: { keyType?: object; valueType?: object };
    abstractType?: { name: string; parameterTypes?: object[] };
  };
  if (type.primitive !== undefined) return primitives[type.primitive]!;
  if (type.wellKnown === 'TIMESTAMP') return celTypes.timestamp;
  if (type.wellKnown === 'DURATION') return celTypes.duration;
  if (type.null === null) return celTypes.nullType;
  if (type.listType !== undefined) return celTypes.list(typeFromSpec(type.listType.elemType ?? {}));
  if (type.mapType !== undefined) {
    return celTypes.map(typeFromSpec(type.mapType.keyType ?? {}), typeFromSpec(type.mapType.valueType ?? {}));
  }
  if (type.abstractType !== undefined) {
    return celTypes.opaque(type.abstractType.name, ...(type.abstractType.parameterTypes ?? []).map(typeFromSpec));
  }
  return celTypes.dyn;
}
