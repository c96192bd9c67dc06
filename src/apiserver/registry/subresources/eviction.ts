import {
  ApiError,
  clonePlain,
  errors,
  findResource,
  formatTime,
  type KubernetesObject,
  type policyv1,
  type ResourceType,
  selectorFromObject,
  type UnstructuredObject,
  type v1,
} from '../../../api/index.ts';
import { commit } from '../commit.ts';
import { deleteObject } from '../delete.ts';
import { ComputedObject } from '../encoded.ts';
import { storageOf } from '../storage.ts';
import type { DeleteParameters, Encoded, Registry, User } from '../types.ts';
import { check, confirmSubresource, putDecision, scopeOf, type WriteContext } from '../write-stages.ts';

type Budget = policyv1.PodDisruptionBudget;
type Request = Parameters<Registry['create']>[0] & { name: string };

/** Evictions that were granted and not seen by the budget's controller yet. */
const disruptedPodsMax = 2_000;
const budgetGroup = { group: 'policy', resource: 'poddisruptionbudgets' };
/** Who may evict need not be able to change budgets or statuses. */
const self: User = { name: 'system:apiserver', groups: ['system:masters'] };

/** POST of an Eviction: deletes a pod as its deleteOptions say, if its disruption budget allows. Answers with a Status. */
export async function evictPod(context: WriteContext, request: Request): Promise<Encoded> {
  const { type, name, object, subresource: _, ...rest } = request;
  const scope = scopeOf(request, storageOf(type));
  const eviction = check(object, scope);
  const given = eviction.metadata?.name;
  if (given && given !== name) {
    throw errors.badRequest(`name in URL does not match name in Eviction object: ${name} != ${given}`);
  }
  const options = (eviction['deleteOptions'] ?? {}) as DeleteParameters & { dryRun?: unknown };
  const dryRun = request.dryRun === true || (Array.isArray(options.dryRun) && options.dryRun.includes('All'));
  await confirmSubresource(context, { ...scope, request: { ...request, dryRun } }, name, eviction);
  const preconditions = await grant(context, request, options, dryRun);
  if (!dryRun) await markDisrupted(context, request, preconditions);
  const { gracePeriodSeconds, propagationPolicy } = options;
  await deleteObject(context, { ...rest, type, name, gracePeriodSeconds, propagationPolicy, preconditions, dryRun });
  return new ComputedObject({ ...errors.successStatus(), code: 201 } as unknown as KubernetesObject);
}

/** Takes the eviction from the pod's budget; returns under which conditions the pod may go. Throws a 429 when it may not. */
async function grant(
  context: WriteContext,
  { type, namespace, name }: Request,
  { preconditions = {} }: DeleteParameters,
  dryRun: boolean,
): Promise<NonNullable<DeleteParameters['preconditions']>> {
  await context.cache.fresh();
  const stored = context.cache.lookup(type, namespace, name);
  if (stored === undefined) throw errors.notFound(type, name);
  const pod = stored.object as unknown as v1.Pod;
  if (goesAnyway(pod)) return preconditions;
  const budgets = context.cache
    .all(budgetGroup, namespace)
    .map(({ object }) => object as unknown as Budget)
    .filter(({ spec }) => selectorFromObject(spec?.selector).matches(pod.metadata.labels));
  const [budget, another] = budgets;
  if (budget === undefined) return preconditions;
  if (another !== undefined) throw severalBudgets();
  // What is not ready is not missed; but it must not have become so meanwhile.
  if (!isReady(pod) && isUnneeded(budget)) return { resourceVersion: String(stored.revision), ...preconditions };
  await decrement(context, namespace, budget.metadata.name!, name, dryRun);
  return preconditions;
}

/** It has not begun, has ended, or is on its way. */
function goesAnyway({ metadata, status }: v1.Pod): boolean {
  return metadata.deletionTimestamp !== undefined || status?.phase !== 'Running';
}

function isReady({ status }: v1.Pod): boolean {
  return status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false;
}

function isUnneeded({ spec, status }: Budget): boolean {
  if (spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true;
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  return desiredHealthy > 0 && currentHealthy >= desiredHealthy;
}

/** Notes the eviction in the budget's status, which its controller computes anew once the pod is going. */
async function decrement(
  context: WriteContext,
  namespace: string | undefined,
  budgetName: string,
  podName: string,
  dryRun: boolean,
): Promise<void> {
  const type = findResource('policy', 'v1', 'poddisruptionbudgets') as ResourceType;
  const scope = scopeOf({ type, namespace, subresource: 'status', user: self, warnings: [], dryRun }, storageOf(type));
  await commit(context, scope, budgetName, async (current) => {
    if (current === undefined) throw errors.notFound(type, budgetName);
    const draft = clonePlain(current.object) as unknown as Budget;
    const status = allowing(draft);
    status.disruptionsAllowed--;
    status.disruptedPods = { ...status.disruptedPods, [podName]: formatTime(context.clock.now()) };
    return putDecision(context, scope, draft as unknown as UnstructuredObject, {}, []);
  });
}

/** The status of a budget that allows a disruption. Throws otherwise. */
function allowing({ metadata, status }: Budget): policyv1.PodDisruptionBudgetStatus {
  const { name = '', generation = 0 } = metadata;
  if (status === undefined || (status.observedGeneration ?? 0) < generation) {
    throw refused(`The disruption budget ${name} is still being processed by the server.`, 10);
  }
  if (Object.keys(status.disruptedPods ?? {}).length > disruptedPodsMax) {
    const text = 'DisruptedPods map too big - too many evictions not confirmed by PDB controller';
    throw errors.forbidden(budgetGroup, name, text);
  }
  if ((status.disruptionsAllowed ?? 0) <= 0) {
    const { desiredHealthy, currentHealthy } = status;
    throw refused(
      `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`,
    );
  }
  return status;
}

function refused(why: string, retryAfterSeconds?: number): ApiError {
  const error = errors.evictionRefused("Cannot evict pod as it would violate the pod's disruption budget.", why);
  if (retryAfterSeconds !== undefined) error.status.details = { ...error.status.details, retryAfterSeconds };
  return error;
}

function severalBudgets(): ApiError {
  return new ApiError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    code: 500,
  });
}

/** Lets whoever looks at the pod's end know why it came. */
async function markDisrupted(
  context: WriteContext,
  { type, namespace, name }: Request,
  { resourceVersion, uid }: NonNullable<DeleteParameters['preconditions']>,
): Promise<void> {
  // A condition would be a change, after which the pod is not the one that was meant.
  if (resourceVersion !== undefined) return;
  const scope = scopeOf({ type, namespace, subresource: 'status', user: self, warnings: [] }, storageOf(type));
  await commit(context, scope, name, async (current) => {
    if (current === undefined) throw errors.notFound(type, name);
    const draft = clonePlain(current.object) as unknown as v1.Pod;
    if (draft.metadata.deletionTimestamp || (uid !== undefined && uid !== draft.metadata.uid)) return { type: 'keep' };
    const others = (draft.status?.conditions ?? []).filter((condition) => condition.type !== 'DisruptionTarget');
    const disrupted: v1.PodCondition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'EvictionByEvictionAPI',
      message: 'Eviction API: evicting',
      lastTransitionTime: formatTime(context.clock.now()),
    };
    draft.status = { ...draft.status, conditions: [...others, disrupted] };
    return putDecision(context, scope, draft as unknown as UnstructuredObject, {}, []);
  });
}
