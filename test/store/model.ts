import fc from 'fast-check';
import { encodeTxn } from '../../src/store/codec.ts';
import type {
  Compare,
  KeyValue,
  Operation,
  OperationResult,
  RangeRequest,
  RangeResult,
  TxnRequest,
  TxnResult,
  WatchBatch,
  WatchEvent,
} from '../../src/store/index.ts';
import { validateOperation } from '../../src/store/validate.ts';

type State = ReadonlyMap<string, KeyValue>;

/** The store as one would explain it: a copy of everything for each revision. */
export class Model {
  revision = 1;
  compactRevision = 0;
  readonly states: State[] = [new Map(), new Map()];
  readonly batches: WatchBatch[] = [];

  get now(): State {
    return this.states[this.revision]!;
  }

  txn(request: TxnRequest): TxnResult {
    const state = new Map(this.now);
    const events: WatchEvent[] = [];
    const result = this.#run(request, state, events);
    this.#commit(state, events);
    return result;
  }

  /** Deletes keys as one revision, or none. */
  deleteKeys(keys: readonly string[]): void {
    const state = new Map(this.now);
    const events: WatchEvent[] = [];
    for (const key of keys) this.#delete(key, state, events);
    this.#commit(state, events);
  }

  range(
    request: RangeRequest,
    state = this.states[request.revision || this.revision]!,
    revision = this.revision,
  ): RangeResult {
    const matching = select(state, request.key, request.end);
    if (request.order === 'descend') matching.reverse();
    const limited = request.limit ? matching.slice(0, request.limit) : matching;
    const kvs = request.countOnly ? [] : limited;
    return {
      revision,
      kvs: kvs.map((kv) => (request.keysOnly ? { ...kv, value: Buffer.alloc(0) } : kv)),
      count: matching.length,
      more: !request.countOnly && limited.length < matching.length,
    };
  }

  /** All batches that a watch of the range gets. */
  watched(key: string, end: string | undefined, fromRevision: number, previous: boolean): WatchBatch[] {
    return this.batches
      .filter(({ revision }) => revision >= fromRevision)
      .map(({ revision, events }) => ({
        revision,
        events: events
          .filter(({ kv }) => inRange(kv.key, key, end))
          .map(({ previous: old, ...event }) => (previous && old ? { ...event, previous: old } : event)),
      }))
      .filter(({ events }) => events.length > 0);
  }

  #commit(state: State, events: WatchEvent[]): void {
    if (events.length === 0) return;
    this.revision++;
    this.states.push(state);
    this.batches.push({ revision: this.revision, events });
  }

  #run(request: TxnRequest, state: Map<string, KeyValue>, events: WatchEvent[]): TxnResult {
    const succeeded = request.compare.every((compare) => this.#holds(compare));
    const operations = succeeded ? request.then : (request.else ?? []);
    const results = operations.map((operation) => this.#operate(operation, state, events));
    return { succeeded, revision: this.revision + (events.length > 0 ? 1 : 0), results };
  }

  #operate(operation: Operation, state: Map<string, KeyValue>, events: WatchEvent[]): OperationResult {
    switch (operation.type) {
      case 'put': {
        const old = state.get(operation.key);
        const revision = this.revision + 1;
        const kv: KeyValue = {
          key: operation.key,
          value: operation.ignoreValue ? old!.value : operation.value,
          createRevision: old?.createRevision ?? revision,
          modRevision: revision,
          version: (old?.version ?? 0) + 1,
          lease: operation.ignoreLease ? old!.lease : (operation.lease ?? 0),
        };
        state.set(kv.key, kv);
        events.push(old ? { type: 'put', kv, previous: old } : { type: 'put', kv });
        return operation.previous && old ? { type: 'put', previous: old } : { type: 'put' };
      }
      case 'delete': {
        const doomed = select(state, operation.key, operation.end);
        for (const { key } of doomed) this.#delete(key, state, events);
        const result: OperationResult = { type: 'delete', deleted: doomed.length };
        return operation.previous ? { ...result, previous: doomed } : result;
      }
      case 'range': {
        const { revision } = operation.request;
        const seen = revision ? this.states[revision]! : state;
        return {
          type: 'range',
          result: this.range(operation.request, seen, this.revision + (events.length > 0 ? 1 : 0)),
        };
      }
      case 'txn':
        return { type: 'txn', result: this.#run(operation.request, state, events) };
    }
  }

  #delete(key: string, state: Map<string, KeyValue>, events: WatchEvent[]): void {
    const previous = state.get(key);
    if (previous === undefined) return;
    state.delete(key);
    const kv = { key, value: Buffer.alloc(0), createRevision: 0, modRevision: this.revision + 1, version: 0, lease: 0 };
    events.push({ type: 'delete', kv, previous });
  }

  #holds(compare: Compare): boolean {
    const found = select(this.now, compare.key, compare.end);
    if (compare.target === 'value') {
      return (
        found.length > 0 &&
        found.every(({ value }) => ordered(Buffer.compare(value, compare.operand), compare.operator))
      );
    }
    const { target, operand, operator } = compare;
    const numbers = found.length > 0 ? found.map((kv) => kv[target]) : [0];
    return numbers.every((number) => ordered(number - operand, operator));
  }
}

