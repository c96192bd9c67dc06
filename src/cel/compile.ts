import type { Expression } from './ast.ts';
import { Budget, PER_CALL_LIMIT } from './budget.ts';
import type { Checked } from './checked.ts';
import { check } from './checker.ts';
import { CompileError } from './errors.ts';
import { plan } from './interpreter.ts';
import { functions } from './library/index.ts';
import { parse } from './parser.ts';
import * as types from './types.ts';
import { formatType, type Type } from './types.ts';
import type { Value } from './values.ts';

export interface CompileOptions {
  /** What the expression may name, with types. */
  variables: Readonly<Record<string, Type>>;
  /** What it must become; `dyn` always passes and is for who evaluates it to look at. */
  result?: readonly Type[];
  /** Lists and maps that are written out may hold different types. Default: false, as in Kubernetes. */
  heterogeneous?: boolean;
}

export interface Program {
  readonly type: Type;
  /**
   * The expression's value. Synchronous, deterministic, and bounded by the budget, which may be shared with others.
   * Throws EvaluationError, or CostExceededError when the budget is used up.
   */
  evaluate(variables: Variables, budget?: Budget): Value;
}

/** Values by name, or a way to find them. */
export type Variables = Readonly<Record<string, Value>> | ((name: string) => Value | undefined);

const typeNames = new Map<string, Type>([
  ['bool', types.bool],
  ['int', types.int],
  ['uint', types.uint],
  ['double', types.double],
  ['string', types.string],
  ['bytes', types.bytes],
  ['list', types.list(types.dyn)],
  ['map', types.map(types.dyn, types.dyn)],
  ['null_type', types.nullType],
  ['type', types.typeOfType(types.dyn)],
  ['google.protobuf.Timestamp', types.timestamp],
  ['google.protobuf.Duration', types.duration],
  ...['optional_type', 'net.IP', 'net.CIDR', 'kubernetes.URL', 'kubernetes.Quantity', 'kubernetes.Semver'].map(
    (name): [string, Type] => [name, types.opaque(name)],
  ),
]);

/**
 * Reads an expression and checks its types. Throws CompileError, whose message is what Kubernetes puts behind
 * `compilation failed: `.
 */
export function compile(source: string, options: CompileOptions): Program {
  const { expression, checked } = analyse(source, options);
  const { type } = checked;
  const step = plan(expression, checked);
  return {
    type,
    evaluate: (values, budget = new Budget(PER_CALL_LIMIT)) =>
      step({
        slots: [],
        budget,
        variable:
          typeof values === 'function' ? values : (name) => (Object.hasOwn(values, name) ? values[name] : undefined),
      }),
  };
}

/** The expression read and its types checked. Throws as `compile` does. */
export function analyse(
  source: string,
  { variables, result, heterogeneous = false }: CompileOptions,
): { expression: Expression; checked: Checked } {
  const expression = parse(source);
  const checked = check(expression, {
    variables: new Map(Object.entries(variables)),
    functions,
    typeNames,
    homogeneous: !heterogeneous,
  });
  if (checked.problems.length > 0) throw new CompileError(source, checked.problems);
  const { type } = checked;
  if (result !== undefined && type.kind !== 'dyn' && !result.some((wanted) => wanted.kind === type.kind)) {
    throw new WrongResultError(result);
  }
  return { expression, checked };
}

/** An expression is of another type than is wanted of it. */
export class WrongResultError extends Error {
  override readonly name = 'WrongResultError';
  constructor(wanted: readonly Type[]) {
    super(`must evaluate to ${wanted.map(formatType).join(' or ')}`);
  }
}
