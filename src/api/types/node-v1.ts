// Generated from: Go type declarations of Kubernetes v1.35.7.
// By: node src/api/generate/main.ts --facts FILE. Do not edit.

import type { KubernetesList, KubernetesObject } from '../object.ts';
import type * as metav1 from './meta-v1.ts';
import type * as v1 from './core-v1.ts';

export interface Overhead {
  podFixed?: Record<string, metav1.Quantity>;
}

export interface RuntimeClass extends KubernetesObject {
  apiVersion: 'node.k8s.io/v1';
  kind: 'RuntimeClass';
  handler: string;
  overhead?: Overhead;
  scheduling?: Scheduling;
}

export interface RuntimeClassList extends KubernetesList<RuntimeClass> { apiVersion: 'node.k8s.io/v1'; kind: 'RuntimeClassList' }

export interface Scheduling {
  nodeSelector?: Record<string, string>;
  tolerations?: v1.Toleration[];
}
