// Generated from: Go type declarations of Kubernetes v1.35.7.
// By: node src/api/generate/main.ts --facts FILE. Do not edit.

import type { KubernetesList, KubernetesObject } from '../object.ts';
import type * as metav1 from './meta-v1.ts';

export type DiscoveryFreshness = 'Current' | 'Stale' | (string & {});

export type ResourceScope = 'Cluster' | 'Namespaced' | (string & {});

export interface APIGroupDiscovery extends KubernetesObject {
  apiVersion: 'apidiscovery.k8s.io/v2';
  kind: 'APIGroupDiscovery';
  versions?: APIVersionDiscovery[];
}

export interface APIGroupDiscoveryList extends KubernetesList<APIGroupDiscovery> { apiVersion: 'apidiscovery.k8s.io/v2'; kind: 'APIGroupDiscoveryList' }

export interface APIResourceDiscovery {
  resource: string;
  responseKind?: metav1.GroupVersionKind;
  scope: ResourceScope;
  singularResource: string;
  verbs: string[];
  shortNames?: string[];
  categories?: string[];
  subresources?: APISubresourceDiscovery[];
}

export interface APISubresourceDiscovery {
  subresource: string;
  responseKind?: metav1.GroupVersionKind;
  acceptedTypes?: metav1.GroupVersionKind[];
  verbs: string[];
}

export interface APIVersionDiscovery {
  version: string;
  resources?: APIResourceDiscovery[];
  freshness?: DiscoveryFreshness;
}
