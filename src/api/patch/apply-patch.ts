import type { TypeDescription } from '../description/index.ts';
import type { PlainObject } from '../plain.ts';
import { applyJsonPatch } from './json-patch.ts';
import { applyMergePatch } from './merge-patch.ts';
import { applyStrategicMergePatch } from './strategic-merge-patch.ts';

/** The patches that need nothing but the object; server-side apply needs its manager too. */
export type PatchKind = 'json' | 'merge' | 'strategic';

/** The media types that name them in requests. */
export const patchMediaTypes: Readonly<Record<PatchKind | 'apply', string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

/** Applies a parsed patch and returns the new object, which shares nothing with either argument. */
export function applyPatch(kind: PatchKind, current: object, patch: unknown, type: TypeDescription): PlainObject {
  const object = current as PlainObject;
  switch (kind) {
    case 'json':
      return applyJsonPatch(object, patch);
    case 'merge':
      return applyMergePatch(object, patch);
    case 'strategic':
      return applyStrategicMergePatch(object, patch, type);
  }
}
