import type { ComprehensionKind } from '../ast.ts';
import { exactly, plus, type Range } from './range.ts';

export const IDENTIFIER = exactly(1);
export const NEW_LIST = exactly(10);
export const NEW_MAP = exactly(30);

/** What one turn of a loop costs beside its filter: the macro's own part of it, and the test whether to go on. */
export function stepOf(operation: ComprehensionKind, body: Range): Range {
  switch (operation) {
    case 'all':
      return plus({ min: 1, max: 1 + body.max }, exactly(2));
    case 'exists':
      return plus({ min: 1, max: 1 + body.max }, exactly(3));
    case 'existsOne':
      return plus(body, { min: 1, max: 2 });
    case 'filter':
      return plus(body, { min: 1, max: 13 });
    case 'map':
    case 'transformList':
      return plus(body, exactly(12));
    case 'transformMap':
      return plus(body, exactly(3));
    case 'transformMapEntry':
      return plus(body, exactly(2));
  }
}

/** What a loop costs before its first turn and after its last. */
export function framesOf(operation: ComprehensionKind): { start: Range; result: Range } {
  switch (operation) {
    case 'all':
    case 'exists':
      return { start: exactly(0), result: IDENTIFIER };
    case 'existsOne':
      return { start: exactly(0), result: exactly(2) };
    case 'transformMap':
    case 'transformMapEntry':
      return { start: NEW_MAP, result: IDENTIFIER };
    default:
      return { start: NEW_LIST, result: IDENTIFIER };
  }
}
