import type { CallExpression, Expression, OptionalMap } from './ast.ts';
import { type Budget, traversal } from './budget.ts';
import type { CallTarget, Checked } from './checked.ts';
import { planComprehension } from './comprehension.ts';
import { CostExceededError, EvaluationError } from './errors.ts';
import type { Overload } from './functions.ts';
import { index, select } from './selection.ts';
import type { Type } from './types.ts';
import { equal, hasType, isList, keyIdentity, LiteralMap, MapValue, Optional, type Value } from './values.ts';

/** One evaluation: the variables' values, and what it may still cost. */
export interface Frame {
  readonly slots: Value[];
  readonly budget: Budget;
  /** The value of a declared variable; undefined when it has none. */
  variable(name: string): Value | undefined;
}

export type Step = (frame: Frame) => Value;

/** Where a comprehension's variables lie in the frame; by name, innermost last. */
export interface Locals {
  readonly slots: ReadonlyMap<string, number>;
  readonly next: number;
}

export const noLocals: Locals = { slots: new Map(), next: 0 };

/** The locals with more of them, and where those lie. */
export function withLocals({ slots, next }: Locals, names: readonly string[]): Locals {
  return {
    slots: new Map([...slots, ...names.map((name, offset): [string, number] => [name, next + offset])]),
    next: next + names.length,
  };
}

const LIST_COST = 10;
const MAP_COST = 30;

/** Makes a function of a checked expression. */
export function plan(expression: Expression, checked: Checked, locals: Locals = noLocals): Step {
  const sub = (part: Expression): Step => plan(part, checked, locals);
  switch (expression.kind) {
    case 'literal': {
      const { value } = expression;
      return () => value;
    }
    case 'identifier':
      return planReference(expression, checked) ?? planLocal(locals.slots.get(expression.name)!);
    case 'select': {
      const reference = planReference(expression, checked);
      if (reference !== undefined) return reference;
      const { field, optional } = expression;
      const operand = sub(expression.operand);
      return (frame) => {
        frame.budget.spend(1);
        return select(operand(frame), field, optional);
      };
    }
    case 'has': {
      const { field } = expression;
      const operand = sub(expression.operand);
      return (frame) => has(operand(frame), field);
    }
    case 'call':
      return planCall(expression, checked, sub);
    case 'list': {
      const elements = expression.elements.map(({ value, optional }) => ({ step: sub(value), optional }));
      return (frame) => {
        frame.budget.spend(LIST_COST + elements.length);
        const values: Value[] = [];
        for (const { step, optional } of elements) put(step(frame), optional, (value) => values.push(value));
        return values;
      };
    }
    case 'map': {
      const entries = expression.entries.map((entry) => ({ ...entry, key: sub(entry.key), step: sub(entry.value) }));
      return (frame) => {
        frame.budget.spend(MAP_COST + entries.length);
        const result = new Map<unknown, readonly [Value, Value]>();
        for (const { key, step, optional } of entries) {
          const name = key(frame);
          put(step(frame), optional, (value) => insert(result, name, value, 'Failed with repeated key'));
        }
        return new LiteralMap(result);
      };
    }
    case 'comprehension':
      return planComprehension(expression, sub(expression.range), checked, locals);
    case 'bind': {
      const value = sub(expression.value);
      const body = plan(expression.body, checked, withLocals(locals, [expression.name]));
      return (frame) => {
        frame.slots[locals.next] = value(frame);
        return body(frame);
      };
    }
    case 'optionalMap':
      return planOptionalMap(expression, sub(expression.target), checked, locals);
    case 'struct':
      throw new EvaluationError(`unknown type: ${expression.name}`);
  }
}

function planReference(expression: Expression, checked: Checked): Step | undefined {
  const reference = checked.reference(expression);
  if (reference === undefined) return undefined;
  if ('value' in reference) return () => reference.value;
  const { variable } = reference;
  return (frame) => {
    frame.budget.spend(1);
    const value = frame.variable(variable);
    if (value === undefined) throw new EvaluationError(`no such attribute(s): ${variable}`);
    return value;
  };
}

function planLocal(slot: number): Step {
  return (frame) => {
    frame.budget.spend(1);
    return frame.slots[slot]!;
  };
}

