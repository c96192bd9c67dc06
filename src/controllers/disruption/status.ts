import { formatTime, type metav1, type policyv1, type v1 } from '../../api/index.ts';
import { isReady, timeOf } from '../pods.ts';

type Budget = policyv1.PodDisruptionBudget;

/** How long an eviction that was granted may take to show as a deletion; then the pod counts again. */
export const deletionTimeoutMs = 120_000;

export interface Expectation {
  expectedPods: number;
  desiredHealthy: number;
}

/** How many pods there should be, and how many of them healthy. `scale`: the sum of what the pods' controllers want. Pure. */
export function expectation({ spec }: Budget, podCount: number, scale: () => number): Expectation {
  const { maxUnavailable, minAvailable } = spec ?? {};
  if (maxUnavailable !== undefined) {
    const expectedPods = scale();
    return { expectedPods, desiredHealthy: Math.max(0, expectedPods - share(maxUnavailable, expectedPods)) };
  }
  if (typeof minAvailable === 'number') return { expectedPods: podCount, desiredHealthy: minAvailable };
  if (minAvailable === undefined) return { expectedPods: 0, desiredHealthy: 0 };
  const expectedPods = scale();
  return { expectedPods, desiredHealthy: share(minAvailable, expectedPods) };
}

/** Fractions are rounded up. */
function share(value: metav1.IntOrString, of: number): number {
  return typeof value === 'number' ? value : Math.ceil((Number.parseInt(value, 10) * of) / 100);
}

/** What a budget's status is to say; and when the answer changes though nothing happens. Pure. */
export function budgetStatus(
  budget: Budget,
  pods: readonly v1.Pod[],
  { expectedPods, desiredHealthy }: Expectation,
  now: number,
): { status: policyv1.PodDisruptionBudgetStatus; recheckMs: number | undefined } {
  const { disruptedPods, recheckMs } = stillDisrupted(budget, pods, now);
  const currentHealthy = pods.filter(
    (pod) => pod.metadata.deletionTimestamp === undefined && !(pod.metadata.name! in disruptedPods) && isReady(pod),
  ).length;
  const disruptionsAllowed = expectedPods <= 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy);
  const observedGeneration = budget.metadata.generation ?? 0;
  return {
    recheckMs,
    status: {
      observedGeneration,
      ...(Object.keys(disruptedPods).length === 0 ? {} : { disruptedPods }),
      disruptionsAllowed,
      currentHealthy,
      desiredHealthy,
      expectedPods,
      conditions: withCondition(budget, now, {
        status: disruptionsAllowed > 0 ? 'True' : 'False',
        reason: disruptionsAllowed > 0 ? 'SufficientPods' : 'InsufficientPods',
        message: '',
        observedGeneration,
      }),
    },
  };
}

/** When it can't be told what is healthy, nothing may be disrupted. Pure. */
export function failedStatus(budget: Budget, message: string, now: number): policyv1.PodDisruptionBudgetStatus {
  const { status } = budget;
  const observedGeneration = status?.observedGeneration ?? 0;
  const verdict = { status: 'False', reason: 'SyncFailed', message, observedGeneration } as const;
  return {
    currentHealthy: 0,
    desiredHealthy: 0,
    expectedPods: 0,
    ...status,
    disruptionsAllowed: 0,
    conditions: withCondition(budget, now, verdict),
  };
}

/** Pods whose eviction was granted and that are not being deleted yet. */
function stillDisrupted(
  { status }: Budget,
  pods: readonly v1.Pod[],
  now: number,
): { disruptedPods: Record<string, string>; recheckMs: number | undefined } {
  const disruptedPods: Record<string, string> = {};
  let recheckMs: number | undefined;
  for (const { metadata } of pods) {
    const granted = status?.disruptedPods?.[metadata.name!];
    if (granted === undefined || metadata.deletionTimestamp !== undefined) continue;
    const leftMs = (timeOf(granted) ?? 0) + deletionTimeoutMs - now;
    if (leftMs <= 0) continue;
    disruptedPods[metadata.name!] = granted;
    recheckMs = Math.min(recheckMs ?? leftMs, leftMs);
  }
  return { disruptedPods, recheckMs };
}

function withCondition(
  { status }: Budget,
  now: number,
  verdict: Pick<metav1.Condition, 'status' | 'reason' | 'message' | 'observedGeneration'>,
): metav1.Condition[] {
  const type = 'DisruptionAllowed';
  const before = status?.conditions?.find((condition) => condition.type === type);
  const others = (status?.conditions ?? []).filter((condition) => condition.type !== type);
  const lastTransitionTime = before?.status === verdict.status ? before.lastTransitionTime : formatTime(now);
  return [...others, { type, ...verdict, lastTransitionTime }];
}
