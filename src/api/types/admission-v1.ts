// Generated from: Go type declarations of Kubernetes v1.35.7.
// By: node src/api/generate/main.ts --facts FILE. Do not edit.

import type * as authenticationv1 from './authentication-v1.ts';
import type * as metav1 from './meta-v1.ts';

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT' | (string & {});

export type PatchType = 'JSONPatch' | (string & {});

export interface AdmissionRequest {
  uid: string;
  kind: metav1.GroupVersionKind;
  resource: metav1.GroupVersionResource;
  subResource?: string;
  name?: string;
  namespace?: string;
  operation: Operation;
  userInfo: authenticationv1.UserInfo;
  object?: unknown;
  oldObject?: unknown;
  dryRun?: boolean;
  options?: unknown;
  requestKind?: metav1.GroupVersionKind;
  requestResource?: metav1.GroupVersionResource;
  requestSubResource?: string;
}

export interface AdmissionResponse {
  uid: string;
  allowed: boolean;
  status?: metav1.Status;
  patch?: metav1.Base64;
  patchType?: PatchType;
  auditAnnotations?: Record<string, string>;
  warnings?: string[];
}

export interface AdmissionReview {
  apiVersion?: 'admission.k8s.io/v1';
  kind?: 'AdmissionReview';
  request?: AdmissionRequest;
  response?: AdmissionResponse;
}
