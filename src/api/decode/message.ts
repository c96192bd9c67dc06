/** Any protobuf message of Kubernetes, by its description, to what Go's JSON encoding of the same is. */
import { structOf, type TypeDescription, type ValueType } from '../description/index.ts';
import { type PlainObject, setOwn } from '../plain.ts';
import { canonicalQuantity } from '../quantity.ts';
import { formatMicroTime, formatTime } from '../time.ts';
import { WireError, WireReader } from './wire.ts';
import { fillZeros, isOmitted } from './zero.ts';

/** Bounds what a body can make of the stack and of memory: a message takes two bytes, but its object hundreds. */
const maxDepth = 100;
const maxMessages = 200_000;

/** Decodes into `object`. Throws WireError for what isn't a message of that type. */
export function decodeMessage(type: TypeDescription, bytes: Uint8Array, object: PlainObject): void {
  new MessageDecoder(new WireReader(bytes)).message(type, object);
}

/** A field of a message, found by its number. */
type Slot =
  | { name: string; type: ValueType; omits: (value: unknown) => boolean; inlined?: undefined }
  | { inlined: TypeDescription };

const slotsOfType = new WeakMap<TypeDescription, (Slot | undefined)[]>();

function slotsOf(type: TypeDescription): (Slot | undefined)[] {
  let slots = slotsOfType.get(type);
  if (slots === undefined) {
    slots = [];
    for (const field of type.fields.values()) {
      if (field.number === 0 || field.fromInlined) continue;
      slots[field.number] = { name: field.jsonName, type: field.type, omits: (value) => isOmitted(field, value) };
    }
    for (const { number, type: inlined } of type.inlined) slots[number] = { inlined };
    slotsOfType.set(type, slots);
  }
  return slots;
}

const emptyBuffer = Buffer.alloc(0);

class MessageDecoder {
  readonly #reader: WireReader;
  #depth = 0;
  #messages = 0;

  constructor(reader: WireReader) {
    this.#reader = reader;
  }

  /** Reads fields into `object` up to the end of the message, then adds what Go writes of unset ones. */
  message(type: TypeDescription, object: PlainObject): void {
    this.#fields(type, object);
    fillZeros(type, object);
  }

  #fields(type: TypeDescription, object: PlainObject): void {
    if (++this.#depth > maxDepth) throw new WireError('exceeded max depth');
    if (++this.#messages > maxMessages) throw new WireError('too many messages');
    const reader = this.#reader;
    const slots = slotsOf(type);
    while (!reader.done) {
      const tag = reader.tag();
      const slot = slots[tag >>> 3];
      if (slot === undefined) reader.skip(tag & 7);
      else if (slot.inlined !== undefined) {
        expectWire(tag, 2);
        const outer = reader.enter();
        this.#fields(slot.inlined, object);
        reader.leave(outer);
      } else this.#field(slot, tag, object);
    }
    this.#depth--;
  }

  #field(slot: Slot & { inlined?: undefined }, tag: number, object: PlainObject): void {
    const { name, type } = slot;
    if (type.kind === 'list' && !type.wrapped) this.#listItem(type.items, tag, listIn(object, name));
    else if (type.kind === 'map') this.#mapEntry(type.values, tag, mapIn(object, name));
    else {
      const value = this.#value(type, tag, object[name]);
      if (!slot.omits(value)) object[name] = value;
      // As everywhere in protobuf, the last of several values counts.
      else delete object[name];
    }
  }

