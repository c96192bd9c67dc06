// Generated from: Go type declarations of Kubernetes v1.35.7.
// By: node src/api/generate/main.ts --facts FILE. Do not edit.

import type { KubernetesList, KubernetesObject } from '../object.ts';
import type * as metav1 from './meta-v1.ts';
import type * as v1 from './core-v1.ts';

export type PolicyType = 'Ingress' | 'Egress';

export type PathType = string;

export interface HTTPIngressPath {
  path?: string;
  backend: IngressBackend;
  pathType: string;
}

export interface HTTPIngressRuleValue {
  paths: HTTPIngressPath[];
}

export interface IPAddress extends KubernetesObject {
  apiVersion: 'networking.k8s.io/v1';
  kind: 'IPAddress';
  spec?: IPAddressSpec;
}

export interface IPAddressList extends KubernetesList<IPAddress> { apiVersion: 'networking.k8s.io/v1'; kind: 'IPAddressList' }

export interface IPAddressSpec {
  parentRef: ParentReference;
}

export interface IPBlock {
  cidr: string;
  except?: string[];
}

export interface Ingress extends KubernetesObject {
  apiVersion: 'networking.k8s.io/v1';
  kind: 'Ingress';
  spec?: IngressSpec;
  status?: IngressStatus;
}

export interface IngressBackend {
  resource?: v1.TypedLocalObjectReference;
  service?: IngressServiceBackend;
}

export interface IngressClass extends KubernetesObject {
  apiVersion: 'networking.k8s.io/v1';
  kind: 'IngressClass';
  spec?: IngressClassSpec;
}

export interface IngressClassList extends KubernetesList<IngressClass> { apiVersion: 'networking.k8s.io/v1'; kind: 'IngressClassList' }

export interface IngressClassParametersReference {
  apiGroup?: string;
  kind: string;
  name: string;
  scope?: string;
  namespace?: string;
}

export interface IngressClassSpec {
  controller?: string;
  parameters?: IngressClassParametersReference;
}

export interface IngressList extends KubernetesList<Ingress> { apiVersion: 'networking.k8s.io/v1'; kind: 'IngressList' }

export interface IngressLoadBalancerIngress {
  ip?: string;
  hostname?: string;
  ports?: IngressPortStatus[];
}

export interface IngressLoadBalancerStatus {
  ingress?: IngressLoadBalancerIngress[];
}

export interface IngressPortStatus {
  port: number;
  protocol: v1.Protocol;
  error?: string;
}

export interface IngressRule extends IngressRuleValue {
  host?: string;
}

export interface IngressRuleValue {
  http?: HTTPIngressRuleValue;
}

export interface IngressServiceBackend {
  name: string;
  port?: ServiceBackendPort;
}

export interface IngressSpec {
  defaultBackend?: IngressBackend;
  tls?: IngressTLS[];
  rules?: IngressRule[];
  ingressClassName?: string;
}

export interface IngressStatus {
  loadBalancer?: IngressLoadBalancerStatus;
}

export interface IngressTLS {
  hosts?: string[];
  secretName?: string;
}

export interface NetworkPolicy extends KubernetesObject {
  apiVersion: 'networking.k8s.io/v1';
  kind: 'NetworkPolicy';
  spec?: NetworkPolicySpec;
}

export interface NetworkPolicyEgressRule {
  ports?: NetworkPolicyPort[];
  to?: NetworkPolicyPeer[];
}

export interface NetworkPolicyIngressRule {
  ports?: NetworkPolicyPort[];
  from?: NetworkPolicyPeer[];
}

export interface NetworkPolicyList extends KubernetesList<NetworkPolicy> { apiVersion: 'networking.k8s.io/v1'; kind: 'NetworkPolicyList' }

export interface NetworkPolicyPeer {
  podSelector?: metav1.LabelSelector;
  namespaceSelector?: metav1.LabelSelector;
  ipBlock?: IPBlock;
}

export interface NetworkPolicyPort {
  protocol?: v1.Protocol;
  port?: metav1.IntOrString;
  endPort?: number;
}

export interface NetworkPolicySpec {
  podSelector?: metav1.LabelSelector;
  ingress?: NetworkPolicyIngressRule[];
  egress?: NetworkPolicyEgressRule[];
  policyTypes?: PolicyType[];
}

export interface ParentReference {
  group?: string;
  resource: string;
  namespace?: string;
  name: string;
}

export interface ServiceBackendPort {
  name?: string;
  number?: number;
}

export interface ServiceCIDR extends KubernetesObject {
  apiVersion: 'networking.k8s.io/v1';
  kind: 'ServiceCIDR';
  spec?: ServiceCIDRSpec;
  status?: ServiceCIDRStatus;
}

export interface ServiceCIDRList extends KubernetesList<ServiceCIDR> { apiVersion: 'networking.k8s.io/v1'; kind: 'ServiceCIDRList' }

export interface ServiceCIDRSpec {
  cidrs?: string[];
}

export interface ServiceCIDRStatus {
  conditions?: metav1.Condition[];
}
