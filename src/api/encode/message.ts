/** Any object of Kubernetes, by its description, to the protobuf message that Go would write of it. */
import { type FieldDescription, structOf, type TypeDescription, type ValueType } from '../description/index.ts';
import type { PlainObject } from '../plain.ts';
import { parseTime } from '../time.ts';
import { BackwardWriter } from './wire.ts';

/** The message of an object that is valid by its description; kind and apiVersion are not part of it. */
export function encodeMessage(type: TypeDescription, object: PlainObject): Buffer {
  const writer = new BackwardWriter();
  writeMessage(writer, type, object);
  return writer.finish();
}

/** A field of a message, or a struct whose fields stand in the object itself. */
type Slot =
  | { number: number; field: FieldDescription; inlined?: undefined }
  | { number: number; inlined: TypeDescription };

const slotsOfType = new WeakMap<TypeDescription, readonly Slot[]>();

/** The last first, as they are written backwards. */
function slotsOf(type: TypeDescription): readonly Slot[] {
  let slots = slotsOfType.get(type);
  if (slots === undefined) {
    slots = [
      ...[...type.fields.values()]
        .filter(({ number, fromInlined }) => number > 0 && !fromInlined)
        .map((field) => ({ number: field.number, field })),
      ...type.inlined.map(({ number, type: inlined }) => ({ number, inlined })),
    ].sort((a, b) => b.number - a.number);
    slotsOfType.set(type, slots);
  }
  return slots;
}

const nothing: PlainObject = {};

function writeMessage(writer: BackwardWriter, type: TypeDescription, object: PlainObject): void {
  for (const slot of slotsOf(type)) {
    if (slot.inlined !== undefined) {
      const before = writer.length;
      writeMessage(writer, slot.inlined, object);
      writer.block(slot.number, before);
      continue;
    }
    const { number, field } = slot;
    const value = object[field.jsonName];
    if (value !== undefined && value !== null) writeField(writer, number, field.type, value);
    else if (!field.pointer) writeZero(writer, number, field.type);
  }
}

function writeField(writer: BackwardWriter, number: number, type: ValueType, value: unknown): void {
  if (type.kind === 'map') writeMap(writer, number, type.values, value as PlainObject);
  else if (type.kind === 'list' && !type.wrapped) {
    const items = value as readonly unknown[];
    for (let i = items.length - 1; i >= 0; i--) writeValue(writer, number, type.items, items[i]);
  } else writeValue(writer, number, type, value);
}

/** In the order of their keys' bytes, as Go writes them. */
function writeMap(writer: BackwardWriter, number: number, values: ValueType, map: PlainObject): void {
  const keys = Object.keys(map).sort((a, b) => Buffer.compare(Buffer.from(b), Buffer.from(a)));
  for (const key of keys) {
    const before = writer.length;
    const value = map[key];
    if (value === undefined || value === null) writeZero(writer, 2, values);
    else writeValue(writer, 2, values, value);
    writeText(writer, 1, key);
    writer.block(number, before);
  }
}

/** What Go writes of a field that is no pointer and was never set: all but lists, maps and bytes. */
function writeZero(writer: BackwardWriter, number: number, type: ValueType): void {
  switch (type.kind) {
    case 'list':
    case 'map':
    case 'bytes':
      break;
    case 'string':
    case 'enum':
      writeText(writer, number, '');
      break;
    case 'bool':
    case 'int32':
    case 'int64':
    case 'float64':
      writeValue(writer, number, type, 0);
      break;
    case 'object':
      writeValue(writer, number, type, nothing);
      break;
    case 'quantity':
      writeValue(writer, number, type, '0');
      break;
    case 'intOrString':
      writeValue(writer, number, type, 0);
      break;
    default:
      // Times, JSON: messages without fields.
      writer.block(number, writer.length);
  }
}

function writeValue(writer: BackwardWriter, number: number, type: ValueType, value: unknown): void {
  switch (type.kind) {
    case 'string':
    case 'enum':
      writeText(writer, number, value as string);
      break;
    case 'bytes': {
      const before = writer.length;
      writer.bytes(Buffer.from(value as string, 'base64'));
      writer.block(number, before);
      break;
    }
    case 'bool':
      writeInteger(writer, number, value ? 1 : 0);
      break;
    case 'int32':
    case 'int64':
      writeInteger(writer, number, value as number);
      break;
    case 'float64':
      writer.double(value as number);
      writer.tag(number, 1);
      break;
    default: {
      const before = writer.length;
      writeParts(writer, type, value);
      writer.block(number, before);
    }
  }
}

/** The fields of what is a message of its own. */
function writeParts(writer: BackwardWriter, type: ValueType, value: unknown): void {
  switch (type.kind) {
    case 'object':
      writeMessage(writer, type.type, value as PlainObject);
      break;
    case 'list':
      writeField(writer, 1, { ...type, wrapped: false }, value);
      break;
    case 'time':
    case 'microTime':
      writeTime(writer, value as string);
      break;
    case 'quantity':
      writeText(writer, 1, value as string);
      break;
    case 'intOrString': {
      const isText = typeof value === 'string';
      writeText(writer, 3, isText ? value : '');
      writeInteger(writer, 2, isText ? 0 : (value as number));
      writeInteger(writer, 1, isText ? 1 : 0);
      break;
    }
    case 'raw':
    case 'fields':
    case 'any':
      writeText(writer, 1, JSON.stringify(value));
      break;
    case 'schemaOrBool':
      if (typeof value !== 'boolean') writeSchema(writer, 2, value);
      writeInteger(writer, 1, value === false ? 0 : 1);
      break;
    case 'schemaOrArray':
      if (!Array.isArray(value)) writeSchema(writer, 1, value);
      else for (const item of value.toReversed()) writeSchema(writer, 2, item);
      break;
    case 'schemaOrStrings':
      if (!Array.isArray(value)) writeSchema(writer, 1, value);
      else for (const item of value.toReversed()) writeText(writer, 2, item as string);
  }
}

function writeSchema(writer: BackwardWriter, number: number, value: unknown): void {
  const before = writer.length;
  writeMessage(writer, structOf('apiextensions.k8s.io/v1', 'JSONSchemaProps')!, value as PlainObject);
  writer.block(number, before);
}

function writeTime(writer: BackwardWriter, text: string): void {
  const milliseconds = parseTime(text) ?? 0;
  const micros = /\.(\d{6})Z$/.exec(text)?.[1] ?? '0';
  writeInteger(writer, 2, Number(micros) * 1_000);
  writeInteger(writer, 1, Math.floor(milliseconds / 1_000));
}

function writeInteger(writer: BackwardWriter, number: number, value: number): void {
  writer.varint(value);
  writer.tag(number, 0);
}

function writeText(writer: BackwardWriter, number: number, text: string): void {
  const before = writer.length;
  writer.text(text);
  writer.block(number, before);
}
