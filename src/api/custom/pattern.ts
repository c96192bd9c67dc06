import { RE2JS } from 're2js';

const MAX_KEPT = 1_000;
const compiled = new Map<string, RE2JS | undefined>();

/** A pattern in Go's syntax, which matches in linear time whatever it says; undefined: it isn't one. */
export function compilePattern(pattern: string): RE2JS | undefined {
  if (compiled.has(pattern)) return compiled.get(pattern);
  let found: RE2JS | undefined;
  try {
    found = RE2JS.compile(pattern);
  } catch {}
  if (compiled.size >= MAX_KEPT) compiled.clear();
  compiled.set(pattern, found);
  return found;
}

/** Whether the pattern is found anywhere in the text. */
export function matchesPattern(pattern: string, text: string): boolean {
  return compilePattern(pattern)?.matcher(text).find() ?? true;
}
