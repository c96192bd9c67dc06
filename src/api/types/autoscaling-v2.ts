// Generated from: Go type declarations of Kubernetes v1.35.7.
// By: node src/api/generate/main.ts --facts FILE. Do not edit.

import type { KubernetesList, KubernetesObject } from '../object.ts';
import type * as metav1 from './meta-v1.ts';
import type * as v1 from './core-v1.ts';

export type HPAScalingPolicyType = 'Pods' | 'Percent' | (string & {});

export type HorizontalPodAutoscalerConditionType = 'ScalingActive' | 'AbleToScale' | 'ScalingLimited' | (string & {});

export type MetricSourceType = 'Object' | 'Pods' | 'Resource' | 'ContainerResource' | 'External' | (string & {});

export type MetricTargetType = 'Utilization' | 'Value' | 'AverageValue' | (string & {});

export type ScalingPolicySelect = 'Max' | 'Min' | 'Disabled' | (string & {});

export interface ContainerResourceMetricSource {
  name: v1.ResourceName;
  target: MetricTarget;
  container: string;
}

export interface ContainerResourceMetricStatus {
  name: v1.ResourceName;
  current: MetricValueStatus;
  container: string;
}

export interface CrossVersionObjectReference {
  kind: string;
  name: string;
  apiVersion?: string;
}

export interface ExternalMetricSource {
  metric: MetricIdentifier;
  target: MetricTarget;
}

export interface ExternalMetricStatus {
  metric: MetricIdentifier;
  current: MetricValueStatus;
}

export interface HPAScalingPolicy {
  type: HPAScalingPolicyType;
  value: number;
  periodSeconds: number;
}

export interface HPAScalingRules {
  selectPolicy?: ScalingPolicySelect;
  policies?: HPAScalingPolicy[];
  stabilizationWindowSeconds?: number;
  tolerance?: metav1.Quantity;
}

export interface HorizontalPodAutoscaler extends KubernetesObject {
  apiVersion: 'autoscaling/v2';
  kind: 'HorizontalPodAutoscaler';
  spec?: HorizontalPodAutoscalerSpec;
  status?: HorizontalPodAutoscalerStatus;
}

export interface HorizontalPodAutoscalerBehavior {
  scaleUp?: HPAScalingRules;
  scaleDown?: HPAScalingRules;
}

export interface HorizontalPodAutoscalerCondition {
  type: HorizontalPodAutoscalerConditionType;
  status: v1.ConditionStatus;
  lastTransitionTime?: metav1.Time;
  reason?: string;
  message?: string;
}

export interface HorizontalPodAutoscalerList extends KubernetesList<HorizontalPodAutoscaler> { apiVersion: 'autoscaling/v2'; kind: 'HorizontalPodAutoscalerList' }

export interface HorizontalPodAutoscalerSpec {
  scaleTargetRef: CrossVersionObjectReference;
  minReplicas?: number;
  maxReplicas: number;
  metrics?: MetricSpec[];
  behavior?: HorizontalPodAutoscalerBehavior;
}

export interface HorizontalPodAutoscalerStatus {
  observedGeneration?: number;
  lastScaleTime?: metav1.Time;
  currentReplicas?: number;
  desiredReplicas: number;
  currentMetrics?: MetricStatus[];
  conditions?: HorizontalPodAutoscalerCondition[];
}

export interface MetricIdentifier {
  name: string;
  selector?: metav1.LabelSelector;
}

export interface MetricSpec {
  type: MetricSourceType;
  object?: ObjectMetricSource;
  pods?: PodsMetricSource;
  resource?: ResourceMetricSource;
  external?: ExternalMetricSource;
  containerResource?: ContainerResourceMetricSource;
}

export interface MetricStatus {
  type: MetricSourceType;
  object?: ObjectMetricStatus;
  pods?: PodsMetricStatus;
  resource?: ResourceMetricStatus;
  external?: ExternalMetricStatus;
  containerResource?: ContainerResourceMetricStatus;
}

export interface MetricTarget {
  type: MetricTargetType;
  value?: metav1.Quantity;
  averageValue?: metav1.Quantity;
  averageUtilization?: number;
}

export interface MetricValueStatus {
  value?: metav1.Quantity;
  averageValue?: metav1.Quantity;
  averageUtilization?: number;
}

export interface ObjectMetricSource {
  describedObject: CrossVersionObjectReference;
  target: MetricTarget;
  metric: MetricIdentifier;
}

export interface ObjectMetricStatus {
  metric: MetricIdentifier;
  current: MetricValueStatus;
  describedObject: CrossVersionObjectReference;
}

export interface PodsMetricSource {
  metric: MetricIdentifier;
  target: MetricTarget;
}

export interface PodsMetricStatus {
  metric: MetricIdentifier;
  current: MetricValueStatus;
}

export interface ResourceMetricSource {
  name: v1.ResourceName;
  target: MetricTarget;
}

export interface ResourceMetricStatus {
  name: v1.ResourceName;
  current: MetricValueStatus;
}
