/**
 * Checks an invariant of our own code. Stays on in production: a peer that no longer
 * understands its own state must stop rather than write. Never for expected errors.
 */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** An invariant did not hold: a bug in Keelson. */
export class AssertionError extends Error {
  override name = 'AssertionError';
}

/** Marks a branch that the type checker proves unreachable. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${JSON.stringify(value)}`);
}