  #listItem(items: ValueType, tag: number, list: unknown[]): void {
    const packable = wireOf(items) !== 2;
    if (!packable || (tag & 7) !== 2) {
      list.push(this.#value(items, tag, undefined));
      return;
    }
    const outer = this.#reader.enter();
    while (!this.#reader.done) list.push(this.#value(items, wireOf(items), undefined));
    this.#reader.leave(outer);
  }

  #mapEntry(values: ValueType, tag: number, map: PlainObject): void {
    expectWire(tag, 2);
    if (++this.#messages > maxMessages) throw new WireError('too many messages');
    const reader = this.#reader;
    const outer = reader.enter();
    let key = '';
    let value: unknown;
    while (!reader.done) {
      const inner = reader.tag();
      if (inner === 0x0a) key = reader.string();
      else if (inner >>> 3 === 2) value = this.#value(values, inner, undefined);
      else reader.skip(inner & 7);
    }
    reader.leave(outer);
    setOwn(map, key, value ?? zeroInMap(values));
  }

  /** `earlier` is the value that the field had: of a struct given twice, the parts are merged. */
  #value(type: ValueType, tag: number, earlier: unknown): unknown {
    const reader = this.#reader;
    expectWire(tag, wireOf(type));
    switch (type.kind) {
      case 'string':
      case 'enum':
        return reader.string();
      case 'bool':
        return reader.bool();
      case 'int32':
        return reader.int32();
      case 'int64':
        return reader.int64();
      case 'float64':
        return reader.double();
      case 'bytes':
        return reader.bytes().toString('base64');
      case 'map':
        throw new WireError('a map cannot stand here');
      case 'list':
        return this.#inMessage((number, inner, list: unknown[]) => {
          if (number === 1) list.push(this.#value(type.items, inner, undefined));
          else reader.skip(inner & 7);
          return list;
        }, []);
      case 'object': {
        const object = (earlier ?? {}) as PlainObject;
        const outer = reader.enter();
        this.message(type.type, object);
        reader.leave(outer);
        return object;
      }
      case 'time':
      case 'microTime':
        return this.#time(type.kind);
      case 'quantity':
        return this.#quantity();
      case 'intOrString':
        return this.#intOrString();
      case 'raw':
      case 'fields':
      case 'any':
      case 'deduced':
        return this.#json();
      case 'schemaOrBool':
      case 'schemaOrArray':
      case 'schemaOrStrings':
        return this.#schemaUnion(type.kind);
    }
  }

  /** Reads a message field by field, each by `read`, which returns the result so far. */
  #inMessage<T>(read: (number: number, tag: number, result: T) => T, initial: T): T {
    if (++this.#messages > maxMessages) throw new WireError('too many messages');
    const outer = this.#reader.enter();
    let result = initial;
    while (!this.#reader.done) {
      const tag = this.#reader.tag();
      result = read(tag >>> 3, tag, result);
    }
    this.#reader.leave(outer);
    return result;
  }

  #time(kind: 'time' | 'microTime'): string | null {
    const reader = this.#reader;
    let seconds: number | undefined;
    let nanos = 0;
    this.#inMessage((number, tag) => {
      if (number === 1) seconds = reader.int64();
      else if (number === 2) nanos = reader.int32();
      else reader.skip(tag & 7);
      // A message without fields is the zero time, but one with any is a time.
      seconds ??= 0;
    }, undefined);
    if (seconds === undefined) return null;
    const milliseconds = seconds * 1000 + Math.floor(nanos / 1e6);
    if (!(milliseconds >= minTime && milliseconds <= maxTime)) throw new WireError('year outside of range [0,9999]');
    return kind === 'time'
      ? formatTime(milliseconds)
      : formatMicroTime(milliseconds, Math.floor((((nanos % 1e6) + 1e6) % 1e6) / 1e3));
  }

  #quantity(): string {
    const text = this.#inMessage((number, tag, result: string) => {
      if (number === 1) return this.#reader.string();
      this.#reader.skip(tag & 7);
      return result;
    }, '');
    if (text === '') return '0';
    const canonical = canonicalQuantity(text);
    if (canonical === undefined) throw new WireError(`unable to parse quantity ${JSON.stringify(text)}`);
    return canonical;
  }

  #intOrString(): number | string {
    const reader = this.#reader;
    const value = { isString: false, integer: 0, text: '' };
    this.#inMessage((number, tag) => {
      if (number === 1) value.isString = reader.int32() === 1;
      else if (number === 2) value.integer = reader.int32();
      else if (number === 3) value.text = reader.string();
      else reader.skip(tag & 7);
    }, undefined);
    return value.isString ? value.text : value.integer;
  }

  #json(): unknown {
    const raw = this.#inMessage((number, tag, result: Buffer) => {
      if (number === 1) return this.#reader.bytes();
      this.#reader.skip(tag & 7);
      return result;
    }, emptyBuffer);
    if (raw.length === 0) return null;
    try {
      return JSON.parse(raw.toString('utf8')) as unknown;
    } catch (error) {
      throw new WireError(`invalid JSON within: ${(error as Error).message}`);
    }
  }

  #schemaUnion(kind: 'schemaOrBool' | 'schemaOrArray' | 'schemaOrStrings'): unknown {
    const reader = this.#reader;
    const schemaField = kind === 'schemaOrBool' ? 2 : 1;
    const union: { schema: PlainObject | undefined; allows: boolean; several: unknown[] } = {
      schema: undefined,
      allows: false,
      several: [],
    };
    this.#inMessage((number, tag) => {
      if (number === schemaField) union.schema = this.#schema(tag);
      else if (number === 1) union.allows = reader.bool();
      else if (number === 2) union.several.push(kind === 'schemaOrStrings' ? reader.string() : this.#schema(tag));
      else reader.skip(tag & 7);
    }, undefined);
    if (union.several.length > 0) return union.several;
    return union.schema ?? (kind === 'schemaOrBool' ? union.allows : null);
  }

  #schema(tag: number): PlainObject {
    expectWire(tag, 2);
    const object: PlainObject = {};
    const outer = this.#reader.enter();
    this.message(structOf('apiextensions.k8s.io/v1', 'JSONSchemaProps')!, object);
    this.#reader.leave(outer);
    return object;
  }
}

/** Go writes years from 0 to 9999. */
const minTime = Date.UTC(-1, 12);
const maxTime = Date.UTC(10000, 0) - 1;

function wireOf(type: ValueType): number {
  switch (type.kind) {
    case 'bool':
    case 'int32':
    case 'int64':
      return 0;
    case 'float64':
      return 1;
    default:
      return 2;
  }
}

function expectWire(tag: number, wireType: number): void {
  if ((tag & 7) !== wireType) throw new WireError(`proto: wrong wireType = ${tag & 7} for field ${tag >>> 3}`);
}

function listIn(object: PlainObject, name: string): unknown[] {
  let list = object[name] as unknown[] | undefined;
  if (list === undefined) {
    list = [];
    object[name] = list;
  }
  return list;
}

function mapIn(object: PlainObject, name: string): PlainObject {
  let map = object[name] as PlainObject | undefined;
  if (map === undefined) {
    map = {};
    object[name] = map;
  }
  return map;
}

/** Of a map's entry that has a key only. */
function zeroInMap(type: ValueType): unknown {
  switch (type.kind) {
    case 'string':
    case 'enum':
    case 'bytes':
      return '';
    case 'quantity':
      return '0';
    case 'object': {
      const object: PlainObject = {};
      fillZeros(type.type, object);
      return object;
    }
    default:
      return null;
  }
}
