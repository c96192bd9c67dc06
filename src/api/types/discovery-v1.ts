// Generated from: Go type declarations of Kubernetes v1.35.7.
// By: node src/api/generate/main.ts --facts FILE. Do not edit.

import type { KubernetesList, KubernetesObject } from '../object.ts';
import type * as v1 from './core-v1.ts';

export type AddressType = string;

export interface Endpoint {
  addresses: string[];
  conditions?: EndpointConditions;
  hostname?: string;
  targetRef?: v1.ObjectReference;
  deprecatedTopology?: Record<string, string>;
  nodeName?: string;
  zone?: string;
  hints?: EndpointHints;
}

export interface EndpointConditions {
  ready?: boolean;
  serving?: boolean;
  terminating?: boolean;
}

export interface EndpointHints {
  forZones?: ForZone[];
  forNodes?: ForNode[];
}

export interface EndpointPort {
  name?: string;
  protocol?: v1.Protocol;
  port?: number;
  appProtocol?: string;
}

export interface EndpointSlice extends KubernetesObject {
  apiVersion: 'discovery.k8s.io/v1';
  kind: 'EndpointSlice';
  endpoints: Endpoint[];
  ports?: EndpointPort[];
  addressType: string;
}

export interface EndpointSliceList extends KubernetesList<EndpointSlice> { apiVersion: 'discovery.k8s.io/v1'; kind: 'EndpointSliceList' }

export interface ForNode {
  name: string;
}

export interface ForZone {
  name: string;
}
