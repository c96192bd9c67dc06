// Generated from: Go type declarations of Kubernetes v1.35.7.
// By: node src/api/generate/main.ts --facts FILE. Do not edit.

import type { KubernetesList, KubernetesObject } from '../object.ts';
import type * as metav1 from './meta-v1.ts';
import type * as v1 from './core-v1.ts';

export type DaemonSetUpdateStrategyType = 'RollingUpdate' | 'OnDelete';

export type DeploymentConditionType = 'Available' | 'Progressing' | 'ReplicaFailure' | (string & {});

export type DeploymentStrategyType = 'Recreate' | 'RollingUpdate';

export type PersistentVolumeClaimRetentionPolicyType = 'Retain' | 'Delete' | (string & {});

export type PodManagementPolicyType = 'OrderedReady' | 'Parallel';

export type ReplicaSetConditionType = 'ReplicaFailure' | (string & {});

export type StatefulSetUpdateStrategyType = 'RollingUpdate' | 'OnDelete';

export type DaemonSetConditionType = string;

export type StatefulSetConditionType = string;

export interface ControllerRevision extends KubernetesObject {
  apiVersion: 'apps/v1';
  kind: 'ControllerRevision';
  data?: unknown;
  revision: number;
}

export interface ControllerRevisionList extends KubernetesList<ControllerRevision> { apiVersion: 'apps/v1'; kind: 'ControllerRevisionList' }

export interface DaemonSet extends KubernetesObject {
  apiVersion: 'apps/v1';
  kind: 'DaemonSet';
  spec?: DaemonSetSpec;
  status?: DaemonSetStatus;
}

export interface DaemonSetCondition {
  type: string;
  status: v1.ConditionStatus;
  lastTransitionTime?: metav1.Time;
  reason?: string;
  message?: string;
}

export interface DaemonSetList extends KubernetesList<DaemonSet> { apiVersion: 'apps/v1'; kind: 'DaemonSetList' }

export interface DaemonSetSpec {
  selector: metav1.LabelSelector;
  template: v1.PodTemplateSpec;
  updateStrategy?: DaemonSetUpdateStrategy;
  minReadySeconds?: number;
  revisionHistoryLimit?: number;
}

export interface DaemonSetStatus {
  currentNumberScheduled: number;
  numberMisscheduled: number;
  desiredNumberScheduled: number;
  numberReady: number;
  observedGeneration?: number;
  updatedNumberScheduled?: number;
  numberAvailable?: number;
  numberUnavailable?: number;
  collisionCount?: number;
  conditions?: DaemonSetCondition[];
}

export interface DaemonSetUpdateStrategy {
  type?: DaemonSetUpdateStrategyType;
  rollingUpdate?: RollingUpdateDaemonSet;
}

export interface Deployment extends KubernetesObject {
  apiVersion: 'apps/v1';
  kind: 'Deployment';
  spec?: DeploymentSpec;
  status?: DeploymentStatus;
}

export interface DeploymentCondition {
  type: DeploymentConditionType;
  status: v1.ConditionStatus;
  reason?: string;
  message?: string;
  lastUpdateTime?: metav1.Time;
  lastTransitionTime?: metav1.Time;
}

export interface DeploymentList extends KubernetesList<Deployment> { apiVersion: 'apps/v1'; kind: 'DeploymentList' }

export interface DeploymentSpec {
  replicas?: number;
  selector: metav1.LabelSelector;
  template: v1.PodTemplateSpec;
  strategy?: DeploymentStrategy;
  minReadySeconds?: number;
  revisionHistoryLimit?: number;
  paused?: boolean;
  progressDeadlineSeconds?: number;
}

export interface DeploymentStatus {
  observedGeneration?: number;
  replicas?: number;
  updatedReplicas?: number;
  availableReplicas?: number;
  unavailableReplicas?: number;
  conditions?: DeploymentCondition[];
  readyReplicas?: number;
  collisionCount?: number;
  terminatingReplicas?: number;
}

export interface DeploymentStrategy {
  type?: DeploymentStrategyType;
  rollingUpdate?: RollingUpdateDeployment;
}

export interface ReplicaSet extends KubernetesObject {
  apiVersion: 'apps/v1';
  kind: 'ReplicaSet';
  spec?: ReplicaSetSpec;
  status?: ReplicaSetStatus;
}

export interface ReplicaSetCondition {
  type: ReplicaSetConditionType;
  status: v1.ConditionStatus;
  lastTransitionTime?: metav1.Time;
  reason?: string;
  message?: string;
}

export interface ReplicaSetList extends KubernetesList<ReplicaSet> { apiVersion: 'apps/v1'; kind: 'ReplicaSetList' }

export interface ReplicaSetSpec {
  replicas?: number;
  selector: metav1.LabelSelector;
  template?: v1.PodTemplateSpec;
  minReadySeconds?: number;
}

export interface ReplicaSetStatus {
  replicas: number;
  fullyLabeledReplicas?: number;
  observedGeneration?: number;
  readyReplicas?: number;
  availableReplicas?: number;
  conditions?: ReplicaSetCondition[];
  terminatingReplicas?: number;
}

export interface RollingUpdateDaemonSet {
  maxUnavailable?: metav1.IntOrString;
  maxSurge?: metav1.IntOrString;
}

export interface RollingUpdateDeployment {
  maxUnavailable?: metav1.IntOrString;
  maxSurge?: metav1.IntOrString;
}

export interface RollingUpdateStatefulSetStrategy {
  partition?: number;
  maxUnavailable?: metav1.IntOrString;
}

export interface StatefulSet extends KubernetesObject {
  apiVersion: 'apps/v1';
  kind: 'StatefulSet';
  spec?: StatefulSetSpec;
  status?: StatefulSetStatus;
}

export interface StatefulSetCondition {
  type: string;
  status: v1.ConditionStatus;
  lastTransitionTime?: metav1.Time;
  reason?: string;
  message?: string;
}

export interface StatefulSetList extends KubernetesList<StatefulSet> { apiVersion: 'apps/v1'; kind: 'StatefulSetList' }

export interface StatefulSetOrdinals {
  start?: number;
}

export interface StatefulSetPersistentVolumeClaimRetentionPolicy {
  whenDeleted?: PersistentVolumeClaimRetentionPolicyType;
  whenScaled?: PersistentVolumeClaimRetentionPolicyType;
}

export interface StatefulSetSpec {
  replicas?: number;
  selector: metav1.LabelSelector;
  template: v1.PodTemplateSpec;
  volumeClaimTemplates?: v1.PersistentVolumeClaim[];
  serviceName?: string;
  podManagementPolicy?: PodManagementPolicyType;
  updateStrategy?: StatefulSetUpdateStrategy;
  revisionHistoryLimit?: number;
  minReadySeconds?: number;
  persistentVolumeClaimRetentionPolicy?: StatefulSetPersistentVolumeClaimRetentionPolicy;
  ordinals?: StatefulSetOrdinals;
}

export interface StatefulSetStatus {
  observedGeneration?: number;
  replicas: number;
  readyReplicas?: number;
  currentReplicas?: number;
  updatedReplicas?: number;
  currentRevision?: string;
  updateRevision?: string;
  collisionCount?: number;
  conditions?: StatefulSetCondition[];
  availableReplicas?: number;
}

export interface StatefulSetUpdateStrategy {
  type?: StatefulSetUpdateStrategyType;
  rollingUpdate?: RollingUpdateStatefulSetStrategy;
}
