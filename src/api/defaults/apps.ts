import { isPlainObject, type PlainObject } from '../plain.ts';
import { constants, fill, isUnset, objectIn, objectsIn, type Rule } from './rule.ts';

/** Rules of apps, batch and autoscaling. */
export const appRules: Readonly<Record<string, Rule>> = {
  'apps/v1/DeploymentSpec': (spec) => {
    fill(spec, { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 });
    rolling(objectIn(spec, 'strategy'), { maxUnavailable: '25%', maxSurge: '25%' });
  },
  'apps/v1/ReplicaSetSpec': constants({ replicas: 1 }),
  'apps/v1/DaemonSetSpec': (spec) => {
    fill(spec, { revisionHistoryLimit: 10 });
    rolling(objectIn(spec, 'updateStrategy'), { maxUnavailable: 1, maxSurge: 0 });
  },
  'apps/v1/StatefulSetSpec': (spec) => {
    fill(spec, { podManagementPolicy: 'OrderedReady', replicas: 1, revisionHistoryLimit: 10 });
    const strategy = objectIn(spec, 'updateStrategy');
    if (isUnset(strategy['type'])) rolling(strategy, {});
    const update = strategy['rollingUpdate'];
    if (strategy['type'] === 'RollingUpdate' && isPlainObject(update)) fill(update, { partition: 0 });
    fill(objectIn(spec, 'persistentVolumeClaimRetentionPolicy'), { whenDeleted: 'Retain', whenScaled: 'Retain' });
    // For who looks at it without knowing its kind.
    for (const claim of objectsIn(spec, 'volumeClaimTemplates')) {
      Object.assign(claim, { apiVersion: 'v1', kind: 'PersistentVolumeClaim' });
    }
  },
  'batch/v1/Job': (job) => {
    const spec = objectIn(job, 'spec');
    if (spec['parallelism'] === undefined) fill(spec, { completions: 1 });
    const failurePolicy = spec['podFailurePolicy'];
    fill(spec, {
      parallelism: 1,
      backoffLimit: spec['backoffLimitPerIndex'] === undefined ? 6 : 2 ** 31 - 1,
      completionMode: 'NonIndexed',
      suspend: false,
      manualSelector: false,
      podReplacementPolicy: failurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed',
    });
    const labels = objectIn(objectIn(spec, 'template'), 'metadata')['labels'];
    if (isPlainObject(labels)) objectIn(job, 'metadata')['labels'] ??= { ...labels };
  },
  'batch/v1/PodFailurePolicyOnPodConditionsPattern': constants({ status: 'True' }),
  'batch/v1/CronJobSpec': constants({
    concurrencyPolicy: 'Allow',
    suspend: false,
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 1,
  }),
  'autoscaling/v1/HorizontalPodAutoscalerSpec': constants({ minReplicas: 1 }),
  'autoscaling/v2/HorizontalPodAutoscalerSpec': (spec) => {
    fill(spec, { minReplicas: 1 });
    if (objectsIn(spec, 'metrics').length > 0) return;
    const target = { type: 'Utilization', averageUtilization: 80 };
    spec['metrics'] = [{ type: 'Resource', resource: { name: 'cpu', target } }];
  },
  'autoscaling/v2/HorizontalPodAutoscalerBehavior': (behavior) => {
    const percent = { type: 'Percent', value: 100, periodSeconds: 15 };
    const up = objectIn(behavior, 'scaleUp');
    fill(up, {
      stabilizationWindowSeconds: 0,
      selectPolicy: 'Max',
      policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }, percent],
    });
    fill(objectIn(behavior, 'scaleDown'), { selectPolicy: 'Max', policies: [{ ...percent }] });
  },
};

/** Completes a strategy whose type is, or by default becomes, RollingUpdate. */
function rolling(strategy: PlainObject, values: Readonly<Record<string, string | number>>): void {
  fill(strategy, { type: 'RollingUpdate' });
  if (strategy['type'] === 'RollingUpdate') fill(objectIn(strategy, 'rollingUpdate'), values);
}
