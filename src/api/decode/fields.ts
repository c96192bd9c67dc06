/** Checks a parsed object against the description of its kind, and brings it into the form that Go writes. */
import { type FieldDescription, structOf, type TypeDescription, typeOf, type ValueType } from '../description/index.ts';
import { badRequest } from '../errors.ts';
import type { KubernetesObject, UnstructuredObject } from '../object.ts';
import { isPlainObject, type PlainObject, setOwn } from '../plain.ts';
import { goTypeName, jsonTypeName, packageOf, restoringText } from './go-names.ts';
import { maxDepth } from './json.ts';
import { readScalar, ScalarError } from './scalars.ts';
import { fillZeros, isOmitted } from './zero.ts';

/** What to do about fields that are unknown or given twice: refuse, tell, or drop silently. */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

export interface CheckedFields {
  /** A new object in Kubernetes' form; nothing of the given one is changed. */
  object: UnstructuredObject;
  /** With `Warn`: what the client is to be told, such as `unknown field "spec.foo"`. */
  warnings: string[];
}

export interface CheckOptions {
  fieldValidation: FieldValidation;
  /** Paths of fields given twice, as parsing found them. */
  duplicates?: readonly string[];
  /** Paths of unknown fields that were found and dropped before. */
  unknown?: readonly string[];
  /** What the object is made of, where its kind is none of Kubernetes'. */
  type?: TypeDescription;
  /** What to throw instead of a 400. */
  refuse?: (mistake: DecodingMistake) => Error;
}

/** Why an object can't be decoded. */
export interface DecodingMistake {
  /** As Go's JSON decoder says it. */
  text: string;
  /** As Kubernetes says it where an object is restored from a map: after a strategic merge patch. */
  restoring: string;
}

/** Kubernetes tells a client no more than that many of its mistakes. */
const maxMistakes = 100;

/**
 * Drops unknown fields and tells of them; reads null as absence; writes times, amounts and bytes the canonical way;
 * leaves out what Go leaves out and adds what Go adds (`strategy: {}`). Checking twice changes nothing more.
 * Throws ApiError 400 for a kind that is not known, for a value of the wrong type, and with `Strict` for what else
 * would be a warning.
 */
export function checkFields(object: KubernetesObject, options: CheckOptions): CheckedFields {
  const type = options.type ?? typeOf(object.apiVersion, object.kind);
  if (type === undefined) {
    throw cannotBeHandled(object, notRegistered(object));
  }
  const { refuse = ({ text }) => cannotBeHandled(object, text) } = options;
  const checker = new FieldChecker(options.fieldValidation !== 'Ignore', options.unknown);
  // Metadata stands before the rest, as Go writes it.
  const checked: PlainObject = { kind: object.kind, apiVersion: object.apiVersion };
  if (type.fields.has('metadata')) checked['metadata'] = undefined;
  try {
    checker.struct(type, object as unknown as PlainObject, checked, undefined);
  } catch (error) {
    if (error instanceof FieldTypeError) throw refuse({ text: error.message, restoring: error.restoring });
    throw error;
  }
  const mistakes = checker.unknown.map((path) => `unknown field "${path}"`);
  for (const duplicate of options.duplicates ?? []) {
    // YAML tells whole sentences.
    if (duplicate.startsWith('line ')) mistakes.push(duplicate);
    else if (!checker.unknown.includes(duplicate)) mistakes.push(`duplicate field "${duplicate}"`);
  }
  mistakes.splice(maxMistakes);
  if (options.fieldValidation === 'Strict' && mistakes.length > 0) {
    const text = `strict decoding error: ${mistakes.join(', ')}`;
    throw refuse({ text, restoring: text });
  }
  return { object: checked as UnstructuredObject, warnings: options.fieldValidation === 'Warn' ? mistakes : [] };
}

/** 400: `Deployment in version "v1" cannot be handled as a Deployment: TEXT`. */
export function cannotBeHandled(
  object: { apiVersion: string; kind: string },
  text: string,
  asKind = object.kind,
): Error {
  const version = packageOf(object.apiVersion);
  return badRequest(`${object.kind} in version "${version}" cannot be handled as a ${asKind}: ${text}`);
}

/** Of a kind that nobody knows. */
export function notRegistered(object: { apiVersion: string; kind: string }): string {
  return `no kind "${object.kind}" is registered for version "${object.apiVersion}"`;
}

class FieldTypeError extends Error {
  readonly restoring: string;

  constructor(text: string, restoring = text) {
    super(text);
    this.restoring = restoring;
  }
}

/** Where a value stands; a chain, so that going down costs little and only mistakes write paths out. */
interface Place {
  parent: Place | undefined;
  key: string | number;
  /** Of an entry of a map, which Go's errors don't name. */
  entry?: true;
}

class FieldChecker {
  readonly unknown: string[];
  readonly #tellUnknown: boolean;
  #depth = 0;

  constructor(tellUnknown: boolean, unknown: readonly string[] = []) {
    this.#tellUnknown = tellUnknown;
    this.unknown = tellUnknown ? unknown.slice(0, maxMistakes) : [];
  }

