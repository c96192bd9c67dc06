// Generated from: Go type declarations of Kubernetes v1.35.7.
// By: node src/api/generate/main.ts --facts FILE. Do not edit.

import type { KubernetesList, KubernetesObject } from '../object.ts';
import type * as metav1 from './meta-v1.ts';

export type CoordinatedLeaseStrategy = 'OldestEmulationVersion' | (string & {});

export interface Lease extends KubernetesObject {
  apiVersion: 'coordination.k8s.io/v1';
  kind: 'Lease';
  spec?: LeaseSpec;
}

export interface LeaseList extends KubernetesList<Lease> { apiVersion: 'coordination.k8s.io/v1'; kind: 'LeaseList' }

export interface LeaseSpec {
  holderIdentity?: string;
  leaseDurationSeconds?: number;
  acquireTime?: metav1.MicroTime;
  renewTime?: metav1.MicroTime;
  leaseTransitions?: number;
  strategy?: CoordinatedLeaseStrategy;
  preferredHolder?: string;
}
