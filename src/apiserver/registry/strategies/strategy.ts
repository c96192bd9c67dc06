import type { FieldError, UnstructuredObject } from '../../../api/index.ts';
import type { Allocators } from '../allocators.ts';
import type { Companions } from '../transact.ts';
import type { StateReader } from '../types.ts';

/** Where a kind differs from the generic one; everything is optional, and without it the generic rules of write-stages.ts hold. */
export interface Strategy {
  /** `metadata.generation` counts changes of the spec. */
  generation?: boolean;
  /** Changes of annotations count as well. */
  generationCountsAnnotations?: boolean;
  /** Changes of the status count as well. */
  generationCountsStatus?: boolean;
  /** A PUT of a name that doesn't exist creates it. */
  createsOnUpdate?: boolean;
  /** A PUT must carry a resourceVersion. */
  requiresResourceVersion?: boolean;
  /** A DELETE answers with the object that is gone instead of a Status. */
  returnsDeleted?: boolean;
  /** Who deletes one without a word of its dependents leaves them: so it was before there was a garbage collector. */
  orphansDependents?: boolean;
  /** What such a client is told. */
  orphansWarning?: string;
  /** The creator sets the status as well. */
  keepsStatusOnCreate?: boolean;
  /** Conditions that are written without times get that of the write. */
  timesConditions?: boolean;
  /** Seconds that a new object lives. */
  timeToLiveSeconds?: number;

  /** Sets what a new object of the kind starts with. `object` is a draft: change it. */
  prepareForCreate?(object: UnstructuredObject): void;
  /** Undoes what an update of the main resource may not touch. `object` is a draft. */
  prepareForUpdate?(object: UnstructuredObject, old: UnstructuredObject): void;
  /** The same for an update of the status subresource. */
  prepareForStatusUpdate?(object: UnstructuredObject, old: UnstructuredObject): void;
  /** What is wrong with an object, or with changing `old` into it, beyond what its kind's description and rules in `api` say. */
  validate?(object: UnstructuredObject, old: UnstructuredObject | undefined): readonly FieldError[];
  /** Seconds that an object has to end after a delete; undefined: the kind doesn't end gracefully. */
  gracePeriodSeconds?(object: UnstructuredObject, requested: number | undefined): number;
  /** Holds back the removal of an object that is being deleted, beside finalizers. */
  mayGo?(object: UnstructuredObject): boolean;
  /** Changes a draft that is marked as being deleted. */
  markDeleting?(object: UnstructuredObject): void;
  /**
   * Claims what goes with the object, such as addresses, changing the draft `next`; what has to happen in the same
   * transaction is returned. `next` or `old` undefined: the object is deleted, or created.
   */
  accompany?(
    next: UnstructuredObject | undefined,
    old: UnstructuredObject | undefined,
    services: StrategyServices,
  ): Companions;
}

export interface StrategyServices {
  allocators: Allocators;
  state: StateReader;
}
