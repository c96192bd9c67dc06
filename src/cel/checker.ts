import type { CallExpression, Comprehension, Element, Expression, OptionalMap } from './ast.ts';
import { qualifiedName } from './build.ts';
import {
  type CallTarget,
  type Checked,
  type Declarations,
  isLocal,
  localType,
  type Reference,
  type Scope,
} from './checked.ts';
import type { Problem } from './errors.ts';
import type { Overload } from './functions.ts';
import * as types from './types.ts';
import { formatType, optionalElement, type Type } from './types.ts';
import { isDyn, Substitution, sameType } from './unify.ts';
import { TypeValue, typeOfValue } from './values.ts';

/** Checks the types of an expression, as far as they can be known before it runs. */
export function check(expression: Expression, declarations: Declarations): Checked {
  const checker = new Checker(declarations);
  const type = checker.settle(checker.check(expression, undefined));
  return {
    type,
    problems: checker.problems,
    typeOf: (part) => checker.settle(checker.types.get(part) ?? types.dyn),
    reference: (part) => checker.references.get(part),
    target: (call) => checker.targets.get(call) ?? { overloads: [], args: [] },
  };
}

class Checker {
  readonly problems: Problem[] = [];
  readonly types = new Map<Expression, Type>();
  readonly references = new Map<Expression, Reference>();
  readonly targets = new Map<Expression, CallTarget>();
  readonly #declarations: Declarations;
  readonly #known = new Substitution();

  constructor(declarations: Declarations) {
    this.#declarations = declarations;
  }

  settle(type: Type): Type {
    return this.#known.settle(type);
  }

  check(expression: Expression, scope: Scope | undefined): Type {
    const type = this.#check(expression, scope);
    this.types.set(expression, type);
    return type;
  }

