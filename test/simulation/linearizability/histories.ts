import { type Random, randomInteger } from '../../../src/base/index.ts';
import {
  type CompareAndSetInput,
  type CompareAndSetOutput,
  compareAndSetModel,
  type ElementsOutput,
  type ListInput,
  listModel,
  type Model,
  type Operation,
  type RegisterInput,
  type RegisterOutput,
  registerModel,
  type SetInput,
  setModel,
} from '../../../src/simulation/linearizability/index.ts';

/** An object under test: its model, random inputs, and an implementation of its own to get true outputs from. */
export interface Subject<Input, Output> {
  model: Model<Input, Output>;
  input(random: Random, fresh: () => string): Input;
  /** A new object; calling it runs an operation. */
  create(): (input: Input) => Output;
}

const anyOf = <T>(random: Random, items: readonly T[]): T => items[randomInteger(random, items.length)]!;

const register: Subject<RegisterInput, RegisterOutput> = {
  model: registerModel,
  input: (random, fresh) => (random.next() < 0.5 ? { type: 'read' } : { type: 'write', value: fresh() }),
  create() {
    let held: string | null = null;
    return (input) => {
      if (input.type === 'read') return { value: held };
      held = input.value;
      return { value: null };
    };
  },
};

const compareAndSet: Subject<CompareAndSetInput, CompareAndSetOutput> = {
  model: compareAndSetModel,
  // Few values, so that some comparisons hold.
  input(random) {
    const value = anyOf(random, ['a', 'b', 'c']);
    const expected = anyOf(random, [null, 'a', 'b', 'c']);
    const other: RegisterInput = random.next() < 0.6 ? { type: 'read' } : { type: 'write', value };
    return random.next() < 0.5 ? { type: 'compare-and-set', expected, value } : other;
  },
  create() {
    let held: string | null = null;
    return (input) => {
      if (input.type === 'read') return { value: held };
      const swapped = input.type === 'write' || input.expected === held;
      if (swapped) held = input.value;
      return input.type === 'write' ? { value: null } : { swapped };
    };
  },
};

const list: Subject<ListInput, ElementsOutput> = {
  model: listModel,
  input: (random, fresh) => (random.next() < 0.5 ? { type: 'read' } : { type: 'append', element: fresh() }),
  create() {
    const held: string[] = [];
    return (input) => {
      if (input.type === 'read') return { elements: [...held] };
      held.push(input.element);
      return { elements: [] };
    };
  },
};

const set: Subject<SetInput, ElementsOutput> = {
  model: setModel,
  input: (random) =>
    random.next() < 0.5
      ? { type: 'read' }
      : { type: random.next() < 0.7 ? 'add' : 'remove', element: anyOf(random, ['x', 'y', 'z']) },
  create() {
    const held = new Set<string>();
    return (input) => {
      if (input.type === 'read') return { elements: [...held] };
      if (input.type === 'add') held.add(input.element);
      else held.delete(input.element);
      return { elements: [] };
    };
  },
};

// biome-ignore lint/suspicious/noExplicitAny: each test is for all of them alike.
export const subjects: Record<string, Subject<any, any>> = { register, compareAndSet, list, set };

/**
 * What clients saw of a real object on which operations took effect one by one, somewhere between call and return.
 * A share of them is never answered, and half of those have no effect.
 */
export function execute<Input, Output>(
  subject: Subject<Input, Output>,
  random: Random,
  options: { operations: number; clients: number; unknown: number },
): Operation<Input, Output>[] {
  let names = 0;
  const object = subject.create();
  const moments: { at: number; run: () => void }[] = [];
  const free = Array.from({ length: options.clients }, (_, client) => ({ client, at: 0 }));
  const history: Operation<Input, Output>[] = [];
  for (let i = 0; i < options.operations; i++) {
    const who = anyOf(random, free);
    const call = who.at + random.next();
    const effect = call + random.next();
    const isUnknown = random.next() < options.unknown;
    const returned = isUnknown ? Number.POSITIVE_INFINITY : effect + random.next();
    who.at = isUnknown ? effect : returned;
    // Whose outcome is unknown does nothing more under this name.
    const client = who.client;
    if (isUnknown) who.client += options.clients;
    const input = subject.input(random, () => `v${names++}`);
    const operation: Operation<Input, Output> = { client, input, output: undefined, call, return: returned };
    history.push(operation);
    if (isUnknown && random.next() < 0.5) continue;
    moments.push({
      at: effect,
      run: () => {
        const output = object(input);
        if (!isUnknown) operation.output = output;
      },
    });
  }
  moments.sort((a, b) => a.at - b.at);
  for (const { run } of moments) run();
  return history;
}

/** By trying every order of every choice of the unanswered: for histories of a few operations. */
export function isLinearizable<Input, Output>(
  model: Model<Input, Output>,
  operations: readonly Operation<Input, Output>[],
): boolean {
  const tryFrom = (state: string, rest: readonly Operation<Input, Output>[]): boolean => {
    if (rest.every((operation) => operation.return === Number.POSITIVE_INFINITY)) return true;
    return rest.some((operation) => {
      if (rest.some((other) => other !== operation && other.return < operation.call)) return false;
      const next = model.step(state, operation.input, operation.output);
      return (
        next !== undefined &&
        tryFrom(
          next,
          rest.filter((other) => other !== operation),
        )
      );
    });
  };
  return tryFrom(model.initial, operations);
}
