// Generated from: Go type declarations of Kubernetes v1.35.7.
// By: node src/api/generate/main.ts --facts FILE. Do not edit.

import type { KubernetesList, KubernetesObject } from '../object.ts';
import type * as metav1 from './meta-v1.ts';
import type * as v1 from './core-v1.ts';

export interface Event extends KubernetesObject {
  apiVersion: 'events.k8s.io/v1';
  kind: 'Event';
  eventTime: metav1.MicroTime;
  series?: EventSeries;
  reportingController?: string;
  reportingInstance?: string;
  action?: string;
  reason?: string;
  regarding?: v1.ObjectReference;
  related?: v1.ObjectReference;
  note?: string;
  type?: string;
  deprecatedSource?: v1.EventSource;
  deprecatedFirstTimestamp?: metav1.Time;
  deprecatedLastTimestamp?: metav1.Time;
  deprecatedCount?: number;
}

export interface EventList extends KubernetesList<Event> { apiVersion: 'events.k8s.io/v1'; kind: 'EventList' }

export interface EventSeries {
  count: number;
  lastObservedTime: metav1.MicroTime;
}
