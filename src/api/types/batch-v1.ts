// Generated from: Go type declarations of Kubernetes v1.35.7.
// By: node src/api/generate/main.ts --facts FILE. Do not edit.

import type { KubernetesList, KubernetesObject } from '../object.ts';
import type * as metav1 from './meta-v1.ts';
import type * as v1 from './core-v1.ts';

export type CompletionMode = 'NonIndexed' | 'Indexed';

export type ConcurrencyPolicy = 'Allow' | 'Forbid' | 'Replace';

export type JobConditionType = 'Suspended' | 'Complete' | 'Failed' | 'FailureTarget' | 'SuccessCriteriaMet' | (string & {});

export type PodFailurePolicyAction = 'FailJob' | 'FailIndex' | 'Ignore' | 'Count';

export type PodFailurePolicyOnExitCodesOperator = 'In' | 'NotIn';

export type PodReplacementPolicy = 'TerminatingOrFailed' | 'Failed';

export interface CronJob extends KubernetesObject {
  apiVersion: 'batch/v1';
  kind: 'CronJob';
  spec?: CronJobSpec;
  status?: CronJobStatus;
}

export interface CronJobList extends KubernetesList<CronJob> { apiVersion: 'batch/v1'; kind: 'CronJobList' }

export interface CronJobSpec {
  schedule: string;
  startingDeadlineSeconds?: number;
  concurrencyPolicy?: ConcurrencyPolicy;
  suspend?: boolean;
  jobTemplate: JobTemplateSpec;
  successfulJobsHistoryLimit?: number;
  failedJobsHistoryLimit?: number;
  timeZone?: string;
}

export interface CronJobStatus {
  active?: v1.ObjectReference[];
  lastScheduleTime?: metav1.Time;
  lastSuccessfulTime?: metav1.Time;
}

export interface Job extends KubernetesObject {
  apiVersion: 'batch/v1';
  kind: 'Job';
  spec?: JobSpec;
  status?: JobStatus;
}

export interface JobCondition {
  type: JobConditionType;
  status: v1.ConditionStatus;
  lastProbeTime?: metav1.Time;
  lastTransitionTime?: metav1.Time;
  reason?: string;
  message?: string;
}

export interface JobList extends KubernetesList<Job> { apiVersion: 'batch/v1'; kind: 'JobList' }

export interface JobSpec {
  parallelism?: number;
  completions?: number;
  activeDeadlineSeconds?: number;
  selector?: metav1.LabelSelector;
  manualSelector?: boolean;
  template: v1.PodTemplateSpec;
  backoffLimit?: number;
  ttlSecondsAfterFinished?: number;
  completionMode?: CompletionMode;
  suspend?: boolean;
  podFailurePolicy?: PodFailurePolicy;
  backoffLimitPerIndex?: number;
  maxFailedIndexes?: number;
  podReplacementPolicy?: PodReplacementPolicy;
  managedBy?: string;
  successPolicy?: SuccessPolicy;
}

export interface JobStatus {
  conditions?: JobCondition[];
  startTime?: metav1.Time;
  completionTime?: metav1.Time;
  active?: number;
  succeeded?: number;
  failed?: number;
  completedIndexes?: string;
  uncountedTerminatedPods?: UncountedTerminatedPods;
  ready?: number;
  failedIndexes?: string;
  terminating?: number;
}

export interface JobTemplateSpec {
  metadata?: metav1.ObjectMeta;
  spec?: JobSpec;
}

export interface PodFailurePolicy {
  rules: PodFailurePolicyRule[];
}

export interface PodFailurePolicyOnExitCodesRequirement {
  containerName?: string;
  operator: PodFailurePolicyOnExitCodesOperator;
  values: number[];
}

export interface PodFailurePolicyOnPodConditionsPattern {
  type: v1.PodConditionType;
  status?: v1.ConditionStatus;
}

export interface PodFailurePolicyRule {
  action: PodFailurePolicyAction;
  onExitCodes?: PodFailurePolicyOnExitCodesRequirement;
  onPodConditions?: PodFailurePolicyOnPodConditionsPattern[];
}

export interface SuccessPolicy {
  rules: SuccessPolicyRule[];
}

export interface SuccessPolicyRule {
  succeededIndexes?: string;
  succeededCount?: number;
}

export interface UncountedTerminatedPods {
  succeeded?: string[];
  failed?: string[];
}
