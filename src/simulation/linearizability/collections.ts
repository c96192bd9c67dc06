import type { Operation } from './history.ts';
import type { Model } from './model.ts';

export type ListInput = { type: 'append'; element: string } | { type: 'read' };
export type SetInput = { type: 'add' | 'remove'; element: string } | { type: 'read' };
/** Of a read: the elements, of a set in any order. Of others: none. Elements hold no comma. */
export interface ElementsOutput {
  elements: readonly string[];
}

/** A list that grows at its end. */
export const listModel: Model<ListInput, ElementsOutput> = {
  initial: '',
  step(state, input, output) {
    if (input.type === 'append') return `${state}${input.element},`;
    return output === undefined || encode(output.elements) === state ? state : undefined;
  },
  leavesNoSign(history) {
    const read = elementsRead(history);
    return (input) => input.type === 'read' || !read.has(input.element);
  },
};

/** A set of elements; to add what is there, or remove what is not, changes nothing. */
export const setModel: Model<SetInput, ElementsOutput> = {
  initial: '',
  step(state, input, output) {
    if (input.type === 'read') {
      return output === undefined || encode([...output.elements].sort()) === state ? state : undefined;
    }
    const elements = new Set(state.split(',').slice(0, -1));
    if (input.type === 'add') elements.add(input.element);
    else elements.delete(input.element);
    return encode([...elements].sort());
  },
  leavesNoSign(history) {
    const read = elementsRead(history);
    return (input) => input.type === 'read' || (input.type === 'add' && !read.has(input.element));
  },
};

function elementsRead(history: readonly Operation<unknown, ElementsOutput>[]): Set<string> {
  return new Set(history.flatMap(({ output }) => output?.elements ?? []));
}

function encode(elements: readonly string[]): string {
  return elements.map((element) => `${element},`).join('');
}
