import type { Strategy } from './strategies/index.ts';
import type { DeleteParameters } from './types.ts';

export const ORPHAN = 'orphan';
export const FOREGROUND = 'foregroundDeletion';

/**
 * The finalizers of an object once it is deleted with these options: `orphan` and `foregroundDeletion` ask the garbage
 * collector to deal with the dependents first. Without a wish, what the object carries stays, or its kind's way holds.
 */
export function finalizersAfter(
  before: readonly string[],
  { orphanDependents, propagationPolicy }: Pick<DeleteParameters, 'orphanDependents' | 'propagationPolicy'>,
  { orphansDependents = false }: Pick<Strategy, 'orphansDependents'> = {},
): string[] {
  const others = before.filter((finalizer) => finalizer !== ORPHAN && finalizer !== FOREGROUND);
  if (orphanDependents !== undefined) return orphanDependents ? [...others, ORPHAN] : others;
  switch (propagationPolicy) {
    case 'Orphan':
      return [...others, ORPHAN];
    case 'Foreground':
      return [...others, FOREGROUND];
    case 'Background':
      return others;
    default:
      return orphansDependents && others.length === before.length ? [...others, ORPHAN] : [...before];
  }
}
