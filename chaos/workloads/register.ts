import { type Random, randomInteger } from '../../src/base/index.ts';
import {
  type CompareAndSetInput,
  type CompareAndSetOutput,
  compareAndSetModel,
} from '../../src/simulation/linearizability/index.ts';
import type { Compare, Store } from '../../src/store/index.ts';
import { type EventLog, textOf } from '../judge/event-log.ts';
import { judgeObjects } from '../judge/linearizability.ts';
import { runClients, sharedObject } from './clients.ts';
import { Recorder } from './recorder.ts';
import type { Workload } from './workload.ts';

/** Clients that keep to a peer each: whoever writes is soon stuck on one that is cut off, and can't see how old its answers are. */
const READERS: readonly number[] = [7, 9, 11];

type Input = CompareAndSetInput & { key: string };

/** Reads, writes and compare-and-set of single keys: linearizable. Reads that need not be tell what was once true. */
export function registerWorkload(log: EventLog): Workload {
  let recorder: Recorder<Input, CompareAndSetOutput> | undefined;
  let values = 0;

  async function read(store: Store, key: string, serializable: boolean): Promise<string | null> {
    const { kvs, revision } = await store.range({ key, serializable });
    const value = textOf(kvs[0]);
    log.read(key, revision, value);
    return value ?? null;
  }

  async function write(store: Store, key: string, value: string): Promise<void> {
    const { revision } = await store.put(key, Buffer.from(value));
    log.acknowledge(key, revision, value);
  }

  async function compareAndSet(store: Store, key: string, expected: string | null, value: string): Promise<boolean> {
    const compare: Compare =
      expected === null
        ? { key, target: 'version', operator: '=', operand: 0 }
        : { key, target: 'value', operator: '=', operand: Buffer.from(expected) };
    const then = [{ type: 'put', key, value: Buffer.from(value) } as const];
    const { succeeded, revision } = await store.txn({ compare: [compare], then });
    if (succeeded) log.acknowledge(key, revision, value);
    return succeeded;
  }

  /** What each client read last, to compare with. */
  const seen = new Map<number, { key: string; value: string | null }>();

  async function readOnly(client: number, store: Store, random: Random): Promise<boolean> {
    const key = sharedObject('register', random, 4);
    const action = async () => ({ value: await read(store, key, false) });
    return (await recorder!.run(client, { type: 'read', key }, action, { changes: false })) !== undefined;
  }

  async function round(client: number, store: Store, random: Random): Promise<boolean> {
    const run = recorder!.run.bind(recorder!);
    const key = sharedObject('register', random, 4);
    const value = `${client}-${++values}`;
    const kind = randomInteger(random, 10);
    if (kind === 0)
      return read(store, key, true).then(
        () => true,
        () => false,
      );
    if (kind < 5) {
      const output = await run(client, { type: 'read', key }, async () => ({ value: await read(store, key, false) }), {
        changes: false,
      });
      if (output !== undefined && 'value' in output) seen.set(client, { key, value: output.value });
      return output !== undefined;
    }
    if (kind < 7) {
      const action = () => write(store, key, value).then(() => ({ value: null }));
      return (await run(client, { type: 'write', key, value }, action, { changes: true })) !== undefined;
    }
    const last = seen.get(client);
    const expected = last?.key === key ? last.value : null;
    const action = async () => ({ swapped: await compareAndSet(store, key, expected, value) });
    const input: Input = { type: 'compare-and-set', key, expected, value };
    return (await run(client, input, action, { changes: true })) !== undefined;
  }

  return {
    name: 'register',
    async run(context) {
      recorder = new Recorder(context.outcome);
      const readers = READERS.map((client) => runClients(context, client, 1, readOnly));
      await Promise.all([runClients(context, 0, 6, round), ...readers]);
    },
    async judge() {
      return judgeObjects('register', compareAndSetModel, recorder?.operations ?? [], ({ key }) => key);
    },
  };
}
