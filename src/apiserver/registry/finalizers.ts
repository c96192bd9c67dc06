import type { DeleteParameters } from './types.ts';

export const ORPHAN = 'orphan';
export const FOREGROUND = 'foregroundDeletion';

/**
 * The finalizers of an object once it is deleted with these options: `orphan` and `foregroundDeletion` ask the garbage
 * collector to deal with the dependents first. Without a wish, what the object carries stays; with nothing said there
 * either, kinds that orphan their dependents do.
 */
export function finalizersAfter(
  before: readonly string[],
  { orphanDependents, propagationPolicy }: Pick<DeleteParameters, 'orphanDependents' | 'propagationPolicy'>,
  orphans = false,
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
      return orphans && others.length === before.length ? [...before, ORPHAN] : [...before];
  }
}
