/** One operation of one client on one object, as the client saw it. Times are of one clock, in any unit. */
export interface Operation<Input, Output> {
  client: number;
  input: Input;
  /** Undefined when the outcome is unknown: it took effect at any time after the call, or never will. */
  output: Output | undefined;
  call: number;
  /** Infinity when the outcome is unknown. */
  return: number;
}

/** Splits a history by object: a history is linearizable if each object's is (Herlihy and Wing's locality). */
export function partition<Input, Output>(
  operations: readonly Operation<Input, Output>[],
  keyOf: (input: Input) => string,
): Map<string, Operation<Input, Output>[]> {
  const byKey = new Map<string, Operation<Input, Output>[]>();
  for (const operation of operations) {
    const key = keyOf(operation.input);
    const history = byKey.get(key);
    if (history === undefined) byKey.set(key, [operation]);
    else history.push(operation);
  }
  return byKey;
}