  struct(type: TypeDescription, source: PlainObject, target: PlainObject, place: Place | undefined): void {
    // Descriptions recurse in schemas only.
    if (++this.#depth > maxDepth) throw new FieldTypeError('exceeded max depth');
    for (const key of Object.keys(source)) {
      const value = source[key];
      const field = type.fields.get(key);
      if (field === undefined) this.#tell(place, key);
      else if (value !== null && value !== undefined) this.#field(type, field, value, target, place);
    }
    fillZeros(type, target);
    this.#depth--;
  }

  #field(
    owner: TypeDescription,
    field: FieldDescription,
    value: unknown,
    target: PlainObject,
    place: Place | undefined,
  ): void {
    const here: Place = { parent: place, key: field.jsonName };
    const checked = this.#value(field.type, value, here, owner);
    if (checked !== null && !isOmitted(field, checked)) target[field.jsonName] = checked;
  }

  /** `owner` is the struct in whose field the value stands: errors name it. */
  #value(type: ValueType, value: unknown, place: Place, owner: TypeDescription): unknown {
    switch (type.kind) {
      case 'object': {
        if (!isPlainObject(value)) throw mismatch(type, value, place, owner);
        const target: PlainObject = {};
        this.struct(type.type, value, target, place);
        return target;
      }
      case 'list':
        if (!Array.isArray(value)) throw mismatch(type, value, place, owner);
        return value.map((item, index) =>
          item === null || item === undefined
            ? this.#zeroItem(type.items)
            : this.#value(type.items, item, { parent: place, key: index }, owner),
        );
      case 'map':
        return this.#map(type.values, value, place, owner, type);
      case 'schemaOrBool':
        return typeof value === 'boolean' ? value : this.#schema(value, place, owner);
      case 'schemaOrArray':
        return Array.isArray(value)
          ? value.map((item, index) => this.#schema(item, { parent: place, key: index }, owner))
          : this.#schema(value, place, owner);
      case 'schemaOrStrings':
        return Array.isArray(value)
          ? this.#value({ kind: 'list', items: { kind: 'string' }, wrapped: false }, value, place, owner)
          : this.#schema(value, place, owner);
      default: {
        const scalar = readScalar(type, value);
        if (scalar === undefined) throw mismatch(type, value, place, owner);
        if (scalar instanceof ScalarError) throw new FieldTypeError(scalar.text);
        return scalar;
      }
    }
  }

  #map(values: ValueType, value: unknown, place: Place, owner: TypeDescription, type: ValueType): PlainObject {
    if (!isPlainObject(value)) throw mismatch(type, value, place, owner);
    const target: PlainObject = {};
    for (const key of Object.keys(value)) {
      const item = value[key];
      const checked =
        item === null || item === undefined
          ? this.#zeroItem(values)
          : this.#value(values, item, { parent: place, key, entry: true }, owner);
      setOwn(target, key, checked);
    }
    return target;
  }

  #schema(value: unknown, place: Place, owner: TypeDescription): unknown {
    const type = typeOfSchema();
    if (!isPlainObject(value)) throw mismatch({ kind: 'object', type }, value, place, owner);
    const target: PlainObject = {};
    this.struct(type, value, target, place);
    return target;
  }

  /** What a null in a list or map stands for. */
  #zeroItem(type: ValueType): unknown {
    if (type.kind !== 'object') return zeroItems[type.kind] ?? null;
    const target: PlainObject = {};
    fillZeros(type.type, target);
    return target;
  }

  #tell(place: Place | undefined, key: string): void {
    if (this.#tellUnknown && this.unknown.length < maxMistakes) this.unknown.push(pathOf({ parent: place, key }));
  }
}

const zeroItems: Partial<Record<ValueType['kind'], unknown>> = {
  string: '',
  enum: '',
  bool: false,
  int32: 0,
  int64: 0,
  float64: 0,
  quantity: '0',
  intOrString: 0,
};

function typeOfSchema(): TypeDescription {
  return structOf('apiextensions.k8s.io/v1', 'JSONSchemaProps')!;
}

function mismatch(type: ValueType, value: unknown, place: Place, owner: TypeDescription): FieldTypeError {
  const integer = type.kind === 'int32' || type.kind === 'int64';
  const path = fieldPathOf(place);
  const goType = goTypeName(type, packageOf(owner.groupVersion));
  return new FieldTypeError(
    `json: cannot unmarshal ${jsonTypeName(value, integer)} into Go struct field ${owner.name}.${path} of type ${goType}`,
    restoringText(type, goType, value),
  );
}

/** `spec.containers[0].image`. */
function pathOf(place: Place): string {
  const prefix = place.parent === undefined ? '' : pathOf(place.parent);
  if (typeof place.key === 'number') return `${prefix}[${place.key}]`;
  return prefix === '' ? place.key : `${prefix}.${place.key}`;
}

/** The same by fields only, as Go's type errors have it. */
function fieldPathOf(place: Place): string {
  const prefix = place.parent === undefined ? '' : fieldPathOf(place.parent);
  if (typeof place.key === 'number' || place.entry) return prefix;
  return prefix === '' ? place.key : `${prefix}.${place.key}`;
}
