import { EvaluationError } from './errors.ts';
import { isList, MapValue, Optional, Uint, type Value } from './values.ts';

/** `operand.field`, or `operand.?field`. */
export function select(operand: Value, field: string, optional: boolean): Value {
  return through(operand, optional, (value) => {
    if (!(value instanceof MapValue)) throw new EvaluationError('no such overload');
    return found(value.get(field), () => `no such key: ${field}`);
  });
}

/** `operand[key]`, or `operand[?key]`. */
export function index(operand: Value, key: Value, optional: boolean): Value {
  return through(operand, optional, (value) => {
    if (value instanceof MapValue) return found(value.get(key), () => `no such key: ${shown(key)}`);
    if (!isList(value)) throw new EvaluationError('no such overload');
    const position = positionOf(key);
    if (position === undefined) throw new EvaluationError('unsupported index type in list');
    return found(value[position], () => `index out of bounds: ${position}`);
  });
}

/** What is looked up in an optional is an optional. `lookup` returns why there is nothing. */
function through(operand: Value, optional: boolean, lookup: (value: Value) => Value | EvaluationError): Value {
  const wrapped = operand instanceof Optional;
  const value = wrapped ? operand.value : operand;
  if (value === undefined) return new Optional(undefined);
  const result = lookup(value);
  if (result instanceof EvaluationError) {
    if (optional || wrapped) return new Optional(undefined);
    throw result;
  }
  return optional || wrapped ? new Optional(result) : result;
}

/** Null is a value as well. */
function found(value: Value | undefined, problem: () => string): Value | EvaluationError {
  return value === undefined ? new EvaluationError(problem()) : value;
}

function positionOf(key: Value): number | undefined {
  const number = key instanceof Uint ? key.value : key;
  if (typeof number !== 'bigint' && typeof number !== 'number') return undefined;
  return Number.isInteger(Number(number)) ? Number(number) : undefined;
}

function shown(key: Value): string {
  return String(key instanceof Uint ? key.value : key);
}
