// Generated from: Go type declarations of Kubernetes v1.35.7.
// By: node src/api/generate/main.ts --facts FILE. Do not edit.

import type { KubernetesList, KubernetesObject } from '../object.ts';
import type * as metav1 from './meta-v1.ts';
import type * as v1 from './core-v1.ts';

export type HorizontalPodAutoscalerConditionType = 'ScalingActive' | 'AbleToScale' | 'ScalingLimited' | (string & {});

export type MetricSourceType = 'Object' | 'Pods' | 'Resource' | 'ContainerResource' | 'External';

export interface ContainerResourceMetricSource {
  name: v1.ResourceName;
  targetAverageUtilization?: number;
  targetAverageValue?: metav1.Quantity;
  container: string;
}

export interface ContainerResourceMetricStatus {
  name: v1.ResourceName;
  currentAverageUtilization?: number;
  currentAverageValue: metav1.Quantity;
  container: string;
}

export interface CrossVersionObjectReference {
  kind: string;
  name: string;
  apiVersion?: string;
}

export interface ExternalMetricSource {
  metricName: string;
  metricSelector?: metav1.LabelSelector;
  targetValue?: metav1.Quantity;
  targetAverageValue?: metav1.Quantity;
}

export interface ExternalMetricStatus {
  metricName: string;
  metricSelector?: metav1.LabelSelector;
  currentValue: metav1.Quantity;
  currentAverageValue?: metav1.Quantity;
}

export interface HorizontalPodAutoscaler extends KubernetesObject {
  apiVersion: 'autoscaling/v1';
  kind: 'HorizontalPodAutoscaler';
  spec?: HorizontalPodAutoscalerSpec;
  status?: HorizontalPodAutoscalerStatus;
}

export interface HorizontalPodAutoscalerCondition {
  type: HorizontalPodAutoscalerConditionType;
  status: v1.ConditionStatus;
  lastTransitionTime?: metav1.Time;
  reason?: string;
  message?: string;
}

export interface HorizontalPodAutoscalerList extends KubernetesList<HorizontalPodAutoscaler> { apiVersion: 'autoscaling/v1'; kind: 'HorizontalPodAutoscalerList' }

export interface HorizontalPodAutoscalerSpec {
  scaleTargetRef: CrossVersionObjectReference;
  minReplicas?: number;
  maxReplicas: number;
  targetCPUUtilizationPercentage?: number;
}

export interface HorizontalPodAutoscalerStatus {
  observedGeneration?: number;
  lastScaleTime?: metav1.Time;
  currentReplicas: number;
  desiredReplicas: number;
  currentCPUUtilizationPercentage?: number;
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

export interface ObjectMetricSource {
  target: CrossVersionObjectReference;
  metricName: string;
  targetValue: metav1.Quantity;
  selector?: metav1.LabelSelector;
  averageValue?: metav1.Quantity;
}

export interface ObjectMetricStatus {
  target: CrossVersionObjectReference;
  metricName: string;
  currentValue: metav1.Quantity;
  selector?: metav1.LabelSelector;
  averageValue?: metav1.Quantity;
}

export interface PodsMetricSource {
  metricName: string;
  targetAverageValue: metav1.Quantity;
  selector?: metav1.LabelSelector;
}

export interface PodsMetricStatus {
  metricName: string;
  currentAverageValue: metav1.Quantity;
  selector?: metav1.LabelSelector;
}

export interface ResourceMetricSource {
  name: v1.ResourceName;
  targetAverageUtilization?: number;
  targetAverageValue?: metav1.Quantity;
}

export interface ResourceMetricStatus {
  name: v1.ResourceName;
  currentAverageUtilization?: number;
  currentAverageValue: metav1.Quantity;
}

export interface Scale extends KubernetesObject {
  apiVersion: 'autoscaling/v1';
  kind: 'Scale';
  spec?: ScaleSpec;
  status?: ScaleStatus;
}

export interface ScaleSpec {
  replicas?: number;
}

export interface ScaleStatus {
  replicas: number;
  selector?: string;
}
