import type { ResourceType, UnstructuredObject } from '../../api/index.ts';
import type { Operation } from '../../store/index.ts';
import type { Guard, User } from '../registry/types.ts';

/** A write that is about to happen, as admission sees it. */
export interface AdmissionAttributes {
  operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  type: ResourceType;
  subresource: string | undefined;
  namespace: string | undefined;
  /** Empty while `generateName` hasn't been filled in. */
  name: string;
  /** What is to be written, a draft; undefined of deletes. Of a connection its options, such as PodExecOptions. */
  object: UnstructuredObject | undefined;
  /** What is there; undefined of creates. Shared: never change it. */
  old: UnstructuredObject | undefined;
  user: User;
  dryRun: boolean;
  /** CreateOptions, UpdateOptions or DeleteOptions of the request, as webhooks see them. A connection has none. */
  options: Readonly<Record<string, unknown>> | null;
  /** Texts for the Warning header. */
  warnings: string[];
  /** What the audit log will say along with the request. */
  auditAnnotations: Record<string, string>;
  /** A plug-in adds what must still be so when the write happens. */
  guards: Guard[];
  /** A plug-in adds what is to be written along with the object. */
  operations: Operation[];
  /** 0; 1 when all plug-ins see the object again, because one that is not of this process changed it. */
  round: number;
  /** A plug-in asks for the second round. */
  requestReinvocation?: () => void;
}

/** Changes or refuses writes. A refusal is an ApiError, as a rule Forbidden. */
export interface AdmissionPlugin {
  /** As Kubernetes names it. */
  readonly name: string;
  /** May change the draft. Runs before defaults of the system and validation. */
  admit?(attributes: AdmissionAttributes): void | Promise<void>;
  /** Sees the object as it will be stored. */
  validate?(attributes: AdmissionAttributes): void | Promise<void>;
  close?(): void;
}

/** All plug-ins, in order. */
export interface Admission {
  admit(attributes: AdmissionAttributes): Promise<void>;
  validate(attributes: AdmissionAttributes): Promise<void>;
  /** Ends connections that plug-ins keep. */
  close(): void;
}
