import type { FieldPath } from '../../field-errors.ts';
import type { v1 } from '../../types/index.ts';

const lists = ['initContainers', 'containers', 'ephemeralContainers'] as const;

/** Visits all containers of whatever kind, in Kubernetes' order. `at` makes the path of the one that is visited. */
export function eachContainer(
  spec: v1.PodSpec,
  path: FieldPath,
  visit: (container: v1.Container, at: () => FieldPath) => void,
): void {
  for (const list of lists) {
    for (const [index, container] of (spec[list] ?? []).entries()) {
      visit(container, () => path.child(list).index(index));
    }
  }
}
