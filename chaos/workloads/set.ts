import { type Random, randomInteger } from '../../src/base/index.ts';
import { type ElementsOutput, type SetInput, setModel } from '../../src/simulation/linearizability/index.ts';
import { prefixEnd, type Store } from '../../src/store/index.ts';
import type { EventLog } from '../judge/event-log.ts';
import { judgeObjects } from '../judge/linearizability.ts';
import { runClients, sharedObject } from './clients.ts';
import { Recorder } from './recorder.ts';
import type { Workload } from './workload.ts';

type Input = SetInput & { key: string };
const NO_ELEMENTS: ElementsOutput = { elements: [] };

/** Sets whose elements are keys below a common prefix: a read of the range sees all of them, or none, of each moment. */
export function setWorkload(log: EventLog): Workload {
  let recorder: Recorder<Input, ElementsOutput> | undefined;
  let elements = 0;
  let latest: { key: string; element: string } | undefined;

  async function read(store: Store, key: string): Promise<ElementsOutput> {
    const prefix = `${key}/`;
    const { kvs } = await store.range({ key: prefix, end: prefixEnd(prefix), keysOnly: true });
    return { elements: kvs.map((kv) => kv.key.slice(prefix.length)) };
  }

  async function round(client: number, store: Store, random: Random): Promise<boolean> {
    const key = sharedObject('set', random, 2);
    const kind = randomInteger(random, 10);
    if (kind < 5) {
      const output = await recorder!.run(client, { type: 'read', key }, () => read(store, key), { changes: false });
      return output !== undefined;
    }
    const remove = kind === 9 && latest?.key === key;
    const element = remove ? latest!.element : String(++elements);
    const path = `${key}/${element}`;
    const action = async (): Promise<ElementsOutput> => {
      if (remove) {
        const { deleted, revision } = await store.delete(path);
        if (deleted > 0) log.acknowledge(path, revision, undefined);
      } else {
        const { revision } = await store.put(path, Buffer.from(element));
        log.acknowledge(path, revision, element);
        latest = { key, element };
      }
      return NO_ELEMENTS;
    };
    const input: Input = { type: remove ? 'remove' : 'add', key, element };
    return (await recorder!.run(client, input, action, { changes: true })) !== undefined;
  }

  return {
    name: 'set',
    async run(context) {
      recorder = new Recorder(context.outcome);
      await runClients(context, 20, 3, round);
    },
    async judge() {
      return judgeObjects('set', setModel, recorder?.operations ?? [], ({ key }) => key);
    },
  };
}
