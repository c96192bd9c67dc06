/** A property of Raft did not hold. */
export class Violation extends Error {
  override name = 'Violation';
}

export function check(condition: boolean, message: () => string): asserts condition {
  if (!condition) throw new Violation(message());
}
