import type { ComprehensionKind, Expression } from './ast.ts';
import { SyntaxProblem } from './errors.ts';

type Expander = (position: number, target: Expression, args: readonly Expression[]) => Expression | undefined;

/**
 * What looks like a call but isn't one: its arguments are looked at before they are evaluated
 * (https://github.com/google/cel-spec/blob/master/doc/langdef.md#macros). Undefined: it is a call.
 */
export function expandMacro(
  name: string,
  position: number,
  target: Expression | undefined,
  args: readonly Expression[],
): Expression | undefined {
  if (target === undefined) return name === 'has' && args.length === 1 ? has(position, args[0]!) : undefined;
  return receivers.get(`${name}/${args.length}`)?.(position, target, args);
}

function has(position: number, argument: Expression): Expression {
  if (argument.kind !== 'select' || argument.optional) {
    throw new SyntaxProblem(argument.position, 'invalid argument to has() macro');
  }
  return { kind: 'has', operand: argument.operand, field: argument.field, position };
}

const receivers: ReadonlyMap<string, Expander> = new Map([
  ['all/2', loop('all', 1)],
  ['all/3', loop('all', 2)],
  ['exists/2', loop('exists', 1)],
  ['exists/3', loop('exists', 2)],
  ['exists_one/2', loop('existsOne', 1)],
  ['existsOne/2', loop('existsOne', 1)],
  ['exists_one/3', loop('existsOne', 2)],
  ['existsOne/3', loop('existsOne', 2)],
  ['filter/2', loop('filter', 1)],
  ['map/2', loop('map', 1)],
  ['map/3', loop('map', 1, true)],
  ['transformList/3', loop('transformList', 2)],
  ['transformList/4', loop('transformList', 2, true)],
  ['transformMap/3', loop('transformMap', 2)],
  ['transformMap/4', loop('transformMap', 2, true)],
  ['transformMapEntry/3', loop('transformMapEntry', 2)],
  ['transformMapEntry/4', loop('transformMapEntry', 2, true)],
  ['optMap/2', optionalMap(false)],
  ['optFlatMap/2', optionalMap(true)],
  ['bind/3', bind],
]);

/** `filtered`: the argument before the last says which elements count. */
function loop(operation: ComprehensionKind, variableCount: number, filtered = false): Expander {
  return (position, range, args) => {
    const variables = args.slice(0, variableCount).map(variableName);
    if (variables.length === 2 && variables[0] === variables[1]) {
      throw new SyntaxProblem(args[1]!.position, `duplicate variable name: ${variables[0]}`);
    }
    const filter = filtered ? args.at(-2) : undefined;
    return { kind: 'comprehension', operation, range, variables, filter, body: args.at(-1)!, position };
  };
}

function optionalMap(flat: boolean): Expander {
  return (position, target, args) => {
    return { kind: 'optionalMap', target, name: variableName(args[0]!), body: args[1]!, flat, position };
  };
}

function bind(position: number, target: Expression, args: readonly Expression[]): Expression | undefined {
  if (target.kind !== 'identifier' || target.name !== 'cel') return undefined;
  return { kind: 'bind', name: variableName(args[0]!), value: args[1]!, body: args[2]!, position };
}

function variableName(argument: Expression): string {
  if (argument.kind === 'identifier' && !argument.name.startsWith('.')) return argument.name;
  throw new SyntaxProblem(argument.position, 'argument must be a simple name');
}
