import type { UnstructuredObject } from '../../api/index.ts';
import { errorCode } from '../../base/index.ts';
import { ComputedObject, type StoredObject } from './encoded.ts';
import { fenceGuard } from './fence.ts';
import { objectKey } from './keys.ts';
import { prepareServed, servedForm, servedObject } from './storage.ts';
import { type Decision, type TransactionResult, transact } from './transact.ts';
import type { Encoded } from './types.ts';
import type { WriteContext, WriteScope } from './write-stages.ts';

/** The last stage of a write on the object `name` of the scope. `blind`: a creation. */
export async function commit(
  context: WriteContext,
  scope: WriteScope,
  name: string,
  decide: (current: StoredObject | undefined) => Decision | Promise<Decision>,
  blind = false,
): Promise<TransactionResult> {
  const { type, storage, strategy, request } = scope;
  const transaction = {
    type,
    name,
    key: objectKey(storage.prefix, request.namespace, name),
    guards: request.fence === undefined ? [] : [fenceGuard(request.fence, type, name)],
    dryRun: request.dryRun ?? false,
    signal: request.signal,
    blind,
    decide,
  };
  try {
    return await transact(context, transaction);
  } catch (error) {
    if (strategy.timeToLiveSeconds === undefined || errorCode(error) !== 'LEASE_NOT_FOUND') throw error;
    context.eventLeases.forget();
    return transact(context, transaction);
  }
}

/** What a write answers with: the object as it is now, or would be after a dry run. */
export async function outcomeOf(
  { storage }: WriteScope,
  { stored, previous, decision }: TransactionResult,
): Promise<Encoded> {
  if (stored !== undefined) {
    await prepareServed(storage, [stored]);
    return servedForm(storage, stored);
  }
  const object = decision.type === 'put' ? decision.object : previous!.object;
  return new ComputedObject(withVersion(await servedObject(storage, object), previous?.revision));
}

/** A copy at that version; none for what was never stored. */
export function withVersion(object: UnstructuredObject, revision: number | undefined): UnstructuredObject {
  const { resourceVersion: _, ...metadata } = object.metadata;
  return {
    ...object,
    metadata: revision === undefined ? metadata : { ...metadata, resourceVersion: String(revision) },
  };
}
