// Generated from: Go type declarations of Kubernetes v1.35.7.
// By: node src/api/generate/main.ts --facts FILE. Do not edit.

import type { KubernetesList, KubernetesObject } from '../object.ts';
import type * as metav1 from './meta-v1.ts';

export interface AggregationRule {
  clusterRoleSelectors?: metav1.LabelSelector[];
}

export interface ClusterRole extends KubernetesObject {
  apiVersion: 'rbac.authorization.k8s.io/v1';
  kind: 'ClusterRole';
  rules?: PolicyRule[];
  aggregationRule?: AggregationRule;
}

export interface ClusterRoleBinding extends KubernetesObject {
  apiVersion: 'rbac.authorization.k8s.io/v1';
  kind: 'ClusterRoleBinding';
  subjects?: Subject[];
  roleRef: RoleRef;
}

export interface ClusterRoleBindingList extends KubernetesList<ClusterRoleBinding> { apiVersion: 'rbac.authorization.k8s.io/v1'; kind: 'ClusterRoleBindingList' }

export interface ClusterRoleList extends KubernetesList<ClusterRole> { apiVersion: 'rbac.authorization.k8s.io/v1'; kind: 'ClusterRoleList' }

export interface PolicyRule {
  verbs: string[];
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  nonResourceURLs?: string[];
}

export interface Role extends KubernetesObject {
  apiVersion: 'rbac.authorization.k8s.io/v1';
  kind: 'Role';
  rules?: PolicyRule[];
}

export interface RoleBinding extends KubernetesObject {
  apiVersion: 'rbac.authorization.k8s.io/v1';
  kind: 'RoleBinding';
  subjects?: Subject[];
  roleRef: RoleRef;
}

export interface RoleBindingList extends KubernetesList<RoleBinding> { apiVersion: 'rbac.authorization.k8s.io/v1'; kind: 'RoleBindingList' }

export interface RoleList extends KubernetesList<Role> { apiVersion: 'rbac.authorization.k8s.io/v1'; kind: 'RoleList' }

export interface RoleRef {
  apiGroup: string;
  kind: string;
  name: string;
}

export interface Subject {
  kind: string;
  apiGroup?: string;
  name: string;
  namespace?: string;
}
