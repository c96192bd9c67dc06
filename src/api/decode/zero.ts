import { type FieldDescription, type TypeDescription, typeOf, type ValueType } from '../description/index.ts';
import type { UnstructuredObject } from '../object.ts';
import type { PlainObject } from '../plain.ts';

/**
 * What Go writes of a struct whose fields were never set: nothing for omitempty, but structs, times and amounts
 * count as never empty, so that a Deployment always has `strategy: {}` and `status: {}` and an Event `eventTime: null`.
 */
export function fillZeros(type: TypeDescription, object: PlainObject): void {
  for (const { name, make } of zeroFieldsOf(type)) if (object[name] === undefined) object[name] = make();
}

/** Makes the status of an object of a kind of Kubernetes' own one that was never set. */
export function resetStatus(object: UnstructuredObject): void {
  delete object['status'];
  const type = typeOf(object.apiVersion, object.kind);
  if (type !== undefined) fillZeros(type, object);
}

/** Whether a value that is there is left out all the same, by Go's omitempty or omitzero. */
export function isOmitted(field: FieldDescription, value: unknown): boolean {
  if (value === null) return field.omitZero;
  if (!field.omitEmpty || field.pointer) return false;
  if (value === '' || value === 0 || value === false) return field.type.kind !== 'intOrString';
  if (typeof value !== 'object') return false;
  if (field.type.kind === 'list') return (value as unknown[]).length === 0;
  if (field.type.kind !== 'map') return false;
  for (const _ in value) return false;
  return true;
}

interface ZeroField {
  name: string;
  make: () => unknown;
}

const plans = new WeakMap<TypeDescription, readonly ZeroField[]>();

function zeroFieldsOf(type: TypeDescription): readonly ZeroField[] {
  let plan = plans.get(type);
  if (plan === undefined) {
    plan = [...type.fields.values()].flatMap((field) => {
      const make = zeroOf(field);
      return make === undefined ? [] : [{ name: field.jsonName, make }];
    });
    plans.set(type, plan);
  }
  return plan;
}

/** Makes what stands for an unset field, or is undefined where nothing does. */
function zeroOf(field: FieldDescription): (() => unknown) | undefined {
  if (field.omitZero) return undefined;
  if (field.pointer) return field.omitEmpty ? undefined : () => null;
  const { type } = field;
  if (type.kind === 'object') {
    return () => {
      const object: PlainObject = {};
      fillZeros(type.type, object);
      return object;
    };
  }
  const constant = structZero(type);
  if (constant !== undefined) return () => constant;
  if (field.omitEmpty) return undefined;
  const zero = plainZero(type);
  return () => zero;
}

/** Of what Go declares as structs but writes as scalars. */
function structZero(type: ValueType): unknown {
  switch (type.kind) {
    case 'time':
    case 'microTime':
    case 'raw':
    case 'fields':
    case 'any':
      return null;
    case 'quantity':
      return '0';
    case 'intOrString':
      return 0;
    default:
      return undefined;
  }
}

function plainZero(type: ValueType): unknown {
  switch (type.kind) {
    case 'string':
    case 'enum':
      return '';
    case 'bool':
      return false;
    case 'int32':
    case 'int64':
    case 'float64':
      return 0;
    default:
      return null;
  }
}
