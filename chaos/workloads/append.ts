import { KeelsonError, type Random } from '../../src/base/index.ts';
import { type ElementsOutput, type ListInput, listModel } from '../../src/simulation/linearizability/index.ts';
import type { Store } from '../../src/store/index.ts';
import { type EventLog, textOf } from '../judge/event-log.ts';
import { judgeObjects } from '../judge/linearizability.ts';
import { runClients, sharedObject } from './clients.ts';
import { Recorder } from './recorder.ts';
import type { Workload } from './workload.ts';

type Input = ListInput & { key: string };
/** Others were always quicker: nothing was appended. */
const MAX_TRIES = 20;

/** Lists that grow by transactions which hold only if nobody else has appended meanwhile. */
export function appendWorkload(log: EventLog): Workload {
  let recorder: Recorder<Input, ElementsOutput> | undefined;
  let elements = 0;

  async function read(store: Store, key: string): Promise<{ elements: string[]; modRevision: number }> {
    const { kvs, revision } = await store.range({ key });
    const value = textOf(kvs[0]);
    log.read(key, revision, value);
    return { elements: value?.split(',') ?? [], modRevision: kvs[0]?.modRevision ?? 0 };
  }

  async function append(store: Store, key: string, element: string): Promise<ElementsOutput> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const { elements: present, modRevision } = await read(store, key);
      const value = [...present, element].join(',');
      const { succeeded, revision } = await store.txn({
        compare: [{ key, target: 'modRevision', operator: '=', operand: modRevision }],
        then: [{ type: 'put', key, value: Buffer.from(value) }],
      });
      if (!succeeded) continue;
      log.acknowledge(key, revision, value);
      return { elements: [] };
    }
    throw new KeelsonError('OVERLOADED', `others appended to ${key} each time`);
  }

  async function round(client: number, store: Store, random: Random): Promise<boolean> {
    const key = sharedObject('append', random, 2);
    const run = recorder!.run.bind(recorder!);
    if (random.next() < 0.5) {
      const action = async (): Promise<ElementsOutput> => ({ elements: (await read(store, key)).elements });
      return (await run(client, { type: 'read', key }, action, { changes: false })) !== undefined;
    }
    const element = String(++elements);
    const action = (): Promise<ElementsOutput> => append(store, key, element);
    return (await run(client, { type: 'append', key, element }, action, { changes: true })) !== undefined;
  }

  return {
    name: 'append',
    async run(context) {
      recorder = new Recorder(context.outcome);
      await runClients(context, 40, 3, round);
    },
    async judge() {
      return judgeObjects('append', listModel, recorder?.operations ?? [], ({ key }) => key);
    },
  };
}
