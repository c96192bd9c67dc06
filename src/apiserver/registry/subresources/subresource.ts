import type { UnstructuredObject } from '../../../api/index.ts';

/** A part of an object that is read and written by itself. */
export interface Subresource {
  /** What clients see and change. Doesn't change its argument. */
  view(object: UnstructuredObject): UnstructuredObject;
  /** The draft of the whole object that results from a changed view. Both arguments stay as they are. */
  apply(view: UnstructuredObject, old: UnstructuredObject): UnstructuredObject;
}
