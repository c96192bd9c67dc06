// Generated from: Go type declarations of Kubernetes v1.35.7.
// By: node src/api/generate/main.ts --facts FILE. Do not edit.

import type { KubernetesList, KubernetesObject } from '../object.ts';
import type * as metav1 from './meta-v1.ts';
import type * as v1 from './core-v1.ts';

export type KeyUsage = 'signing' | 'digital signature' | 'content commitment' | 'key encipherment' | 'key agreement' | 'data encipherment' | 'cert sign' | 'crl sign' | 'encipher only' | 'decipher only' | 'any' | 'server auth' | 'client auth' | 'code signing' | 'email protection' | 's/mime' | 'ipsec end system' | 'ipsec tunnel' | 'ipsec user' | 'timestamping' | 'ocsp signing' | 'microsoft sgc' | 'netscape sgc';

export type RequestConditionType = 'Approved' | 'Denied' | 'Failed' | (string & {});

export type ExtraValue = string[];

export interface CertificateSigningRequest extends KubernetesObject {
  apiVersion: 'certificates.k8s.io/v1';
  kind: 'CertificateSigningRequest';
  spec: CertificateSigningRequestSpec;
  status?: CertificateSigningRequestStatus;
}

export interface CertificateSigningRequestCondition {
  type: RequestConditionType;
  reason?: string;
  message?: string;
  lastUpdateTime?: metav1.Time;
  lastTransitionTime?: metav1.Time;
  status: v1.ConditionStatus;
}

export interface CertificateSigningRequestList extends KubernetesList<CertificateSigningRequest> { apiVersion: 'certificates.k8s.io/v1'; kind: 'CertificateSigningRequestList' }

export interface CertificateSigningRequestSpec {
  request: metav1.Base64;
  username?: string;
  uid?: string;
  groups?: string[];
  usages?: KeyUsage[];
  extra?: Record<string, string[]>;
  signerName: string;
  expirationSeconds?: number;
}

export interface CertificateSigningRequestStatus {
  conditions?: CertificateSigningRequestCondition[];
  certificate?: metav1.Base64;
}
