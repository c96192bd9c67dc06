// Generated from: Go type declarations of Kubernetes v1.35.7.
// By: node src/api/generate/main.ts --facts FILE. Do not edit.

import type { KubernetesList, KubernetesObject } from '../object.ts';
import type * as v1 from './core-v1.ts';

export interface PriorityClass extends KubernetesObject {
  apiVersion: 'scheduling.k8s.io/v1';
  kind: 'PriorityClass';
  value: number;
  globalDefault?: boolean;
  description?: string;
  preemptionPolicy?: v1.PreemptionPolicy;
}

export interface PriorityClassList extends KubernetesList<PriorityClass> { apiVersion: 'scheduling.k8s.io/v1'; kind: 'PriorityClassList' }
