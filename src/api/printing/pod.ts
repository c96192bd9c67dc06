import { ageSince, parseTime } from '../time.ts';
import type { v1 } from '../types/index.ts';
import { age, ageColumn, column, hasCondition, nameColumn, nameOf, orNone, printer, wide } from './printer.ts';
import type { RowCondition } from './table.ts';

const completed = (reason: string, message: string): readonly RowCondition[] => [
  { type: 'Completed', status: 'True', reason, message },
];
const succeeded = completed('Succeeded', 'The pod has completed successfully.');
const failed = completed('Failed', 'The pod failed.');

export const podPrinter = printer<v1.Pod>(
  [
    nameColumn,
    column('Ready', 'Containers that are ready, of all.'),
    column('Status', 'What the pod is doing, summed up from its containers.'),
    column('Restarts', 'How often its containers were restarted, and when last.'),
    ageColumn,
    wide('IP', 'Address of the pod.'),
    wide('Node', 'Node that it is bound to.'),
    wide('Nominated Node', 'Node on which room is being made for it.'),
    wide('Readiness Gates', 'Conditions asked for that are true, of all.'),
  ],
  (pod, now) => {
    const { ready, total, reason, restarts, lastRestart } = summarize(pod);
    const ago = restarts > 0 && lastRestart !== '' ? ` (${ageSince(lastRestart, now)} ago)` : '';
    return [
      nameOf(pod),
      `${ready}/${total}`,
      reason,
      `${restarts}${ago}`,
      age(pod, now),
      orNone(pod.status?.podIPs?.[0]?.ip ?? pod.status?.podIP),
      orNone(pod.spec?.nodeName),
      orNone(pod.status?.nominatedNodeName),
      readinessGates(pod),
    ];
  },
  (pod) => (pod.status?.phase === 'Succeeded' ? succeeded : pod.status?.phase === 'Failed' ? failed : undefined),
);

interface Summary {
  ready: number;
  total: number;
  reason: string;
  restarts: number;
  /** Time at which the container that was restarted last had ended; '' if none was. */
  lastRestart: string;
}

/** The same sums as `kubectl get pods` of a Kubernetes cluster shows. */
function summarize(pod: v1.Pod): Summary {
  const { spec, status } = pod;
  const sidecars = new Set(
    spec?.initContainers?.filter(({ restartPolicy }) => restartPolicy === 'Always').map(({ name }) => name),
  );
  const summary: Summary = {
    ready: 0,
    total: (spec?.containers?.length ?? 0) + sidecars.size,
    reason: status?.reason || (status?.phase ?? ''),
    restarts: 0,
    lastRestart: '',
  };
  if (status?.conditions?.some(({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated')) {
    summary.reason = 'SchedulingGated';
  }
  const initializing = addInitContainers(pod, sidecars, summary);
  if (!initializing || hasCondition(status?.conditions, 'Initialized')) addContainers(pod, sidecars, summary);
  if (pod.metadata.deletionTimestamp) {
    if (status?.reason === 'NodeLost') summary.reason = 'Unknown';
    else if (status?.phase !== 'Succeeded' && status?.phase !== 'Failed') summary.reason = 'Terminating';
  }
  return summary;
}

/** Adds init containers up to the first that isn't done; true if there is one. */
function addInitContainers(pod: v1.Pod, sidecars: ReadonlySet<string>, summary: Summary): boolean {
  const statuses = pod.status?.initContainerStatuses ?? [];
  for (const [index, container] of statuses.entries()) {
    addRestarts(container, summary);
    const { terminated, waiting } = container.state ?? {};
    if (terminated?.exitCode === 0) continue;
    if (sidecars.has(container.name) && container.started) {
      if (container.ready) summary.ready++;
      continue;
    }
    if (terminated) summary.reason = `Init:${endText(terminated)}`;
    else if (waiting?.reason && waiting.reason !== 'PodInitializing') summary.reason = `Init:${waiting.reason}`;
    else summary.reason = `Init:${index}/${pod.spec?.initContainers?.length ?? 0}`;
    return true;
  }
  return false;
}

/** Adds the main containers. What ordinary init containers counted is dropped: they are history by now. */
function addContainers(pod: v1.Pod, sidecars: ReadonlySet<string>, summary: Summary): void {
  summary.restarts = 0;
  summary.lastRestart = '';
  for (const container of pod.status?.initContainerStatuses ?? []) {
    if (sidecars.has(container.name)) addRestarts(container, summary);
  }
  let running = false;
  let errorReason = '';
  for (const container of (pod.status?.containerStatuses ?? []).toReversed()) {
    addRestarts(container, summary);
    const { waiting, terminated, running: run } = container.state ?? {};
    if (waiting?.reason) summary.reason = waiting.reason;
    else if (terminated) {
      summary.reason = endText(terminated);
      if (terminated.exitCode !== 0) errorReason = summary.reason;
    } else if (container.ready && run) {
      running = true;
      summary.ready++;
    }
  }
  if (summary.reason !== 'Completed') return;
  if (running && hasCondition(pod.status?.conditions, 'Ready')) summary.reason = 'Running';
  else if (errorReason !== '') summary.reason = errorReason;
  else if (running) summary.reason = 'NotReady';
}

function addRestarts({ restartCount, lastState }: v1.ContainerStatus, summary: Summary): void {
  summary.restarts += restartCount ?? 0;
  const ended = lastState?.terminated?.finishedAt;
  if (ended && (parseTime(ended) ?? 0) > (parseTime(summary.lastRestart) ?? 0)) summary.lastRestart = ended;
}

function endText({ reason, signal, exitCode }: v1.ContainerStateTerminated): string {
  if (reason) return reason;
  return signal ? `Signal:${signal}` : `ExitCode:${exitCode}`;
}

function readinessGates({ spec, status }: v1.Pod): string {
  const gates = spec?.readinessGates ?? [];
  if (gates.length === 0) return '<none>';
  return `${gates.filter(({ conditionType }) => hasCondition(status?.conditions, conditionType)).length}/${gates.length}`;
}
