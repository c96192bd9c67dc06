// Generated from: Go type declarations of Kubernetes v1.35.7.
// By: node src/api/generate/main.ts --facts FILE. Do not edit.

import type { KubernetesList, KubernetesObject } from '../object.ts';
import type * as metav1 from './meta-v1.ts';
import type * as v1 from './core-v1.ts';

export type FSGroupPolicy = 'ReadWriteOnceWithFSType' | 'File' | 'None' | (string & {});

export type VolumeBindingMode = 'Immediate' | 'WaitForFirstConsumer';

export type VolumeLifecycleMode = 'Persistent' | 'Ephemeral' | (string & {});

export interface CSIDriver extends KubernetesObject {
  apiVersion: 'storage.k8s.io/v1';
  kind: 'CSIDriver';
  spec: CSIDriverSpec;
}

export interface CSIDriverList extends KubernetesList<CSIDriver> { apiVersion: 'storage.k8s.io/v1'; kind: 'CSIDriverList' }

export interface CSIDriverSpec {
  attachRequired?: boolean;
  podInfoOnMount?: boolean;
  volumeLifecycleModes?: VolumeLifecycleMode[];
  storageCapacity?: boolean;
  fsGroupPolicy?: FSGroupPolicy;
  tokenRequests?: TokenRequest[];
  requiresRepublish?: boolean;
  seLinuxMount?: boolean;
  nodeAllocatableUpdatePeriodSeconds?: number;
  serviceAccountTokenInSecrets?: boolean;
}

export interface CSINode extends KubernetesObject {
  apiVersion: 'storage.k8s.io/v1';
  kind: 'CSINode';
  spec: CSINodeSpec;
}

export interface CSINodeDriver {
  name: string;
  nodeID: string;
  topologyKeys?: string[];
  allocatable?: VolumeNodeResources;
}

export interface CSINodeList extends KubernetesList<CSINode> { apiVersion: 'storage.k8s.io/v1'; kind: 'CSINodeList' }

export interface CSINodeSpec {
  drivers: CSINodeDriver[];
}

export interface CSIStorageCapacity extends KubernetesObject {
  apiVersion: 'storage.k8s.io/v1';
  kind: 'CSIStorageCapacity';
  nodeTopology?: metav1.LabelSelector;
  storageClassName: string;
  capacity?: metav1.Quantity;
  maximumVolumeSize?: metav1.Quantity;
}

export interface CSIStorageCapacityList extends KubernetesList<CSIStorageCapacity> { apiVersion: 'storage.k8s.io/v1'; kind: 'CSIStorageCapacityList' }

export interface StorageClass extends KubernetesObject {
  apiVersion: 'storage.k8s.io/v1';
  kind: 'StorageClass';
  provisioner: string;
  parameters?: Record<string, string>;
  reclaimPolicy?: v1.PersistentVolumeReclaimPolicy;
  mountOptions?: string[];
  allowVolumeExpansion?: boolean;
  volumeBindingMode?: VolumeBindingMode;
  allowedTopologies?: v1.TopologySelectorTerm[];
}

export interface StorageClassList extends KubernetesList<StorageClass> { apiVersion: 'storage.k8s.io/v1'; kind: 'StorageClassList' }

export interface TokenRequest {
  audience: string;
  expirationSeconds?: number;
}

export interface VolumeAttachment extends KubernetesObject {
  apiVersion: 'storage.k8s.io/v1';
  kind: 'VolumeAttachment';
  spec: VolumeAttachmentSpec;
  status?: VolumeAttachmentStatus;
}

export interface VolumeAttachmentList extends KubernetesList<VolumeAttachment> { apiVersion: 'storage.k8s.io/v1'; kind: 'VolumeAttachmentList' }

export interface VolumeAttachmentSource {
  persistentVolumeName?: string;
  inlineVolumeSpec?: v1.PersistentVolumeSpec;
}

export interface VolumeAttachmentSpec {
  attacher: string;
  source: VolumeAttachmentSource;
  nodeName: string;
}

export interface VolumeAttachmentStatus {
  attached: boolean;
  attachmentMetadata?: Record<string, string>;
  attachError?: VolumeError;
  detachError?: VolumeError;
}

export interface VolumeAttributesClass extends KubernetesObject {
  apiVersion: 'storage.k8s.io/v1';
  kind: 'VolumeAttributesClass';
  driverName: string;
  parameters?: Record<string, string>;
}

export interface VolumeAttributesClassList extends KubernetesList<VolumeAttributesClass> { apiVersion: 'storage.k8s.io/v1'; kind: 'VolumeAttributesClassList' }

export interface VolumeError {
  time?: metav1.Time;
  message?: string;
  errorCode?: number;
}

export interface VolumeNodeResources {
  count?: number;
}
