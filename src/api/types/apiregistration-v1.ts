// Generated from: Go type declarations of Kubernetes v1.35.7.
// By: node src/api/generate/main.ts --facts FILE. Do not edit.

import type { KubernetesList, KubernetesObject } from '../object.ts';
import type * as metav1 from './meta-v1.ts';

export interface ServiceReference {
  namespace?: string;
  name?: string;
  port?: number;
}

export interface APIServiceSpec {
  service?: ServiceReference;
  group?: string;
  version?: string;
  insecureSkipTLSVerify?: boolean;
  caBundle?: metav1.Base64;
  groupPriorityMinimum: number;
  versionPriority: number;
}

export interface APIServiceCondition {
  type: string;
  status: string;
  lastTransitionTime?: metav1.Time;
  reason?: string;
  message?: string;
}

export interface APIServiceStatus {
  conditions?: APIServiceCondition[];
}

export interface APIService extends KubernetesObject {
  apiVersion: 'apiregistration.k8s.io/v1';
  kind: 'APIService';
  spec?: APIServiceSpec;
  status?: APIServiceStatus;
}

export interface APIServiceList extends KubernetesList<APIService> { apiVersion: 'apiregistration.k8s.io/v1'; kind: 'APIServiceList' }