function planCall(call: CallExpression, checked: Checked, sub: (part: Expression) => Step): Step {
  const target = checked.target(call);
  const [first, second, third] = target.args.map(sub);
  switch (call.target === undefined ? call.name : '') {
    case '_&&_':
      return logic(first!, second!, false);
    case '_||_':
      return logic(first!, second!, true);
    case '_?_:_':
      return (frame) => {
        frame.budget.spend(1);
        return truth(first!(frame)) ? second!(frame) : third!(frame);
      };
    case '_==_':
      return (frame) => equals(frame, first!(frame), second!(frame));
    case '_!=_':
      return (frame) => !equals(frame, first!(frame), second!(frame));
    case '@in':
      return (frame) => contains(frame, first!(frame), second!(frame));
    case '_[_]':
    case '_[?_]': {
      const optional = call.name === '_[?_]';
      return (frame) => {
        frame.budget.spend(1);
        return index(first!(frame), second!(frame), optional);
      };
    }
    default:
      return planOverloads(target, target.args.map(sub), target.args.map(checked.typeOf));
  }
}

/** Calls the only overload there is if the types say that it fits; else looks for one that takes the values. */
function planOverloads({ overloads }: CallTarget, args: readonly Step[], argTypes: readonly Type[]): Step {
  const [only] = overloads;
  const certain = overloads.length === 1 && argTypes.every((type, position) => fits(type, only!.parameters[position]!));
  return (frame) => {
    const values = args.map((arg) => arg(frame));
    const overload = certain ? only! : overloads.find((candidate) => takes(candidate, values));
    if (overload === undefined) throw new EvaluationError('no such overload');
    frame.budget.spend(overload.cost(values));
    return overload.call(values, (size) => frame.budget.spend(traversal(size)));
  };
}

function fits(type: Type, parameter: Type): boolean {
  return type.kind === parameter.kind || parameter.kind === 'dyn' || parameter.kind === 'param';
}

function takes({ parameters }: Overload, values: readonly Value[]): boolean {
  return values.every((value, position) => hasType(value, parameters[position]!));
}

/** One side that decides is enough, whatever is wrong with the other. */
function logic(left: Step, right: Step, decisive: boolean): Step {
  return (frame) => {
    frame.budget.spend(1);
    let failure: unknown;
    try {
      if (truth(left(frame)) === decisive) return decisive;
    } catch (error) {
      if (!(error instanceof EvaluationError) || error instanceof CostExceededError) throw error;
      failure = error;
    }
    if (truth(right(frame)) === decisive) return decisive;
    if (failure !== undefined) throw failure;
    return !decisive;
  };
}

/** Throws unless the value is a bool. */
export function truth(value: Value): boolean {
  if (typeof value === 'boolean') return value;
  throw new EvaluationError('no such overload');
}

function equals({ budget }: Frame, a: Value, b: Value): boolean {
  budget.spend(1);
  return equal(a, b, (size) => budget.spend(traversal(size)));
}

function contains(frame: Frame, value: Value, container: Value): boolean {
  if (container instanceof MapValue) {
    frame.budget.spend(1);
    return container.get(value) !== undefined;
  }
  if (!isList(container)) throw new EvaluationError('no such overload');
  return container.some((element) => equals(frame, value, element));
}

/** Whether a field is there; of an optional, whether it has a value with the field. */
function has(operand: Value, field: string): boolean {
  const value = operand instanceof Optional ? operand.value : operand;
  if (value === undefined) return false;
  if (!(value instanceof MapValue)) throw new EvaluationError('no such overload');
  return value.get(field) !== undefined;
}

function put(value: Value, optional: boolean, add: (value: Value) => void): void {
  if (!optional) add(value);
  else if (!(value instanceof Optional)) throw new EvaluationError('no such overload');
  else if (value.value !== undefined) add(value.value);
}

/** Adds an entry to a map that is being made; a key may only be there once. */
export function insert(
  entries: Map<unknown, readonly [Value, Value]>,
  key: Value,
  value: Value,
  complaint: string,
): void {
  const identity = keyIdentity(key);
  if (!['bigint', 'string', 'boolean'].includes(typeof identity)) throw new EvaluationError('unsupported key type');
  if (entries.has(identity)) throw new EvaluationError(`${complaint}: ${String(identity)}`);
  entries.set(identity, [key, value]);
}

function planOptionalMap({ name, body, flat }: OptionalMap, target: Step, checked: Checked, locals: Locals): Step {
  const then = plan(body, checked, withLocals(locals, [name]));
  return (frame) => {
    frame.budget.spend(1);
    const value = target(frame);
    if (!(value instanceof Optional)) throw new EvaluationError('no such overload');
    if (value.value === undefined) return value;
    frame.slots[locals.next] = value.value;
    const result = then(frame);
    return flat ? result : new Optional(result);
  };
}
