import * as types from './types.ts';
import { type Type, typeName } from './types.ts';

/**
 * What expressions work with. `int` is a bigint and `double` a number; lists are arrays. Values are never changed.
 */
export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | readonly Value[]
  | Uint
  | Duration
  | Timestamp
  | MapValue
  | Optional
  | TypeValue
  | OpaqueValue;

export class Uint {
  readonly value: bigint;
  constructor(value: bigint) {
    this.value = value;
  }
}

export class Duration {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

export class Timestamp {
  /** Since 1970-01-01T00:00:00Z. */
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

export class Optional {
  /** Undefined: none. */
  readonly value: Value | undefined;
  constructor(value: Value | undefined) {
    this.value = value;
  }
}

export class TypeValue {
  readonly type: Type;
  constructor(type: Type) {
    this.type = type;
  }
}

/** A map, or an object with fields. Keys that are numbers are the same key if they are the same number. */
export abstract class MapValue {
  abstract readonly size: number;
  abstract get(key: Value): Value | undefined;
  abstract keys(): readonly Value[];
  /** Of objects with declared fields. */
  get objectType(): types.ObjectType | undefined {
    return undefined;
  }
}

/** What a library brings along. */
export abstract class OpaqueValue {
  abstract readonly type: Type;
  abstract equals(other: OpaqueValue): boolean;
}

/** A map that an expression made. */
export class LiteralMap extends MapValue {
  readonly #entries: ReadonlyMap<unknown, readonly [key: Value, value: Value]>;

  constructor(entries: ReadonlyMap<unknown, readonly [key: Value, value: Value]>) {
    super();
    this.#entries = entries;
  }

