// Generated from: Go type declarations of Kubernetes v1.35.7.
// By: node src/api/generate/main.ts --facts FILE. Do not edit.

import type { KubernetesList, KubernetesObject } from '../object.ts';
import type * as metav1 from './meta-v1.ts';

export type UnhealthyPodEvictionPolicyType = 'IfHealthyBudget' | 'AlwaysAllow';

export interface Eviction extends KubernetesObject {
  apiVersion: 'policy/v1';
  kind: 'Eviction';
  deleteOptions?: metav1.DeleteOptions;
}

export interface PodDisruptionBudget extends KubernetesObject {
  apiVersion: 'policy/v1';
  kind: 'PodDisruptionBudget';
  spec?: PodDisruptionBudgetSpec;
  status?: PodDisruptionBudgetStatus;
}

export interface PodDisruptionBudgetList extends KubernetesList<PodDisruptionBudget> { apiVersion: 'policy/v1'; kind: 'PodDisruptionBudgetList' }

export interface PodDisruptionBudgetSpec {
  minAvailable?: metav1.IntOrString;
  selector?: metav1.LabelSelector;
  maxUnavailable?: metav1.IntOrString;
  unhealthyPodEvictionPolicy?: UnhealthyPodEvictionPolicyType;
}

export interface PodDisruptionBudgetStatus {
  observedGeneration?: number;
  disruptedPods?: Record<string, metav1.Time>;
  disruptionsAllowed: number;
  currentHealthy: number;
  desiredHealthy: number;
  expectedPods: number;
  conditions?: metav1.Condition[];
}