function ordered(difference: number, operator: Compare['operator']): boolean {
  switch (operator) {
    case '=':
      return difference === 0;
    case '!=':
      return difference !== 0;
    case '<':
      return difference < 0;
    case '>':
      return difference > 0;
  }
}

function inRange(candidate: string, key: string, end: string | undefined): boolean {
  return end === undefined ? candidate === key : candidate >= key && candidate < end;
}

function select(state: State, key: string, end: string | undefined): KeyValue[] {
  return [...state.values()].filter((kv) => inRange(kv.key, key, end)).sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** The same with plain values, for comparison: which kind of byte array something is says nothing. */
export function plain(thing: unknown): unknown {
  if (thing instanceof Uint8Array) return `bytes ${Buffer.from(thing).toString('latin1')}`;
  if (Array.isArray(thing)) return thing.map(plain);
  if (thing === null || typeof thing !== 'object') return thing;
  return Object.fromEntries(Object.entries(thing).map(([name, value]) => [name, plain(value)]));
}

/** Few keys, so that they meet often; edges of the byte range among them. */
export const keys = fc.constantFrom('a', 'a\0', 'aa', 'ab', 'b', 'b\xff', 'c', '\0', '\xff', '\xff\xff');
const ends = fc.constantFrom('aa', 'b', 'b\xff', 'd', '\xff', '\u0100', 'a');
export const values = fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes));

export const ranges: fc.Arbitrary<{ key: string; end?: string }> = fc.oneof(
  keys.map((key) => ({ key })),
  fc.record({ key: fc.oneof(keys, fc.constant('')), end: ends }),
);

export const rangeRequests: fc.Arbitrary<RangeRequest> = fc
  .tuple(
    ranges,
    fc.record({
      limit: fc.constantFrom(0, 0, 1, 2, 5),
      keysOnly: fc.boolean(),
      countOnly: fc.boolean(),
      order: fc.constantFrom('ascend' as const, 'descend' as const),
    }),
  )
  .map(([range, options]) => ({ ...range, ...options }));

const compares: fc.Arbitrary<Compare> = fc
  .tuple(
    ranges,
    fc.constantFrom('=' as const, '!=' as const, '<' as const, '>' as const),
    fc.oneof(
      fc.record({
        target: fc.constantFrom(
          'version' as const,
          'createRevision' as const,
          'modRevision' as const,
          'lease' as const,
        ),
        operand: fc.nat({ max: 6 }),
      }),
      fc.record({ target: fc.constant('value' as const), operand: values }),
    ),
  )
  .map(([range, operator, rest]) => ({ ...range, operator, ...rest }) as Compare);

const operations = (depth: number): fc.Arbitrary<Operation> =>
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ type: fc.constant('put' as const), key: keys, value: values, previous: fc.boolean() }),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(ranges, fc.boolean())
        .map(([range, previous]) => ({ type: 'delete' as const, ...range, previous })),
    },
    { weight: 2, arbitrary: rangeRequests.map((request) => ({ type: 'range' as const, request })) },
    ...(depth > 0
      ? [{ weight: 1, arbitrary: txnRequests(depth - 1).map((request) => ({ type: 'txn' as const, request })) }]
      : []),
  );

function txnRequests(depth: number): fc.Arbitrary<TxnRequest> {
  const lists = fc.array(operations(depth), { maxLength: 3 });
  return fc
    .tuple(fc.array(compares, { maxLength: 2 }), lists, lists)
    .map(([compare, then, otherwise]) => ({ compare, then, else: otherwise }));
}

function isValid(request: TxnRequest): boolean {
  try {
    validateOperation(encodeTxn(request));
    return true;
  } catch {
    return false;
  }
}

/** Transactions that may be sent: no key is written twice. */
export const txns: fc.Arbitrary<TxnRequest> = txnRequests(2).filter(isValid);
