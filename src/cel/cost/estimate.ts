import type { CallExpression, Comprehension, Element, Expression, OptionalMap } from '../ast.ts';
import type { Checked } from '../checked.ts';
import { analyse, type CompileOptions } from '../compile.ts';
import type { Type } from '../types.ts';
import { estimateCall, type Operand } from './calls.ts';
import { framesOf, IDENTIFIER, NEW_LIST, NEW_MAP, stepOf } from './loops.ts';
import { either, exactly, plus, type Range, times, unknown } from './range.ts';
import { sizeOfLiteral, sizeOfType } from './sizes.ts';

/**
 * How many items, entries, characters or bytes there can be at most at a path from a variable: names of fields, `@items`, `@keys`
 * and `@values` (after the variable's own name). Undefined: nobody knows.
 */
export type Bounds = (path: readonly string[]) => number | undefined;

/**
 * What an expression costs at most, before it is known what it is about, in the steps that evaluations are limited to. After the
 * estimates of CEL's checker (github.com/google/cel-go/checker/cost.go) and Kubernetes', macros counted as they are there expanded:
 * by these, definitions are refused. Throws CompileError.
 */
export function estimateCost(source: string, options: CompileOptions, bounds: Bounds): number {
  const { expression, checked } = analyse(source, options);
  return new Estimator(checked, bounds).cost(expression).max;
}

/** The sizes of what is in a list or map. */
interface Entries {
  key: Range;
  value: Range;
}

interface Local {
  path: Path;
  size: Range | undefined;
  entries: Entries | undefined;
}

type Path = readonly string[];

class Estimator {
  readonly #checked: Checked;
  readonly #bounds: Bounds;
  readonly #sizes = new Map<Expression, Range>();
  readonly #entries = new Map<Expression, Entries>();
  readonly #paths = new Map<Expression, Path>();
  readonly #locals = new Map<string, Local[]>();

  constructor(checked: Checked, bounds: Bounds) {
    this.#checked = checked;
    this.#bounds = bounds;
  }

  cost(expression: Expression): Range {
    switch (expression.kind) {
      case 'literal':
      case 'struct':
        return exactly(0);
      case 'identifier':
        this.#paths.set(expression, this.#local(expression.name)?.path ?? [expression.name]);
        return IDENTIFIER;
      case 'select':
        return this.#select(expression);
      case 'has':
        return this.cost(expression.operand);
      case 'call':
        return this.#call(expression);
      case 'list': {
        const cost = plus(NEW_LIST, ...expression.elements.map(({ value }) => this.cost(value)));
        this.#entries.set(expression, { key: exactly(1), value: this.#sizeOfAny(expression.elements) });
        return cost;
      }
      case 'map': {
        const { entries } = expression;
        const cost = plus(NEW_MAP, ...entries.flatMap(({ key, value }) => [this.cost(key), this.cost(value)]));
        const keys = entries.map(({ key }) => ({ value: key, optional: false }));
        this.#entries.set(expression, { key: this.#sizeOfAny(keys), value: this.#sizeOfAny(entries) });
        return cost;
      }
      case 'comprehension':
        return this.#comprehension(expression);
      case 'bind': {
        const value = this.cost(expression.value);
        const body = this.#within(expression.name, this.#localOf(expression.value), () => this.cost(expression.body));
        this.#copySizes(expression, expression.body);
        return plus(NEW_LIST, value, body);
      }
      case 'optionalMap':
        return this.#optionalMap(expression);
    }
  }

