import { parseDuration, parseTimestamp } from './library/time.ts';
import { dyn, type ObjectType, type Type } from './types.ts';
import { identified, MapValue, type Value } from './values.ts';

/** An object of the API as expressions see it: adapted piece by piece, as they look at it. */
class JsonObject extends MapValue {
  readonly #source: Readonly<Record<string, unknown>>;
  readonly #type: Type;
  readonly #adapted = new Map<string, Value>();
  #keys: readonly string[] | undefined;

  constructor(source: Readonly<Record<string, unknown>>, type: Type) {
    super();
    this.#source = source;
    this.#type = type;
  }

  override get objectType(): ObjectType | undefined {
    return this.#type.kind === 'object' ? this.#type : undefined;
  }

  override get size(): number {
    return this.keys().length;
  }

  override get(key: Value): Value | undefined {
    if (typeof key !== 'string') return undefined;
    const known = this.#adapted.get(key);
    if (known !== undefined) return known;
    const field = this.objectType?.fields.get(key);
    if (this.objectType !== undefined && field === undefined) return undefined;
    const property = field?.property ?? key;
    const source = Object.hasOwn(this.#source, property) ? this.#source[property] : undefined;
    if (source === undefined) return undefined;
    const value = fromJson(source, field?.type ?? (this.#type.kind === 'map' ? this.#type.value : dyn));
    this.#adapted.set(key, value);
    return value;
  }

  override keys(): readonly string[] {
    const { objectType } = this;
    this.#keys ??=
      objectType === undefined
        ? Object.keys(this.#source).filter((key) => this.#source[key] !== undefined)
        : [...objectType.fields.keys()].filter((key) => this.get(key) !== undefined);
    return this.#keys;
  }
}

/** A value of the API's JSON; whole numbers are ints where the type doesn't say otherwise. */
export function fromJson(source: unknown, type: Type = dyn): Value {
  switch (typeof source) {
    case 'boolean':
      return source;
    case 'string':
      return type.kind === 'string' || type.kind === 'dyn' ? source : fromText(source, type);
    case 'number':
      return type.kind === 'double' || !Number.isInteger(source) ? source : BigInt(source);
    case 'bigint':
      return source;
    case 'object':
      if (source === null) return null;
      if (!Array.isArray(source)) return new JsonObject(source as Record<string, unknown>, type);
      return listFromJson(source, type);
    default:
      return null;
  }
}

function listFromJson(source: readonly unknown[], type: Type): readonly Value[] {
  if (type.kind !== 'list') return source.map((element) => fromJson(element));
  const elements = source.map((element) => fromJson(element, type.element));
  return type.identity === undefined ? elements : identified(elements, type.identity);
}

/** What JSON has no type for is written as text. */
function fromText(source: string, type: Type): Value {
  switch (type.kind) {
    case 'timestamp':
      return parseTimestamp(source.includes('T') ? source : `${source}T00:00:00Z`) ?? source;
    case 'duration':
      return parseDuration(source) ?? source;
    case 'bytes':
      return new Uint8Array(Buffer.from(source, 'base64'));
    default:
      return source;
  }
}

/** The way back, for values that become part of the API: messages, annotations, results. Undefined: JSON has none. */
export function toJson(value: Value): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(toJson);
  if (value instanceof MapValue) {
    return Object.fromEntries(value.keys().map((key) => [String(key), toJson(value.get(key)!)]));
  }
  return undefined;
}
