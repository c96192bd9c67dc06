import type { CallExpression, Expression } from './ast.ts';
import type { Problem } from './errors.ts';
import type { Overload } from './functions.ts';
import type { Type } from './types.ts';
import type { TypeValue } from './values.ts';

export interface Declarations {
  readonly variables: ReadonlyMap<string, Type>;
  readonly functions: ReadonlyMap<string, readonly Overload[]>;
  /** Names of types that expressions can compare `type(x)` with. */
  readonly typeNames: ReadonlyMap<string, Type>;
  /** All elements of a list, and all keys and values of a map, must be of one type. */
  readonly homogeneous: boolean;
}

/** What the checker found out. */
export interface Checked {
  readonly type: Type;
  readonly problems: readonly Problem[];
  typeOf(expression: Expression): Type;
  /** A variable by its full name, or a type, that an identifier or a selection stands for. */
  reference(expression: Expression): Reference | undefined;
  /** What a call may turn out to call, and with which arguments. */
  target(call: CallExpression): CallTarget;
}

export type Reference = { readonly variable: string } | { readonly value: TypeValue };

export interface CallTarget {
  readonly overloads: readonly Overload[];
  readonly args: readonly Expression[];
}

/** Variables of comprehensions, innermost first. */
export interface Scope {
  readonly variables: ReadonlyMap<string, Type>;
  readonly outer: Scope | undefined;
}

/** The type of a comprehension's variable; undefined: there is none of that name. */
export function localType(name: string, scope: Scope | undefined): Type | undefined {
  for (let inner = scope; inner !== undefined; inner = inner.outer) {
    const local = inner.variables.get(name);
    if (local !== undefined) return local;
  }
  return undefined;
}

/** Whether `a.b.c` begins with a comprehension's variable. */
export function isLocal(name: string, scope: Scope | undefined): boolean {
  return localType(name.split('.')[0] ?? '', scope) !== undefined;
}
