import { clonePlain, errors, formatTime, parseTime, type Status, type UnstructuredObject } from '../../api/index.ts';
import { commit, outcomeOf } from './commit.ts';
import { finalizersAfter } from './finalizers.ts';
import { equalJson } from './json.ts';
import { checkPreconditions } from './preconditions.ts';
import { prepareServed, servedForm, storageOf } from './storage.ts';
import type { Strategy } from './strategies/index.ts';
import type { DeleteParameters, Encoded, ObjectRequest } from './types.ts';
import { confirmDeletion, departure, putDecision, scopeOf, type WriteContext } from './write-stages.ts';

/** DELETE: the object while it still goes, what is left of it when it is gone, or a Status. */
export async function deleteObject(
  context: WriteContext,
  request: ObjectRequest & DeleteParameters,
): Promise<Encoded | Status> {
  const { type, name } = request;
  const storage = storageOf(type);
  const scope = scopeOf(request, storage);
  const { strategy } = scope;
  warnOfOrphans(request, strategy);
  const transaction = await commit(context, scope, name, async (current) => {
    if (current === undefined) throw errors.notFound(type, name);
    await prepareServed(storage, [current]);
    const old = servedForm(storage, current).object as UnstructuredObject;
    checkPreconditions(type, old, request.preconditions ?? {});
    const guards = await confirmDeletion(context, scope, old);
    const fate = fateOf(old, request, strategy, context.clock.now());
    if (fate === 'pending' || (fate !== 'now' && equalJson(fate, old))) return { type: 'keep' };
    if (fate !== 'now') return putDecision(context, scope, fate, {}, guards);
    const { guards: own = [], operations } = departure(context, scope, old);
    return { type: 'delete', guards: [...guards, ...own], operations };
  });
  const outcome = await outcomeOf(scope, transaction);
  if (transaction.decision.type !== 'delete' || strategy.returnsDeleted) return outcome;
  const { uid } = outcome.object.metadata;
  const details = { name, ...(type.group === '' ? {} : { group: type.group }), kind: type.resource, uid };
  return errors.successStatus(details);
}

function warnOfOrphans(
  { orphanDependents, propagationPolicy, warnings }: ObjectRequest & DeleteParameters,
  { orphanWarning }: Strategy,
): void {
  if (orphanWarning === undefined || orphanDependents !== undefined || propagationPolicy !== undefined) return;
  // A collection is one request.
  if (!warnings.includes(orphanWarning)) warnings.push(orphanWarning);
}

/**
 * What a delete does to an object: it goes `now`; it is already on its way and nothing changes (`pending`); or it
 * becomes what is returned, and waits for its grace period or finalizers. Pure.
 */
export function fateOf(
  old: UnstructuredObject,
  options: DeleteParameters,
  strategy: Strategy,
  now: number,
): 'now' | 'pending' | UnstructuredObject {
  const draft = clonePlain(old);
  const { metadata } = draft;
  const graceful = grace(draft, options, strategy, now);
  if (graceful === 'pending') return 'pending';
  const finalizers = finalizersAfter(metadata.finalizers ?? [], options, strategy.orphansDependents);
  if (finalizers.length > 0) metadata.finalizers = finalizers;
  else delete metadata.finalizers;
  const held = finalizers.length > 0 || strategy.mayGo?.(draft) === false;
  if (graceful === 'none' && !held) return 'now';
  if (graceful === 'none') markDeleting(draft, now);
  else if (!held && metadata.deletionGracePeriodSeconds === 0) return 'now';
  strategy.markDeleting?.(draft);
  return draft;
}

/**
 * Gives the object its time to end. `none`: it has none, or it is over; `pending`: it is running already, and may only
 * be made shorter; `set`: the draft says until when.
 */
function grace(
  draft: UnstructuredObject,
  { gracePeriodSeconds }: DeleteParameters,
  strategy: Strategy,
  now: number,
): 'none' | 'pending' | 'set' {
  if (strategy.gracePeriodSeconds === undefined) return 'none';
  const { metadata } = draft;
  const { deletionTimestamp, deletionGracePeriodSeconds: current } = metadata;
  if (deletionTimestamp) {
    if (current === undefined) return 'none';
    if (gracePeriodSeconds === undefined || gracePeriodSeconds >= current) return 'pending';
    const requested = Math.max(0, gracePeriodSeconds);
    metadata.deletionTimestamp = formatTime((parseTime(deletionTimestamp) ?? now) + (requested - current) * 1_000);
    metadata.deletionGracePeriodSeconds = requested;
    return 'set';
  }
  const period = strategy.gracePeriodSeconds(draft, gracePeriodSeconds);
  metadata.deletionTimestamp = formatTime(now + period * 1_000);
  metadata.deletionGracePeriodSeconds = period;
  if (metadata.generation) metadata.generation++;
  return 'set';
}

/** For kinds without a grace period of their own, while finalizers hold the object. */
function markDeleting({ metadata }: UnstructuredObject, now: number): void {
  if (metadata.deletionTimestamp === undefined && metadata.generation) metadata.generation++;
  const before = metadata.deletionTimestamp === undefined ? undefined : parseTime(metadata.deletionTimestamp);
  if (before === undefined || before > now) metadata.deletionTimestamp = formatTime(now);
  metadata.deletionGracePeriodSeconds = 0;
}
