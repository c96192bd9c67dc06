import { type ApiError, errors, type UnstructuredObject } from '../../api/index.ts';
import { errorCode } from '../../base/index.ts';
import type { Compare, KeyValue, Operation, Store, TxnRequest, TxnResult } from '../../store/index.ts';
import { encodeValue, type StoredObject } from './encoded.ts';
import type { GroupResource, Guard } from './types.ts';
import type { WatchCache } from './watch-cache.ts';

/** What a write wants to do, given what is there. */
export type Decision = PutDecision | DeleteDecision | KeepDecision;

export interface PutDecision extends Companions {
  type: 'put';
  /** In stored form. It belongs to the registry from here on. */
  object: UnstructuredObject;
  /** Of the store: the object goes when it expires. */
  lease?: number;
}

export interface DeleteDecision extends Companions {
  type: 'delete';
}

/** Nothing needs to be written. */
export interface KeepDecision {
  type: 'keep';
}

/** What belongs to the same transaction. */
export interface Companions {
  guards?: readonly Guard[];
  operations?: readonly Operation[];
}

export interface TransactionRequest {
  type: GroupResource;
  name: string;
  key: string;
  /** Hold for every attempt. */
  guards: readonly Guard[];
  dryRun: boolean;
  signal?: AbortSignal;
  /** The write is a creation: what is there doesn't matter, so it isn't read. */
  blind?: boolean;
  decide(current: StoredObject | undefined): Decision | Promise<Decision>;
}

export interface TransactionResult {
  decision: Decision;
  /** What was there before. */
  previous: StoredObject | undefined;
  /** What was written; of a delete, what is gone, at the revision of its going. Undefined: dry run. */
  stored: StoredObject | undefined;
}

/** Attempts after which a write that meets other writers every time gives up with a Conflict. */
const MAX_ATTEMPTS = 100;

/**
 * The one way in which objects are written: decides on what this peer knows, and writes only if the object (and all
 * guards) are still so; else decides anew on what is really there. A decision that fails on what may be stale is made
 * again on the latest state before the failure counts.
 */
export async function transact(
  { cache, store }: { cache: WatchCache; store: Store },
  request: TransactionRequest,
): Promise<TransactionResult> {
  const { key, blind = false, dryRun, signal } = request;
  await cache.ready();
  let previous = blind ? undefined : cache.get(key);
  let fresh = false;
  /** Brings this peer up to date; whether that may change what was decided. */
  const changed = async (): Promise<boolean> => {
    if (fresh) return false;
    const before = cache.revision;
    await cache.fresh();
    fresh = true;
    if (blind) return cache.revision !== before;
    const latest = cache.get(key);
    if (latest?.revision === previous?.revision) return false;
    previous = latest;
    return true;
  };
  if (previous === undefined && !blind) await changed();

  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    if (signal?.aborted) throw errors.timeout('the client went away before the write was done');
    let decision: Decision;
    try {
      decision = await request.decide(previous);
    } catch (error) {
      if (await changed()) continue;
      throw error;
    }
    if (decision.type === 'keep') {
      if (await changed()) continue;
      return { decision, previous, stored: previous };
    }
    if (dryRun) return { decision, previous, stored: undefined };
    const guards = [...request.guards, ...(decision.guards ?? [])];
    const value = decision.type === 'put' ? encodeValue(decision.object) : undefined;
    const txn = transactionOf(key, previous?.revision ?? 0, decision, value, guards);
    const { succeeded, revision, results } =
      decision.type === 'put'
        ? await cache.whileWriting(key, value!, decision.object, () => write(store, txn))
        : await write(store, txn);
    if (succeeded) {
      const stored =
        decision.type === 'put' ? cache.written(key, value!, decision.object, revision) : previous!.at(revision);
      return { decision, previous, stored };
    }
    const [found, ...guarded] = results.map((result) => (result.type === 'range' ? result.result.kvs[0] : undefined));
    let stale = false;
    for (const [index, { compare, refusal }] of guards.entries()) {
      if (holds(compare, guarded[index])) continue;
      const refused = refusal();
      if (refused !== undefined) throw refused;
      stale = true;
    }
    // What the decision went by is out of date here: it must not go by it again.
    if (stale) await cache.fresh();
    previous = found && cache.objectOf(found);
    fresh = true;
    if (blind && previous !== undefined) throw alreadyThere(request, previous);
  }
  throw errors.conflict(request.type, request.name);
}

/**
 * A write that is under way when the store stops may take effect all the same. A 503 would let clients send it to another
 * server, which would refuse it because of what it did itself.
 */
async function write(store: Store, txn: TxnRequest): Promise<TxnResult> {
  try {
    return await store.txn(txn);
  } catch (error) {
    if (errorCode(error) === 'STOPPED')
      throw errors.timeout('the API server is shutting down, the outcome of the write is unknown');
    throw error;
  }
}

function transactionOf(
  key: string,
  revision: number,
  decision: PutDecision | DeleteDecision,
  value: Buffer | undefined,
  guards: readonly Guard[],
): TxnRequest {
  const { operations = [] } = decision;
  const own: Operation =
    decision.type === 'put' ? { type: 'put', key, value: value!, lease: decision.lease } : { type: 'delete', key };
  return {
    compare: [
      { key, target: 'modRevision', operator: '=', operand: revision },
      ...guards.map(({ compare }) => compare),
    ],
    then: [own, ...operations],
    else: [key, ...guards.map(({ compare }) => compare.key)].map((read) => ({ type: 'range', request: { key: read } })),
  };
}

/** Whether a compare of one key holds for what the store found there. */
function holds(compare: Compare, found: KeyValue | undefined): boolean {
  if (compare.target === 'value') {
    const equal = found !== undefined && Buffer.compare(compare.operand, found.value) === 0;
    return equal === (compare.operator === '=');
  }
  const actual = found?.[compare.target] ?? 0;
  switch (compare.operator) {
    case '=':
      return actual === compare.operand;
    case '!=':
      return actual !== compare.operand;
    case '>':
      return actual > compare.operand;
    case '<':
      return actual < compare.operand;
  }
}

function alreadyThere({ type, name }: TransactionRequest, { object }: StoredObject): ApiError {
  const error = errors.alreadyExists(type, name);
  if (object.metadata.deletionTimestamp) error.status.message = `object is being deleted: ${error.status.message}`;
  return error;
}
