import { type Random, randomInteger } from '../../base/index.ts';
import { prefixEnd, type Store } from '../../store/index.ts';
import {
  type CompareAndSetInput,
  type CompareAndSetOutput,
  compareAndSetModel,
  type ElementsOutput,
  type ListInput,
  listModel,
  type Model,
  type RegisterInput,
  type RegisterOutput,
  registerModel,
  type SetInput,
  setModel,
} from '../linearizability/index.ts';

/** A kind of object kept in the store, whose clients' histories are judged by a model. */
export interface Workload<Input, Output> {
  readonly name: string;
  readonly model: Model<Input, Output>;
  /** `fresh` is unlike any other. */
  draw(random: Random, fresh: string): Input;
  /** Carries out an operation on the object at `path`. */
  run(store: Store, path: string, input: Input): Promise<Output>;
}

const encode = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const decode = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');

async function readValue(store: Store, key: string): Promise<{ value: string | null }> {
  const { kvs } = await store.range({ key });
  return { value: kvs[0] === undefined ? null : decode(kvs[0].value) };
}

const register: Workload<RegisterInput, RegisterOutput> = {
  name: 'register',
  model: registerModel,
  draw: (random, fresh) => (random.next() < 0.5 ? { type: 'read' } : { type: 'write', value: fresh }),
  async run(store, path, input) {
    if (input.type === 'read') return await readValue(store, path);
    await store.put(path, encode(input.value));
    return { value: null };
  },
};

const compareAndSet: Workload<CompareAndSetInput, CompareAndSetOutput> = {
  name: 'compare-and-set',
  model: compareAndSetModel,
  // Few values, so that some comparisons hold.
  draw(random) {
    const value = `${randomInteger(random, 3)}`;
    const draw = random.next();
    if (draw < 0.3) return { type: 'read' };
    if (draw < 0.4) return { type: 'write', value };
    const other = randomInteger(random, 4);
    return { type: 'compare-and-set', expected: other === 3 ? null : `${other}`, value };
  },
  async run(store, path, input) {
    if (input.type !== 'compare-and-set') return await register.run(store, path, input);
    const { succeeded } = await store.txn({
      compare: [
        input.expected === null
          ? { key: path, target: 'version', operator: '=', operand: 0 }
          : { key: path, target: 'value', operator: '=', operand: encode(input.expected) },
      ],
      then: [{ type: 'put', key: path, value: encode(input.value) }],
    });
    return { swapped: succeeded };
  },
};

/** Elements are keys below the path. */
const list: Workload<ListInput, ElementsOutput> = {
  name: 'list',
  model: listModel,
  draw: (random, fresh) => (random.next() < 0.4 ? { type: 'read' } : { type: 'append', element: fresh }),
  async run(store, path, input) {
    if (input.type === 'read') {
      const { kvs } = await store.range({ key: `${path}/`, end: prefixEnd(`${path}/`) });
      kvs.sort((a, b) => a.createRevision - b.createRevision);
      return { elements: kvs.map(({ key }) => key.slice(path.length + 1)) };
    }
    await store.put(`${path}/${input.element}`, encode(''));
    return { elements: [] };
  },
};

const set: Workload<SetInput, ElementsOutput> = {
  name: 'set',
  model: setModel,
  draw(random) {
    const draw = random.next();
    if (draw < 0.4) return { type: 'read' };
    return { type: draw < 0.75 ? 'add' : 'remove', element: `${randomInteger(random, 5)}` };
  },
  async run(store, path, input) {
    if (input.type === 'read') {
      const { kvs } = await store.range({ key: `${path}/`, end: prefixEnd(`${path}/`), keysOnly: true });
      return { elements: kvs.map(({ key }) => key.slice(path.length + 1)) };
    }
    if (input.type === 'add') await store.put(`${path}/${input.element}`, encode(''));
    else await store.delete(`${path}/${input.element}`);
    return { elements: [] };
  },
};

// biome-ignore lint/suspicious/noExplicitAny: whoever runs one only hands its inputs and outputs on.
export const workloads: readonly Workload<any, any>[] = [register, compareAndSet, list, set];
