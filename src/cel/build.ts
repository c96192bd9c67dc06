import type { Expression } from './ast.ts';

/** A call of a function, or with a target of a method. */
export function call(
  name: string,
  position: number,
  target: Expression | undefined,
  args: readonly Expression[],
): Expression {
  return { kind: 'call', name, position, target, args };
}

/** Makes a chain of `&&` or `||` a tree of little depth. `positions` are those of the operators between the operands. */
export function balanced(
  name: string,
  operands: readonly Expression[],
  positions: readonly number[],
  low = 0,
  high = operands.length - 1,
): Expression {
  if (low === high) return operands[low]!;
  const middle = Math.floor((low + high) / 2);
  const left = balanced(name, operands, positions, low, middle);
  return call(name, positions[middle]!, undefined, [left, balanced(name, operands, positions, middle + 1, high)]);
}

/** An operator before an operand, so many times: two cancel each other out. */
export function repeated(name: string, position: number, operand: Expression, count: number): Expression {
  return count % 2 === 0 ? operand : call(name, position, undefined, [operand]);
}

/** `a.b.c` of identifiers and selections, or undefined. */
export function qualifiedName(expression: Expression): string | undefined {
  if (expression.kind === 'identifier') return expression.name;
  if (expression.kind !== 'select' || expression.optional) return undefined;
  const operand = qualifiedName(expression.operand);
  return operand === undefined ? undefined : `${operand}.${expression.field}`;
}