  #select(expression: Expression & { kind: 'select' }): Range {
    const operand = this.cost(expression.operand);
    if (expression.optional) return plus(operand, exactly(1));
    this.#paths.set(expression, [...this.#path(expression.operand), expression.field]);
    const { kind } = this.#checked.typeOf(expression.operand);
    return kind === 'map' || kind === 'object' ? plus(operand, IDENTIFIER) : operand;
  }

  #call(call: CallExpression): Range {
    const { overloads, args } = this.#checked.target(call);
    const costs = args.map((arg) => this.cost(arg));
    const [first, second] = args;
    switch (call.name) {
      case 'dyn':
        this.#copySizes(call, first!);
        return plus(exactly(1), ...costs);
      case '_&&_':
      case '_||_':
        return { min: costs[0]!.min, max: plus(...costs).max };
      case '_?_:_':
        return this.#conditional(call, args, costs);
      case '_+_':
        this.#setEntries(call, joined(this.#entriesOf(first!), this.#entriesOf(second!)));
    }
    const operands = args.map((arg) => this.#operand(arg));
    let cost: Range | undefined;
    let size: Range | undefined;
    for (const overload of overloads) {
      const estimate = estimateCall(overload, operands);
      cost = cost === undefined ? estimate.cost : either(cost, estimate.cost);
      if (estimate.result !== undefined) size = size === undefined ? estimate.result : either(size, estimate.result);
      const container = overload.parameters[0]?.kind;
      if (call.name === '_[_]' && (container === 'list' || container === 'map')) {
        size = this.#entriesOf(first!)?.value;
        this.#paths.set(call, [...this.#path(first!), container === 'list' ? '@items' : '@values']);
      }
      size ??= this.#size(call);
    }
    if (size !== undefined) this.#sizes.set(call, size);
    return cost === undefined ? exactly(0) : plus(cost, ...costs);
  }

  #conditional(call: CallExpression, [, yes, no]: readonly Expression[], costs: readonly Range[]): Range {
    this.#sizes.set(call, either(this.#sizeOrUnknown(yes!), this.#sizeOrUnknown(no!)));
    this.#setEntries(call, joined(this.#entriesOf(yes!), this.#entriesOf(no!)));
    return plus(costs[0]!, either(costs[1]!, costs[2]!));
  }

  #comprehension(loop: Comprehension): Range {
    const { range, operation, filter, body, variables } = loop;
    const before = this.cost(range);
    const count = this.#sizeOrUnknown(range);
    const locals = this.#iterated(range, variables.length === 2);
    const rangeType = this.#checked.typeOf(range);
    const iterated = rangeType.kind === 'list' ? rangeType.element : rangeType;
    const inside = (): { step: Range; size: Range } => {
      const condition = filter === undefined ? undefined : this.cost(filter);
      const step = stepOf(operation, this.cost(body));
      return {
        step: condition === undefined ? step : plus(condition, either(step, IDENTIFIER)),
        size: operation === 'filter' ? this.#sizeOfLocal(locals[0]!, iterated) : this.#sizeOrUnknown(body),
      };
    };
    const { step, size } = variables.reduceRight<typeof inside>(
      (run, name, index) => () => this.#within(name, locals[index]!, run),
      inside,
    )();
    const { start, result } = framesOf(operation);
    if (operation === 'all' || operation === 'exists' || operation === 'existsOne') this.#sizes.set(loop, exactly(1));
    else {
      this.#sizes.set(loop, count);
      if (start === NEW_LIST) this.#entries.set(loop, { key: exactly(1), value: { min: 0, max: size.max } });
    }
    return plus(before, start, times(count, step), result);
  }

  /** The variables of a loop: of one the items of a list or the keys of a map, of two both. */
  #iterated(range: Expression, two: boolean): Local[] {
    const path = this.#path(range);
    const entries = this.#entriesOf(range);
    const isList = this.#checked.typeOf(range).kind === 'list';
    const local = (step: string, size: Range | undefined): Local => ({
      path: [...path, step],
      size,
      entries: undefined,
    });
    const key = local(isList ? '@indices' : '@keys', entries?.key);
    const value = local(isList ? '@items' : '@values', entries?.value);
    if (two) return [key, value];
    return [isList ? value : key];
  }

  /** `target.hasValue() ? optional.of(body with the value) : optional.none()`, without `of` if the body is an optional. */
  #optionalMap(expression: OptionalMap): Range {
    const target = this.cost(expression.target);
    const value = { path: [], size: undefined, entries: undefined };
    const body = this.#within(expression.name, value, () => this.cost(expression.body));
    const mapped = plus(NEW_LIST, target, exactly(1), body, exactly(expression.flat ? 0 : 1));
    this.#sizes.set(expression, sizeOfType(this.#checked.typeOf(expression)) ?? unknown);
    return plus(target, exactly(1), either(mapped, exactly(1)));
  }

  #operand(expression: Expression): Operand {
    const path = this.#path(expression);
    return {
      expression,
      type: this.#checked.typeOf(expression),
      size: this.#sizeOrUnknown(expression),
      itemSize: () => (path.length === 0 ? unknown : this.#bound([...path, '@items'])),
    };
  }

  #within<T>(name: string, local: Local, run: () => T): T {
    const stack = this.#locals.get(name) ?? [];
    this.#locals.set(name, [...stack, local]);
    const result = run();
    this.#locals.set(name, stack);
    return result;
  }

  #local(name: string): Local | undefined {
    return this.#locals.get(name)?.at(-1);
  }

  #localOf(expression: Expression): Local {
    return { path: this.#path(expression), size: this.#size(expression), entries: this.#entriesOf(expression) };
  }

  #path(expression: Expression): Path {
    const local = expression.kind === 'identifier' ? this.#local(expression.name)?.path : undefined;
    return local ?? this.#paths.get(expression) ?? [];
  }

  #bound(path: Path): Range {
    const max = this.#bounds(path.slice(1));
    return max === undefined ? unknown : { min: 0, max };
  }

  #size(expression: Expression): Range | undefined {
    const known = this.#sizes.get(expression) ?? sizeOfLiteral(expression);
    if (known !== undefined) return known;
    const local = expression.kind === 'identifier' ? this.#local(expression.name)?.size : undefined;
    return this.#sizeAt(this.#path(expression), this.#checked.typeOf(expression)) ?? local;
  }

  #sizeOfLocal({ path, size }: Local, type: Type): Range {
    return this.#sizeAt(path, type) ?? size ?? unknown;
  }

  #sizeAt(path: Path, type: Type): Range | undefined {
    const max = path.length === 0 ? undefined : this.#bounds(path.slice(1));
    return max === undefined ? sizeOfType(type) : { min: 0, max };
  }

  #sizeOrUnknown(expression: Expression): Range {
    return this.#size(expression) ?? unknown;
  }

  #sizeOfAny(elements: readonly Element[]): Range {
    const [first = exactly(0), ...others] = elements.map(({ value }) => this.#sizeOrUnknown(value));
    return others.reduce(either, first);
  }

  #entriesOf(expression: Expression): Entries | undefined {
    const known = this.#entries.get(expression);
    if (known !== undefined || expression.kind !== 'identifier') return known;
    return this.#local(expression.name)?.entries;
  }

  #setEntries(expression: Expression, entries: Entries | undefined): void {
    if (entries !== undefined) this.#entries.set(expression, entries);
  }

  #copySizes(to: Expression, from: Expression): void {
    const size = this.#size(from);
    if (size !== undefined) this.#sizes.set(to, size);
    this.#setEntries(to, this.#entriesOf(from));
  }
}

function joined(a: Entries | undefined, b: Entries | undefined): Entries | undefined {
  return a && b && { key: either(a.key, b.key), value: either(a.value, b.value) };
}
