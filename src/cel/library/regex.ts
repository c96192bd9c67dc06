import { RE2JS } from 're2js';
import { traversal } from '../budget.ts';
import { EvaluationError } from '../errors.ts';
import { type Cost, declare, type Library } from '../functions.ts';

/** Patterns are compiled once; so many are kept. */
const MAX_PATTERNS = 256;
const compiled = new Map<string, RE2JS>();

/** An expression of RE2, which takes time in proportion to the text, whatever the pattern. Throws EvaluationError. */
export function compilePattern(pattern: string): RE2JS {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  let fresh: RE2JS;
  try {
    fresh = RE2JS.compile(pattern);
  } catch (error) {
    throw new EvaluationError(error instanceof Error ? error.message : String(error));
  }
  if (compiled.size >= MAX_PATTERNS) compiled.delete(compiled.keys().next().value!);
  compiled.set(pattern, fresh);
  return fresh;
}

/** The text's size times the pattern's. */
const matching: Cost = ([text, pattern]) =>
  traversal((text as string).length + 1) * Math.ceil((pattern as string).length * 0.25);

const NO_LIMIT = -1n;

function findAll(text: string, pattern: string, limit: bigint): string[] {
  const found: string[] = [];
  const matcher = compilePattern(pattern).matcher(text);
  while ((limit < 0n || found.length < limit) && matcher.find()) found.push(matcher.group() ?? '');
  return found;
}

export const regex: Library = [
  ...['matches(string, string): bool', '(string).matches(string): bool'].map((signature) =>
    declare(signature, (text: string, pattern: string) => compilePattern(pattern).matcher(text).find(), matching),
  ),
  declare(
    '(string).find(string): string',
    (text: string, pattern: string) => findAll(text, pattern, 1n)[0] ?? '',
    matching,
  ),
  declare(
    '(string).findAll(string): list<string>',
    (text: string, pattern: string) => findAll(text, pattern, NO_LIMIT),
    matching,
  ),
  declare(
    '(string).findAll(string, int): list<string>',
    (text: string, pattern: string, limit: bigint) => findAll(text, pattern, limit),
    matching,
  ),
];
