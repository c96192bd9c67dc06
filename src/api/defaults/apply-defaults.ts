import { fillZeros, isOmitted } from '../decode/zero.ts';
import { type FieldDescription, type TypeDescription, typeOf, type ValueType } from '../description/index.ts';
import type { KubernetesObject } from '../object.ts';
import { isPlainObject, type PlainObject, setOwn } from '../plain.ts';
import { canonicalQuantity, formatQuantity, parseQuantity, roundUpToMilli } from '../quantity.ts';
import { formatMicroTime, formatTime, parseTime } from '../time.ts';
import { rules } from './rules.ts';

/**
 * Brings an object into the form in which Kubernetes stores and shows it: what is left out gets its
 * default, what is empty is left out, amounts and times are in canonical form. Changes the object.
 * Of a kind that isn't known nothing is changed; so is what has the wrong type. `type`: what is known of the object.
 */
export function applyDefaults(object: KubernetesObject, type = typeOf(object.apiVersion, object.kind)): void {
  if (type === undefined) return;
  // Defaults look at what is given below them, so all of that comes into shape first.
  normalizeObject(object as unknown as PlainObject, type);
  completeObject(object as unknown as PlainObject, type);
}

/** Leaves out what is empty, adds what is always there, and writes scalars in canonical form. */
function normalizeObject(object: PlainObject, type: TypeDescription): void {
  const { nested } = planOf(type);
  for (const key of Object.keys(object)) {
    const field = type.fields.get(key);
    if (field === undefined) continue;
    if (isLeftOut(field, object[key])) {
      delete object[key];
    } else if (nested.has(key)) {
      const value = normalizeValue(object[key], field.type);
      if (value !== object[key]) setOwn(object, key, value);
    }
  }
  fillZeros(type, object);
}

/** Fills in defaults, from the outside in. */
function completeObject(object: PlainObject, type: TypeDescription): void {
  const plan = planOf(type);
  for (const [name, value] of plan.defaults) {
    if (object[name] === undefined || object[name] === null) object[name] = value;
  }
  plan.rule?.(object);
  fillZeros(type, object);
  for (const field of plan.completed) {
    const value = object[field.jsonName];
    if (value !== undefined && value !== null) completeValue(value, field.type);
  }
}

function completeValue(value: unknown, type: ValueType): void {
  if (type.kind === 'object') {
    if (isPlainObject(value)) completeObject(value, type.type);
  } else if (type.kind === 'list' && Array.isArray(value)) {
    for (const item of value) completeValue(item, type.items);
  } else if (type.kind === 'map' && type.values.kind === 'object' && isPlainObject(value)) {
    for (const key of Object.keys(value)) completeValue(value[key], type.values);
  }
}

function isLeftOut(field: FieldDescription, value: unknown): boolean {
  return value === null || value === undefined || isOmitted(field, value);
}

/** Changes objects in place; returns scalars in canonical form. */
function normalizeValue(value: unknown, type: ValueType): unknown {
  switch (type.kind) {
    case 'object':
      if (isPlainObject(value)) normalizeObject(value, type.type);
      return value;
    case 'list':
      if (Array.isArray(value)) {
        value.forEach((item, index) => {
          value[index] = normalizeValue(item ?? (type.items.kind === 'object' ? {} : item), type.items);
        });
      }
      return value;
    case 'map':
      if (isPlainObject(value)) {
        for (const key of Object.keys(value)) setOwn(value, key, mapValue(value[key], type.values));
      }
      return value;
    case 'quantity':
      return typeof value === 'string' || typeof value === 'number' ? (canonicalQuantity(value) ?? value) : value;
    case 'time':
      return canonicalTime(value, formatTime);
    case 'microTime':
      return canonicalTime(value, microTimeText);
    default:
      return value;
  }
}

/** Maps of amounts are amounts of resources, which are held in thousandths at the finest. */
function mapValue(value: unknown, type: ValueType): unknown {
  const completed = normalizeValue(value, type);
  if (type.kind !== 'quantity' || typeof completed !== 'string' || !/[.nu]/.test(completed)) return completed;
  const quantity = canonicalQuantity(completed) === undefined ? undefined : parseQuantity(completed);
  if (quantity === undefined) return completed;
  const rounded = roundUpToMilli(quantity);
  return rounded.nanos === quantity.nanos ? completed : formatQuantity(rounded);
}

function canonicalTime(value: unknown, format: (ms: number, text: string) => string): unknown {
  const ms = typeof value === 'string' ? parseTime(value) : undefined;
  return ms === undefined ? value : format(ms, value as string);
}

function microTimeText(ms: number, text: string): string {
  const fraction = /[.,](\d+)/.exec(text)?.[1] ?? '';
  return formatMicroTime(ms, Number(fraction.slice(3, 6).padEnd(3, '0')));
}

interface Plan {
  /** From the description. */
  defaults: readonly (readonly [name: string, value: unknown])[];
  rule: ((object: PlainObject) => void) | undefined;
  /** The fields whose values have a normal form, or parts that have. */
  nested: ReadonlyMap<string, FieldDescription>;
  /** The fields in whose values there may be something to fill in. */
  completed: readonly FieldDescription[];
}

const plans = new WeakMap<TypeDescription, Plan>();

function planOf(type: TypeDescription): Plan {
  let plan = plans.get(type);
  if (plan === undefined) {
    const fields = [...type.fields.values()];
    plan = {
      defaults: fields
        // A string that is never left out, such as LocalObjectReference's name, is '' anyway.
        .filter((field) => field.default !== undefined && !(isOmitted(field, field.default) && !field.pointer))
        .map((field) => [field.jsonName, field.default] as const),
      rule: rules[`${type.groupVersion}/${type.name}`],
      completed: fields.filter((field) => hasDefaults(field.type, new Set())),
      nested: new Map(fields.filter(({ type: { kind } }) => walked.has(kind)).map((field) => [field.jsonName, field])),
    };
    plans.set(type, plan);
  }
  return plan;
}

/** Whether any struct that can occur in a value has defaults. */
function hasDefaults(type: ValueType, seen: Set<TypeDescription>): boolean {
  if (type.kind === 'list') return hasDefaults(type.items, seen);
  if (type.kind === 'map') return hasDefaults(type.values, seen);
  if (type.kind !== 'object' || seen.has(type.type)) return false;
  seen.add(type.type);
  if (rules[`${type.type.groupVersion}/${type.type.name}`] !== undefined) return true;
  return [...type.type.fields.values()].some((field) => field.default !== undefined || hasDefaults(field.type, seen));
}

const walked: ReadonlySet<ValueType['kind']> = new Set(['object', 'list', 'map', 'quantity', 'time', 'microTime']);
