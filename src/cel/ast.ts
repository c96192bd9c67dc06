import type { Value } from './values.ts';

/** An expression with its macros expanded. `position` is where errors point to, in UTF-16 units. */
export type Expression = { readonly position: number } & (
  | { readonly kind: 'literal'; readonly value: Value }
  | { readonly kind: 'identifier'; readonly name: string }
  | { readonly kind: 'select'; readonly operand: Expression; readonly field: string; readonly optional: boolean }
  | { readonly kind: 'has'; readonly operand: Expression; readonly field: string }
  | CallExpression
  | { readonly kind: 'list'; readonly elements: readonly Element[] }
  | { readonly kind: 'map'; readonly entries: readonly Entry[] }
  | { readonly kind: 'struct'; readonly name: string }
  | Comprehension
  | { readonly kind: 'bind'; readonly name: string; readonly value: Expression; readonly body: Expression }
  | OptionalMap
);

export interface CallExpression {
  readonly kind: 'call';
  readonly position: number;
  readonly name: string;
  readonly target: Expression | undefined;
  readonly args: readonly Expression[];
}

/** `?x`: left out when the optional is empty. */
export interface Element {
  readonly value: Expression;
  readonly optional: boolean;
}

export interface Entry {
  readonly key: Expression;
  readonly value: Expression;
  readonly optional: boolean;
}

export type ComprehensionKind =
  | 'all'
  | 'exists'
  | 'existsOne'
  | 'filter'
  | 'map'
  | 'transformList'
  | 'transformMap'
  | 'transformMapEntry';

/** A loop over a list or a map. */
export interface Comprehension {
  readonly kind: 'comprehension';
  readonly position: number;
  readonly operation: ComprehensionKind;
  readonly range: Expression;
  /** One: the element or key; two: index and element, or key and value. */
  readonly variables: readonly string[];
  readonly filter: Expression | undefined;
  /** The predicate or what each element becomes. */
  readonly body: Expression;
}

/** `optMap` and `optFlatMap`. */
export interface OptionalMap {
  readonly kind: 'optionalMap';
  readonly position: number;
  readonly target: Expression;
  readonly name: string;
  readonly body: Expression;
  /** The body is an optional itself. */
  readonly flat: boolean;
}
