// Generated from: Go type declarations of Kubernetes v1.35.7.
// By: node src/api/generate/main.ts --facts FILE. Do not edit.

import type { KubernetesList, KubernetesObject } from '../object.ts';
import type * as metav1 from './meta-v1.ts';
import type * as v1 from './core-v1.ts';

export type AllocationConfigSource = 'FromClass' | 'FromClaim';

export type DeviceTaintEffect = 'None' | 'NoSchedule' | 'NoExecute';

export type DeviceTolerationOperator = 'Exists' | 'Equal';

export type DeviceAllocationMode = string;

export type FullyQualifiedName = string;

export type QualifiedName = string;

export interface AllocatedDeviceStatus {
  driver: string;
  pool: string;
  device: string;
  conditions?: metav1.Condition[];
  data?: unknown;
  networkData?: NetworkDeviceData;
  shareID?: string;
}

export interface AllocationResult {
  devices?: DeviceAllocationResult;
  nodeSelector?: v1.NodeSelector;
  allocationTimestamp?: metav1.Time;
}

export interface CELDeviceSelector {
  expression: string;
}

export interface CapacityRequestPolicy {
  default?: metav1.Quantity;
  validValues?: metav1.Quantity[];
  validRange?: CapacityRequestPolicyRange;
}

export interface CapacityRequestPolicyRange {
  min: metav1.Quantity;
  max?: metav1.Quantity;
  step?: metav1.Quantity;
}

export interface CapacityRequirements {
  requests?: Record<string, metav1.Quantity>;
}

export interface Counter {
  value: metav1.Quantity;
}

export interface CounterSet {
  name: string;
  counters: Record<string, Counter>;
}

export interface Device {
  name: string;
  attributes?: Record<string, DeviceAttribute>;
  capacity?: Record<string, DeviceCapacity>;
  consumesCounters?: DeviceCounterConsumption[];
  nodeName?: string;
  nodeSelector?: v1.NodeSelector;
  allNodes?: boolean;
  taints?: DeviceTaint[];
  bindsToNode?: boolean;
  bindingConditions?: string[];
  bindingFailureConditions?: string[];
  allowMultipleAllocations?: boolean;
}

export interface DeviceAllocationConfiguration extends DeviceConfiguration {
  source: AllocationConfigSource;
  requests?: string[];
}

export interface DeviceAllocationResult {
  results?: DeviceRequestAllocationResult[];
  config?: DeviceAllocationConfiguration[];
}

export interface DeviceAttribute {
  int?: number;
  bool?: boolean;
  string?: string;
  version?: string;
}

export interface DeviceCapacity {
  value: metav1.Quantity;
  requestPolicy?: CapacityRequestPolicy;
}

export interface DeviceClaim {
  requests?: DeviceRequest[];
  constraints?: DeviceConstraint[];
  config?: DeviceClaimConfiguration[];
}

export interface DeviceClaimConfiguration extends DeviceConfiguration {
  requests?: string[];
}

export interface DeviceClass extends KubernetesObject {
  apiVersion: 'resource.k8s.io/v1';
  kind: 'DeviceClass';
  spec: DeviceClassSpec;
}

export type DeviceClassConfiguration = DeviceConfiguration;

export interface DeviceClassList extends KubernetesList<DeviceClass> { apiVersion: 'resource.k8s.io/v1'; kind: 'DeviceClassList' }

export interface DeviceClassSpec {
  selectors?: DeviceSelector[];
  config?: DeviceClassConfiguration[];
  extendedResourceName?: string;
}

export interface DeviceConfiguration {
  opaque?: OpaqueDeviceConfiguration;
}

export interface DeviceConstraint {
  requests?: string[];
  matchAttribute?: string;
  distinctAttribute?: string;
}

export interface DeviceCounterConsumption {
  counterSet: string;
  counters: Record<string, Counter>;
}

export interface DeviceRequest {
  name: string;
  exactly?: ExactDeviceRequest;
  firstAvailable?: DeviceSubRequest[];
}

export interface DeviceRequestAllocationResult {
  request: string;
  driver: string;
  pool: string;
  device: string;
  adminAccess?: boolean;
  tolerations?: DeviceToleration[];
  bindingConditions?: string[];
  bindingFailureConditions?: string[];
  shareID?: string;
  consumedCapacity?: Record<string, metav1.Quantity>;
}

export interface DeviceSelector {
  cel?: CELDeviceSelector;
}

export interface DeviceSubRequest {
  name: string;
  deviceClassName: string;
  selectors?: DeviceSelector[];
  allocationMode?: string;
  count?: number;
  tolerations?: DeviceToleration[];
  capacity?: CapacityRequirements;
}

export interface DeviceTaint {
  key: string;
  value?: string;
  effect: DeviceTaintEffect;
  timeAdded?: metav1.Time;
}

export interface DeviceToleration {
  key?: string;
  operator?: DeviceTolerationOperator;
  value?: string;
  effect?: DeviceTaintEffect;
  tolerationSeconds?: number;
}

export interface ExactDeviceRequest {
  deviceClassName: string;
  selectors?: DeviceSelector[];
  allocationMode?: string;
  count?: number;
  adminAccess?: boolean;
  tolerations?: DeviceToleration[];
  capacity?: CapacityRequirements;
}

export interface NetworkDeviceData {
  interfaceName?: string;
  ips?: string[];
  hardwareAddress?: string;
}

export interface OpaqueDeviceConfiguration {
  driver: string;
  parameters: unknown;
}

export interface ResourceClaim extends KubernetesObject {
  apiVersion: 'resource.k8s.io/v1';
  kind: 'ResourceClaim';
  spec: ResourceClaimSpec;
  status?: ResourceClaimStatus;
}

export interface ResourceClaimConsumerReference {
  apiGroup?: string;
  resource: string;
  name: string;
  uid: string;
}

export interface ResourceClaimList extends KubernetesList<ResourceClaim> { apiVersion: 'resource.k8s.io/v1'; kind: 'ResourceClaimList' }

export interface ResourceClaimSpec {
  devices?: DeviceClaim;
}

export interface ResourceClaimStatus {
  allocation?: AllocationResult;
  reservedFor?: ResourceClaimConsumerReference[];
  devices?: AllocatedDeviceStatus[];
}

export interface ResourceClaimTemplate extends KubernetesObject {
  apiVersion: 'resource.k8s.io/v1';
  kind: 'ResourceClaimTemplate';
  spec: ResourceClaimTemplateSpec;
}

export interface ResourceClaimTemplateList extends KubernetesList<ResourceClaimTemplate> { apiVersion: 'resource.k8s.io/v1'; kind: 'ResourceClaimTemplateList' }

export interface ResourceClaimTemplateSpec {
  metadata?: metav1.ObjectMeta;
  spec: ResourceClaimSpec;
}

export interface ResourcePool {
  name: string;
  generation: number;
  resourceSliceCount: number;
}

export interface ResourceSlice extends KubernetesObject {
  apiVersion: 'resource.k8s.io/v1';
  kind: 'ResourceSlice';
  spec: ResourceSliceSpec;
}

export interface ResourceSliceList extends KubernetesList<ResourceSlice> { apiVersion: 'resource.k8s.io/v1'; kind: 'ResourceSliceList' }

export interface ResourceSliceSpec {
  driver: string;
  pool: ResourcePool;
  nodeName?: string;
  nodeSelector?: v1.NodeSelector;
  allNodes?: boolean;
  devices?: Device[];
  perDeviceNodeSelection?: boolean;
  sharedCounters?: CounterSet[];
}
