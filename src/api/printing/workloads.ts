import { ageSince, humanDuration, parseTime } from '../time.ts';
import type { appsv1, autoscalingv1, autoscalingv2, batchv1, policyv1, v1 } from '../types/index.ts';
import {
  age,
  ageColumn,
  column,
  firstOf,
  hasCondition,
  labelsText,
  nameColumn,
  nameOf,
  orNone,
  orUnset,
  type Printer,
  printer,
  selectorColumn,
  selectorText,
  templateCells,
  templateColumns,
} from './printer.ts';

const replicaColumns = [
  nameColumn,
  column('Desired', 'Pods asked for.', 'integer'),
  column('Current', 'Pods that there are.', 'integer'),
  column('Ready', 'Pods that are ready.', 'integer'),
  ageColumn,
  ...templateColumns,
  selectorColumn,
];

/** Printers of what runs pods, by kind and group. */
export const workloadPrinters: Readonly<Record<string, Printer>> = {
  'Deployment.apps': printer<appsv1.Deployment>(
    [
      nameColumn,
      column('Ready', 'Pods that are ready, of those asked for.'),
      column('Up-to-date', 'Pods of the newest template.'),
      column('Available', 'Pods that have been ready for long enough.'),
      ageColumn,
      ...templateColumns,
      selectorColumn,
    ],
    (deployment, now) => {
      const { spec, status } = deployment;
      return [
        nameOf(deployment),
        `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
        status?.updatedReplicas ?? 0,
        status?.availableReplicas ?? 0,
        age(deployment, now),
        ...templateCells(spec?.template),
        selectorText(spec?.selector),
      ];
    },
  ),
  'ReplicaSet.apps': printer<appsv1.ReplicaSet>(replicaColumns, (set, now) => [
    nameOf(set),
    set.spec?.replicas ?? 0,
    set.status?.replicas ?? 0,
    set.status?.readyReplicas ?? 0,
    age(set, now),
    ...templateCells(set.spec?.template),
    selectorText(set.spec?.selector),
  ]),
  ReplicationController: printer<v1.ReplicationController>(replicaColumns, (controller, now) => [
    nameOf(controller),
    controller.spec?.replicas ?? 0,
    controller.status?.replicas ?? 0,
    controller.status?.readyReplicas ?? 0,
    age(controller, now),
    ...templateCells(controller.spec?.template),
    labelsText(controller.spec?.selector),
  ]),
  'StatefulSet.apps': printer<appsv1.StatefulSet>(
    [nameColumn, column('Ready', 'Pods that are ready, of those asked for.'), ageColumn, ...templateColumns],
    (set, now) => [
      nameOf(set),
      `${set.status?.readyReplicas ?? 0}/${set.spec?.replicas ?? 0}`,
      age(set, now),
      ...templateCells(set.spec?.template),
    ],
  ),
  'DaemonSet.apps': printer<appsv1.DaemonSet>(
    [
      nameColumn,
      column('Desired', 'Nodes that should run a pod.', 'integer'),
      column('Current', 'Nodes that run at least one.', 'integer'),
      column('Ready', 'Nodes whose pod is ready.', 'integer'),
      column('Up-to-date', 'Nodes whose pod is of the newest template.', 'integer'),
      column('Available', 'Nodes whose pod has been ready for long enough.', 'integer'),
      column('Node Selector', 'Labels of the nodes that it runs on.'),
      ageColumn,
      ...templateColumns,
      selectorColumn,
    ],
    (set, now) => [
      nameOf(set),
      set.status?.desiredNumberScheduled ?? 0,
      set.status?.currentNumberScheduled ?? 0,
      set.status?.numberReady ?? 0,
      set.status?.updatedNumberScheduled ?? 0,
      set.status?.numberAvailable ?? 0,
      labelsText(set.spec?.template?.spec?.nodeSelector),
      age(set, now),
      ...templateCells(set.spec?.template),
      selectorText(set.spec?.selector),
    ],
  ),
  'Job.batch': printer<batchv1.Job>(
    [
      nameColumn,
      column('Status', 'What the job is doing.'),
      column('Completions', 'Pods that succeeded, of those asked for.'),
      column('Duration', 'How long it ran, or has been running.'),
      ageColumn,
      ...templateColumns,
      selectorColumn,
    ],
    (job, now) => [
      nameOf(job),
      jobStatus(job),
      completions(job),
      jobDuration(job, now),
      age(job, now),
      ...templateCells(job.spec?.template),
      selectorText(job.spec?.selector),
    ],
  ),
  'CronJob.batch': printer<batchv1.CronJob>(
    [
      nameColumn,
      column('Schedule', 'When it runs, in cron format.'),
      column('Timezone', 'Time zone of the schedule.'),
      column('Suspend', 'Whether it starts no more jobs for now.', 'boolean'),
      column('Active', 'Jobs that are running.', 'integer'),
      column('Last Schedule', 'How long ago a job was last due.'),
      ageColumn,
      ...templateColumns,
      selectorColumn,
    ],
    (cronJob, now) => {
      const { spec, status } = cronJob;
      return [
        nameOf(cronJob),
        spec?.schedule ?? '',
        orNone(spec?.timeZone),
        spec?.suspend === undefined ? '<unset>' : spec.suspend ? 'True' : 'False',
        status?.active?.length ?? 0,
        status?.lastScheduleTime ? ageSince(status.lastScheduleTime, now) : '<none>',
        age(cronJob, now),
        ...templateCells(spec?.jobTemplate?.spec?.template),
        selectorText(spec?.jobTemplate?.spec?.selector),
      ];
    },
  ),
  'HorizontalPodAutoscaler.autoscaling': printer<autoscalingv2.HorizontalPodAutoscaler>(
    [
      nameColumn,
      column('Reference', 'What is scaled.'),
      column('Targets', 'Measured values, and those aimed at.'),
      column('MinPods', 'Fewest pods.'),
      column('MaxPods', 'Most pods.'),
      column('Replicas', 'Pods that there are.'),
      ageColumn,
    ],
    (autoscaler, now) => {
      const { spec, status } = autoscaler;
      return [
        nameOf(autoscaler),
        `${spec?.scaleTargetRef.kind}/${spec?.scaleTargetRef.name}`,
        metricsText(spec?.metrics ?? [], status?.currentMetrics ?? []),
        orUnset(spec?.minReplicas?.toString()),
        spec?.maxReplicas ?? 0,
        status?.currentReplicas ?? 0,
        age(autoscaler, now),
      ];
    },
  ),
  'PodDisruptionBudget.policy': printer<policyv1.PodDisruptionBudget>(
    [
      nameColumn,
      column('Min Available', 'Fewest pods that must stay available.'),
      column('Max Unavailable', 'Most pods that may be unavailable.'),
      column('Allowed Disruptions', 'Pods that may be disrupted now.', 'integer'),
      ageColumn,
    ],
    (budget, now) => [
      nameOf(budget),
      String(budget.spec?.minAvailable ?? 'N/A'),
      String(budget.spec?.maxUnavailable ?? 'N/A'),
      budget.status?.disruptionsAllowed ?? 0,
      age(budget, now),
    ],
  ),
  'Scale.autoscaling': printer<autoscalingv1.Scale>(
    [
      nameColumn,
      column('Desired', 'Pods asked for.', 'integer'),
      column('Available', 'Pods that there are.', 'integer'),
      ageColumn,
    ],
    (scale, now) => [nameOf(scale), scale.spec?.replicas ?? 0, scale.status?.replicas ?? 0, age(scale, now)],
  ),
  PodTemplate: printer<v1.PodTemplate>(
    [
      nameColumn,
      column('Containers', 'Names of the containers in the template.'),
      column('Images', 'Images of the containers in the template.'),
      column('Pod Labels', 'Labels of the template.'),
    ],
    (object) => [nameOf(object), ...templateCells(object.template), labelsText(object.template?.metadata?.labels)],
  ),
  'ControllerRevision.apps': printer<appsv1.ControllerRevision>(
    [nameColumn, column('Controller', 'What it is a revision of.'), column('Revision', 'Its number.'), ageColumn],
    (revision, now) => {
      const owner = revision.metadata.ownerReferences?.find(({ controller }) => controller);
      const group = owner?.apiVersion.includes('/') ? `.${owner.apiVersion.split('/')[0]}` : '';
      const text = owner === undefined ? '<none>' : `${owner.kind.toLowerCase()}${group}/${owner.name}`;
      return [nameOf(revision), text, revision.revision ?? 0, age(revision, now)];
    },
  ),
};

const jobStates: readonly [condition: string, text: string][] = [
  ['Complete', 'Complete'],
  ['Failed', 'Failed'],
  ['', 'Terminating'],
  ['Suspended', 'Suspended'],
  ['FailureTarget', 'FailureTarget'],
  ['SuccessCriteriaMet', 'SuccessCriteriaMet'],
];

function jobStatus({ metadata, status }: batchv1.Job): string {
  for (const [condition, text] of jobStates) {
    if (condition === '' ? metadata.deletionTimestamp : hasCondition(status?.conditions, condition)) return text;
  }
  return 'Running';
}

function completions({ spec, status }: batchv1.Job): string {
  const done = status?.succeeded ?? 0;
  if (spec?.completions !== undefined) return `${done}/${spec.completions}`;
  const parallelism = spec?.parallelism ?? 0;
  return parallelism > 1 ? `${done}/1 of ${parallelism}` : `${done}/1`;
}

function jobDuration({ status }: batchv1.Job, now: number): string {
  const start = parseTime(status?.startTime ?? '');
  if (start === undefined) return '';
  return humanDuration((parseTime(status?.completionTime ?? '') ?? now) - start);
}

function metricsText(
  specs: readonly autoscalingv2.MetricSpec[],
  statuses: readonly autoscalingv2.MetricStatus[],
): string {
  if (specs.length === 0) return '<none>';
  return firstOf(
    specs.map((spec, index) => metricText(spec, statuses[index])),
    2,
    ', ',
  );
}

function metricText(spec: autoscalingv2.MetricSpec, status: autoscalingv2.MetricStatus | undefined): string {
  switch (spec.type) {
    case 'External':
      return valueText(spec.external?.target, status?.external?.current);
    case 'Object':
      return valueText(spec.object?.target, status?.object?.current);
    case 'Pods':
      return `${status?.pods?.current.averageValue ?? '<unknown>'}/${spec.pods?.target.averageValue ?? ''}`;
    case 'Resource':
      return resourceText(spec.resource, status?.resource);
    case 'ContainerResource':
      return resourceText(spec.containerResource, status?.containerResource);
    default:
      return '<unknown type>';
  }
}

function valueText(
  target: autoscalingv2.MetricTarget | undefined,
  current: autoscalingv2.MetricValueStatus | undefined,
): string {
  if (target?.averageValue !== undefined) return `${current?.averageValue ?? '<unknown>'}/${target.averageValue} (avg)`;
  return `${current?.value ?? '<unknown>'}/${target?.value ?? ''}`;
}

function resourceText(
  source: { name: string; target: autoscalingv2.MetricTarget } | undefined,
  status: { current: autoscalingv2.MetricValueStatus } | undefined,
): string {
  const name = source?.name ?? '';
  const { averageValue, averageUtilization } = source?.target ?? {};
  const current = status?.current;
  if (averageValue !== undefined) return `${name}: ${current?.averageValue ?? '<unknown>'}/${averageValue}`;
  const measured = current?.averageUtilization === undefined ? '<unknown>' : `${current.averageUtilization}%`;
  return `${name}: ${measured}/${averageUtilization === undefined ? '<auto>' : `${averageUtilization}%`}`;
}