  override get size(): number {
    return this.#entries.size;
  }
  override get(key: Value): Value | undefined {
    return this.#entries.get(keyIdentity(key))?.[1];
  }
  override keys(): readonly Value[] {
    return [...this.#entries.values()].map(([key]) => key);
  }
}

/** What a JavaScript Map takes for the same key if and only if CEL does. */
export function keyIdentity(key: Value): unknown {
  if (key instanceof Uint) return key.value;
  if (typeof key === 'number' && Number.isInteger(key)) return BigInt(key);
  return key;
}

/** The type of a value as `type()` tells it: elements of lists and maps don't count. */
export function typeOfValue(value: Value): Type {
  switch (typeof value) {
    case 'boolean':
      return types.bool;
    case 'bigint':
      return types.int;
    case 'number':
      return types.double;
    case 'string':
      return types.string;
  }
  if (value === null) return types.nullType;
  if (isList(value)) return types.list(types.dyn);
  if (value instanceof MapValue) return value.objectType ?? types.map(types.dyn, types.dyn);
  if (value instanceof Uint8Array) return types.bytes;
  if (value instanceof Uint) return types.uint;
  if (value instanceof Duration) return types.duration;
  if (value instanceof Timestamp) return types.timestamp;
  if (value instanceof Optional) return types.optional(types.dyn);
  if (value instanceof TypeValue) return types.typeOfType(types.dyn);
  return value.type;
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

const identities = new WeakMap<readonly Value[], types.ListIdentity>();

/** Makes a list one whose order means nothing. */
export function identified(list: readonly Value[], identity: types.ListIdentity): readonly Value[] {
  identities.set(list, identity);
  return list;
}

/** Both lists together: of a list with identities the other's elements take the place of the same ones. */
export function concatenate(a: readonly Value[], b: readonly Value[], spend: (size: number) => void): readonly Value[] {
  const identity = identities.get(a);
  if (identity === undefined) return [...a, ...b];
  const result = [...a];
  for (const element of b) {
    spend(result.length);
    const place = result.findIndex((other) => sameElement(other, element, identity, spend));
    if (place < 0) result.push(element);
    else result[place] = element;
  }
  return identified(result, identity);
}

function sameElement(a: Value, b: Value, identity: types.ListIdentity, spend: (size: number) => void): boolean {
  if (identity === 'set') return equal(a, b, spend);
  if (!(a instanceof MapValue && b instanceof MapValue)) return false;
  return identity.every((key) => {
    const [left, right] = [a.get(key), b.get(key)];
    return left === undefined || right === undefined ? left === right : equal(left, right, spend);
  });
}

/** Whether a function that is declared for `type` takes the value. */
export function hasType(value: Value, type: Type): boolean {
  switch (type.kind) {
    case 'dyn':
    case 'param':
      return true;
    case 'list':
      return isList(value);
    case 'map':
      return value instanceof MapValue && value.objectType === undefined;
    case 'type':
      return value instanceof TypeValue;
    case 'object':
      return value instanceof MapValue && value.objectType?.name === type.name;
    case 'opaque':
      return typeName(typeOfValue(value)) === type.name;
    default:
      return typeOfValue(value).kind === type.kind;
  }
}

/**
 * Equality: of different types never, but numbers are equal if they are the same number. `spend` is told how much is
 * compared: characters, bytes, elements.
 */
export function equal(a: Value, b: Value, spend: (size: number) => void = free): boolean {
  if (typeof a === 'string' && typeof b === 'string') {
    if (a.length === b.length) spend(a.length);
    return a === b;
  }
  if (a === b) return true;
  const number = compareNumbers(a, b);
  if (number !== undefined) return number === 0;
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return false;
  if (isList(a)) {
    if (!isList(b) || a.length !== b.length) return false;
    spend(a.length);
    if (identities.has(a)) {
      return a.every((element) => {
        spend(b.length);
        return b.some((other) => equal(element, other, spend));
      });
    }
    return a.every((element, index) => equal(element, b[index]!, spend));
  }
  if (a instanceof MapValue) return b instanceof MapValue && equalMaps(a, b, spend);
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  if (a instanceof Duration) return b instanceof Duration && a.nanos === b.nanos;
  if (a instanceof Timestamp) return b instanceof Timestamp && a.nanos === b.nanos;
  if (a instanceof TypeValue) return b instanceof TypeValue && typeName(a.type) === typeName(b.type);
  if (a instanceof Optional) {
    if (!(b instanceof Optional)) return false;
    if (a.value === undefined || b.value === undefined) return a.value === b.value;
    return equal(a.value, b.value, spend);
  }
  return a instanceof OpaqueValue && b instanceof OpaqueValue && a.equals(b);
}

function free(): void {}

function equalMaps(a: MapValue, b: MapValue, spend: (size: number) => void): boolean {
  if (a.size !== b.size || a.objectType?.name !== b.objectType?.name) return false;
  spend(a.size);
  return a.keys().every((key) => {
    const other = b.get(key);
    return other !== undefined && equal(a.get(key)!, other, spend);
  });
}

/** Below, equal or above zero; NaN when one isn't a number; undefined when either is no number at all. */
export function compareNumbers(a: Value, b: Value): number | undefined {
  const left = a instanceof Uint ? a.value : a;
  const right = b instanceof Uint ? b.value : b;
  if (typeof left !== 'bigint' && typeof left !== 'number') return undefined;
  if (typeof right !== 'bigint' && typeof right !== 'number') return undefined;
  // An int and a double are compared as doubles.
  const [x, y] = typeof left === typeof right ? [left, right] : [Number(left), Number(right)];
  if (x < y) return -1;
  if (x > y) return 1;
  return x === y ? 0 : Number.NaN;
}

/** Orders two values of the same type, or two numbers; undefined of what has no order. */
export function compare(a: Value, b: Value): number | undefined {
  const number = compareNumbers(a, b);
  if (number !== undefined) return number;
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b);
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  if (a instanceof Duration && b instanceof Duration) return compareNumbers(a.nanos, b.nanos);
  if (a instanceof Timestamp && b instanceof Timestamp) return compareNumbers(a.nanos, b.nanos);
  return undefined;
}

/** By code points, where JavaScript compares halves of surrogate pairs. */
function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    if (a.charCodeAt(index) === b.charCodeAt(index)) continue;
    return (a.codePointAt(index) ?? 0) - (b.codePointAt(index) ?? 0);
  }
  return a.length - b.length;
}
