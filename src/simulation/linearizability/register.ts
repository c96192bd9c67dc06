import type { Model } from './model.ts';

export type RegisterInput = { type: 'read' } | { type: 'write'; value: string };
/** Of a read: what the register held, null for nothing. Of a write: null. */
export type RegisterOutput = { value: string | null };

export type CompareAndSetInput = RegisterInput | { type: 'compare-and-set'; expected: string | null; value: string };
export type CompareAndSetOutput = RegisterOutput | { swapped: boolean };

/** One value, empty at first. */
export const registerModel: Model<RegisterInput, RegisterOutput> = {
  initial: encode(null),
  step(state, input, output) {
    if (input.type === 'write') return encode(input.value);
    return output === undefined || encode(output.value) === state ? state : undefined;
  },
  leavesNoSign(history) {
    const read = new Set(history.map(({ output }) => output?.value));
    return (input) => input.type === 'read' || !read.has(input.value);
  },
};

/** A register with, besides, a write that takes effect only where the value is the expected one. */
export const compareAndSetModel: Model<CompareAndSetInput, CompareAndSetOutput> = {
  initial: registerModel.initial,
  step(state, input, output) {
    if (input.type !== 'compare-and-set') return registerModel.step(state, input, output as RegisterOutput | undefined);
    const swaps = state === encode(input.expected);
    if (output !== undefined && (output as { swapped: boolean }).swapped !== swaps) return undefined;
    return swaps ? encode(input.value) : state;
  },
  // Another value may be why a later comparison did not hold.
  leavesNoSign: () => (input) => input.type === 'read',
};

function encode(value: string | null): string {
  return value === null ? '' : `=${value}`;
}
