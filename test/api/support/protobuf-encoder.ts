import { structOf, type TypeDescription, type ValueType } from '../../../src/api/index.ts';

/** Writes an object as Kubernetes' clients do: the other way round than what is tested, and written apart from it. */
export function encodeEnvelope(type: TypeDescription, object: Record<string, unknown>): Buffer {
  const meta = Buffer.concat([text(1, object['apiVersion'] as string), text(2, object['kind'] as string)]);
  return Buffer.concat([
    Buffer.from('k8s\0'),
    block(1, meta),
    block(2, message(type, object)),
    text(3, ''),
    text(4, ''),
  ]);
}

function message(type: TypeDescription, object: Record<string, unknown>): Buffer {
  const parts: Buffer[] = [];
  for (const { number, type: inlined } of type.inlined) parts.push(block(number, message(inlined, object)));
  for (const field of type.fields.values()) {
    const value = object[field.jsonName];
    if (field.number > 0 && !field.fromInlined && value !== undefined && value !== null) {
      parts.push(fieldBytes(field.number, field.type, value));
    }
  }
  return Buffer.concat(parts);
}

function fieldBytes(number: number, type: ValueType, value: unknown): Buffer {
  switch (type.kind) {
    case 'list': {
      const items = value as unknown[];
      if (!type.wrapped) return Buffer.concat(items.map((item) => fieldBytes(number, type.items, item)));
      return block(number, Buffer.concat(items.map((item) => fieldBytes(1, type.items, item))));
    }
    case 'map':
      return Buffer.concat(
        Object.entries(value as object).map(([key, item]) =>
          block(number, Buffer.concat([text(1, key), fieldBytes(2, type.values, item)])),
        ),
      );
    case 'object':
      return block(number, message(type.type, value as Record<string, unknown>));
    case 'string':
    case 'enum':
      return text(number, value as string);
    case 'bytes':
      return block(number, Buffer.from(value as string, 'base64'));
    case 'bool':
      return integer(number, value === true ? 1n : 0n);
    case 'int32':
    case 'int64':
      return integer(number, BigInt(value as number));
    case 'float64': {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleLE(value as number);
      return Buffer.concat([varint(BigInt((number << 3) | 1)), bytes]);
    }
    case 'time':
    case 'microTime': {
      const micros = /\.(\d{6})Z$/.exec(value as string)?.[1] ?? '0';
      const seconds = BigInt(Math.floor(Date.parse(value as string) / 1000));
      return block(number, Buffer.concat([integer(1, seconds), integer(2, BigInt(micros) * 1000n)]));
    }
    case 'quantity':
      return block(number, text(1, value as string));
    case 'intOrString':
      return block(
        number,
        typeof value === 'string'
          ? Buffer.concat([integer(1, 1n), text(3, value)])
          : Buffer.concat([integer(1, 0n), integer(2, BigInt(value as number))]),
      );
    case 'raw':
    case 'fields':
    case 'any':
    case 'deduced':
      return block(number, text(1, JSON.stringify(value)));
    case 'schemaOrBool':
      return block(number, typeof value === 'boolean' ? integer(1, value ? 1n : 0n) : schema(2, value));
    case 'schemaOrArray':
      return block(
        number,
        Array.isArray(value) ? Buffer.concat(value.map((item) => schema(2, item))) : schema(1, value),
      );
    case 'schemaOrStrings':
      return block(
        number,
        Array.isArray(value) ? Buffer.concat(value.map((item) => text(2, item as string))) : schema(1, value),
      );
  }
}

function schema(number: number, value: unknown): Buffer {
  const type = structOf('apiextensions.k8s.io/v1', 'JSONSchemaProps')!;
  return block(number, message(type, value as Record<string, unknown>));
}

function integer(number: number, value: bigint): Buffer {
  return Buffer.concat([varint(BigInt(number << 3)), varint(BigInt.asUintN(64, value))]);
}

function text(number: number, value: string): Buffer {
  return block(number, Buffer.from(value));
}

function block(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([varint(BigInt((number << 3) | 2)), varint(BigInt(bytes.length)), bytes]);
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}