  #check(expression: Expression, scope: Scope | undefined): Type {
    switch (expression.kind) {
      case 'literal':
        return typeOfValue(expression.value);
      case 'identifier':
        return this.#identifier(expression, expression.name, scope);
      case 'select':
        return this.#select(expression, scope);
      case 'has':
        this.#field(expression, this.check(expression.operand, scope), expression.field);
        return types.bool;
      case 'call':
        return this.#call(expression, scope);
      case 'list':
        return types.list(this.#elements(expression.elements, scope));
      case 'map':
        return types.map(
          this.#elements(
            expression.entries.map(({ key }) => ({ value: key, optional: false })),
            scope,
          ),
          this.#elements(expression.entries, scope),
        );
      case 'struct':
        return this.#undeclared(expression, expression.name);
      case 'comprehension':
        return this.#comprehension(expression, scope);
      case 'bind': {
        const variables = new Map([[expression.name, this.check(expression.value, scope)]]);
        return this.check(expression.body, { variables, outer: scope });
      }
      case 'optionalMap':
        return this.#optionalMap(expression, scope);
    }
  }

  #identifier(expression: Expression, name: string, scope: Scope | undefined): Type {
    // A name with a dot before it is never a local one.
    const local = localType(name, scope);
    if (local !== undefined) return local;
    return this.#global(expression, name.replace(/^\./, '')) ?? this.#undeclared(expression, name);
  }

  #global(expression: Expression, name: string): Type | undefined {
    const variable = this.#declarations.variables.get(name);
    if (variable !== undefined) {
      this.references.set(expression, { variable: name });
      return variable;
    }
    const named = this.#declarations.typeNames.get(name);
    if (named === undefined) return undefined;
    this.references.set(expression, { value: new TypeValue(named) });
    return types.typeOfType(named);
  }

  #select(expression: Expression & { kind: 'select' }, scope: Scope | undefined): Type {
    const name = qualifiedName(expression);
    if (name !== undefined && !isLocal(name, scope)) {
      const found = this.#global(expression, name.replace(/^\./, ''));
      if (found !== undefined) return found;
    }
    const operand = this.check(expression.operand, scope);
    const field = this.#field(expression, operand, expression.field);
    const wraps = expression.optional || optionalElement(this.#known.resolve(operand)) !== undefined;
    return wraps ? types.optional(field) : field;
  }

  #field(expression: Expression, operandType: Type, name: string): Type {
    const resolved = this.#known.resolve(operandType);
    const operand = this.#known.resolve(optionalElement(resolved) ?? resolved);
    if (isDyn(operand)) return types.dyn;
    switch (operand.kind) {
      case 'param':
        return types.dyn;
      case 'map':
        return operand.value;
      case 'object': {
        const field = operand.fields.get(name);
        return field?.type ?? this.#problem(expression, `undefined field '${name}'`);
      }
      default:
        return this.#problem(expression, `type '${this.#show(operand)}' does not support field selection`);
    }
  }

  #call(expression: CallExpression, scope: Scope | undefined): Type {
    const { name, target, args } = expression;
    const { functions } = this.#declarations;
    if (target !== undefined) {
      const namespace = qualifiedName(target);
      const qualified = `${namespace?.replace(/^\./, '')}.${name}`;
      if (namespace !== undefined && !isLocal(namespace, scope) && functions.has(qualified)) {
        return this.#resolve(expression, qualified, false, args, scope);
      }
      return this.#resolve(expression, name, true, [target, ...args], scope);
    }
    return this.#resolve(expression, name.replace(/^\./, ''), false, args, scope);
  }

  #resolve(
    expression: CallExpression,
    name: string,
    method: boolean,
    args: readonly Expression[],
    scope: Scope | undefined,
  ): Type {
    const declared = this.#declarations.functions.get(name);
    const argTypes = args.map((arg) => this.check(arg, scope));
    if (declared === undefined) return this.#undeclared(expression, name);
    const overloads: Overload[] = [];
    let result: Type | undefined;
    for (const overload of declared) {
      if (overload.method !== method) continue;
      const [own, ...parameters] = this.#known.instantiate(overload.result, ...overload.parameters);
      if (!this.#known.assign(parameters, argTypes)) continue;
      overloads.push(overload);
      const found = this.#known.resolve(own!);
      result = result === undefined || sameType(result, found) ? found : types.dyn;
    }
    this.targets.set(expression, { overloads, args });
    if (result !== undefined) return result;
    return this.#noOverload(expression, name, argTypes, method);
  }

  #elements(elements: readonly Element[], scope: Scope | undefined): Type {
    let joined: Type | undefined;
    for (const { value, optional } of elements) {
      let type = this.check(value, scope);
      if (optional) {
        const inner = this.#known.unknown();
        if (!this.#known.assign([types.optional(inner)], [type])) {
          this.#problem(value, `expected type 'optional_type(${this.#show(type)})' but found '${this.#show(type)}'`);
        }
        type = inner;
      }
      joined = joined === undefined ? type : this.#join(value, joined, type);
    }
    return joined ?? this.#known.unknown();
  }

  #join(at: Expression, previous: Type, current: Type): Type {
    const joined = this.#known.join(previous, current);
    if (joined !== undefined) return joined;
    if (!this.#declarations.homogeneous) return types.dyn;
    return this.#problem(at, `expected type '${this.#show(previous)}' but found '${this.#show(current)}'`);
  }

  #comprehension(loop: Comprehension, scope: Scope | undefined): Type {
    const range = this.#known.resolve(this.check(loop.range, scope));
    const variableTypes = this.#variables(loop, range);
    const variables = new Map(loop.variables.map((name, index) => [name, variableTypes[index]!]));
    const inner = { variables, outer: scope };
    const element = variableTypes.at(-1)!;
    if (loop.filter !== undefined) this.#predicate(loop, loop.filter, inner, '_?_:_');
    const { operation, body } = loop;
    switch (operation) {
      case 'all':
        this.#predicate(loop, body, inner, '_&&_');
        return types.bool;
      case 'exists':
        this.#predicate(loop, body, inner, '_||_');
        return types.bool;
      case 'existsOne':
        this.#predicate(loop, body, inner, '_?_:_');
        return types.bool;
      case 'filter':
        this.#predicate(loop, body, inner, '_?_:_');
        return types.list(element);
      case 'map':
      case 'transformList':
        return types.list(this.check(body, inner));
      case 'transformMap':
        return types.map(variableTypes[0]!, this.check(body, inner));
      case 'transformMapEntry': {
        const entry = this.check(body, inner);
        const [key, value] = [this.#known.unknown(), this.#known.unknown()];
        if (this.#known.assign([types.map(key, value)], [entry])) return types.map(key, value);
        return this.#problem(body, `expected type 'map(dyn, dyn)' but found '${this.#show(entry)}'`);
      }
    }
  }

  #variables(loop: Comprehension, range: Type): readonly Type[] {
    const two = loop.variables.length === 2;
    switch (range.kind) {
      case 'list':
        return two ? [types.int, range.element] : [range.element];
      case 'map':
        return two ? [range.key, range.value] : [range.key];
      case 'dyn':
      case 'error':
      case 'param':
        return two ? [types.dyn, types.dyn] : [types.dyn];
      default:
        this.#problem(
          loop.range,
          `expression of type '${this.#show(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
        );
        return [types.errorType, types.errorType];
    }
  }

  #predicate(loop: Comprehension, predicate: Expression, scope: Scope, operator: string): void {
    const type = this.check(predicate, scope);
    if (this.#known.assign([types.bool], [type])) return;
    this.#problem(
      loop,
      operator === '_?_:_'
        ? `expected type 'bool' but found '${this.#show(type)}'`
        : `found no matching overload for '${operator}' applied to '(bool, ${this.#show(type)})'`,
    );
  }

  #optionalMap({ target, name, body, flat }: OptionalMap, scope: Scope | undefined): Type {
    const element = this.#known.unknown();
    const type = this.check(target, scope);
    if (!this.#known.assign([types.optional(element)], [type])) {
      const method = flat ? 'optFlatMap' : 'optMap';
      return this.#problem(target, `found no matching overload for '${method}' applied to '${this.#show(type)}.()'`);
    }
    const result = this.check(body, { variables: new Map([[name, element]]), outer: scope });
    if (!flat) return types.optional(result);
    const inner = this.#known.unknown();
    if (this.#known.assign([types.optional(inner)], [result])) return types.optional(inner);
    return this.#problem(body, `expected type 'optional_type(dyn)' but found '${this.#show(result)}'`);
  }

  #noOverload(at: Expression, name: string, argTypes: readonly Type[], method: boolean): Type {
    const shown = argTypes.map((type) => this.#show(type));
    const receiver = method ? `${shown.shift()}.` : '';
    return this.#problem(at, `found no matching overload for '${name}' applied to '${receiver}(${shown.join(', ')})'`);
  }

  #undeclared(at: Expression, name: string): Type {
    return this.#problem(at, `undeclared reference to '${name}' (in container '')`);
  }

  #problem({ position }: Expression, message: string): Type {
    this.problems.push({ position, message });
    return types.errorType;
  }

  #show(type: Type): string {
    return formatType(this.settle(type));
  }
}
