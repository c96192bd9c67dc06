import type { Expression } from '../ast.ts';
import { optionalElement, type Type } from '../types.ts';
import { exactly, type Range } from './range.ts';

/** The size of what is written down. */
export function sizeOfLiteral(expression: Expression): Range | undefined {
  switch (expression.kind) {
    case 'literal':
      if (typeof expression.value === 'string') return exactly([...expression.value].length);
      return exactly(expression.value instanceof Uint8Array ? expression.value.length : 1);
    case 'list':
      return exactly(expression.elements.length);
    case 'map':
      return exactly(expression.entries.length);
    default:
      return undefined;
  }
}

/** The size of values that all have the same. */
export function sizeOfType(type: Type): Range | undefined {
  const { kind } = optionalElement(type) ?? type;
  return ['bool', 'double', 'duration', 'int', 'timestamp', 'uint'].includes(kind) ? exactly(1) : undefined;
}
