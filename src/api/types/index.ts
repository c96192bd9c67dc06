// Generated from: Go type declarations of Kubernetes v1.35.7.
// By: node src/api/generate/main.ts --facts FILE. Do not edit.

export type * as admissionv1 from './admission-v1.ts';
export type * as admissionregistrationv1 from './admissionregistration-v1.ts';
export type * as apidiscoveryv2 from './apidiscovery-v2.ts';
export type * as apiextensionsv1 from './apiextensions-v1.ts';
export type * as appsv1 from './apps-v1.ts';
export type * as authenticationv1 from './authentication-v1.ts';
export type * as authorizationv1 from './authorization-v1.ts';
export type * as autoscalingv1 from './autoscaling-v1.ts';
export type * as autoscalingv2 from './autoscaling-v2.ts';
export type * as batchv1 from './batch-v1.ts';
export type * as certificatesv1 from './certificates-v1.ts';
export type * as coordinationv1 from './coordination-v1.ts';
export type * as discoveryv1 from './discovery-v1.ts';
export type * as eventsv1 from './events-v1.ts';
export type * as flowcontrolv1 from './flowcontrol-v1.ts';
export type * as metav1 from './meta-v1.ts';
export type * as networkingv1 from './networking-v1.ts';
export type * as nodev1 from './node-v1.ts';
export type * as policyv1 from './policy-v1.ts';
export type * as rbacv1 from './rbac-v1.ts';
export type * as resourcev1 from './resource-v1.ts';
export type * as schedulingv1 from './scheduling-v1.ts';
export type * as storagev1 from './storage-v1.ts';
export type * as v1 from './core-v1.ts';
export type * as apiregistrationv1 from './apiregistration-v1.ts';
