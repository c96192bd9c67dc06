import { formatTime, type v1 } from '../api/index.ts';
import { isSidecar } from './pod-view.ts';

/** Conditions that the kubelet owns; all others of a pod are kept as they are. */
export const ownedConditions: ReadonlySet<string> = new Set([
  'PodReadyToStartContainers',
  'Initialized',
  'Ready',
  'ContainersReady',
  'PodScheduled',
]);

export interface ConditionInput {
  pod: v1.Pod;
  phase: v1.PodPhase;
  init: readonly v1.ContainerStatus[];
  regular: readonly v1.ContainerStatus[];
  hasSandbox: boolean;
  previous: readonly v1.PodCondition[];
  nowMs: number;
}

type Verdict = Pick<v1.PodCondition, 'status' | 'reason' | 'message'>;

/** All conditions of a pod, in the kubelet's order. A time of transition moves only with the status. Pure. */
export function podConditions(input: ConditionInput): v1.PodCondition[] {
  const foreign = (input.pod.status?.conditions ?? []).filter(({ type }) => !ownedConditions.has(type));
  const ready = containersReady(input);
  const verdicts: [v1.PodConditionType, Verdict][] = [
    ['PodReadyToStartContainers', { status: input.hasSandbox ? 'True' : 'False' }],
    ['Initialized', initialized(input)],
    ['Ready', podReady(input, ready, foreign)],
    ['ContainersReady', ready],
    ['PodScheduled', { status: 'True' }],
  ];
  return [...foreign, ...verdicts.map(([type, verdict]) => condition(type, verdict, input))];
}

function condition(type: v1.PodConditionType, verdict: Verdict, input: ConditionInput): v1.PodCondition {
  const before = input.previous.find((other) => other.type === type);
  const lastTransitionTime =
    before?.status === verdict.status && before.lastTransitionTime
      ? before.lastTransitionTime
      : formatTime(input.nowMs);
  const { generation } = input.pod.metadata;
  return {
    type,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    ...verdict,
    lastTransitionTime,
  };
}

function containersReady({ pod, phase, init, regular }: ConditionInput): Verdict {
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' };
  const sidecars = (pod.spec?.initContainers ?? []).filter(isSidecar).map(({ name }) => name);
  const counted = [...init.filter(({ name }) => sidecars.includes(name)), ...regular];
  const unready = counted.filter(({ ready }) => !ready).map(({ name }) => name);
  if (unready.length === 0) return { status: 'True' };
  return {
    status: 'False',
    reason: 'ContainersNotReady',
    message: `containers with unready status: [${unready.join(' ')}]`,
  };
}

function podReady({ pod }: ConditionInput, containers: Verdict, foreign: readonly v1.PodCondition[]): Verdict {
  if (containers.status !== 'True') return containers;
  const problems = (pod.spec?.readinessGates ?? []).flatMap(({ conditionType }) => {
    const gate = foreign.find(({ type }) => type === conditionType);
    if (!gate) return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    if (gate.status === 'True') return [];
    return [`the status of pod readiness gate "${conditionType}" is not "True", but ${gate.status}`];
  });
  if (problems.length === 0) return { status: 'True' };
  return { status: 'False', reason: 'ReadinessGatesNotReady', message: problems.join(', ') };
}

function initialized({ pod, phase, init, regular }: ConditionInput): Verdict {
  if (phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' };
  if (regular.some(hasStarted)) return { status: 'True' };
  const incomplete = (pod.spec?.initContainers ?? [])
    .filter((container) => {
      const status = init.find(({ name }) => name === container.name);
      return isSidecar(container) ? !status?.started : !status?.ready;
    })
    .map(({ name }) => name);
  if (incomplete.length === 0) return { status: 'True' };
  return {
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: `containers with incomplete status: [${incomplete.join(' ')}]`,
  };
}

function hasStarted({ state, lastState }: v1.ContainerStatus): boolean {
  return Boolean(state?.running ?? state?.terminated ?? lastState?.terminated);
}
