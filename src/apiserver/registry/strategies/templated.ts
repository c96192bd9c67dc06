import type { UnstructuredObject, v1 } from '../../../api/index.ts';
import { dropUnsupported } from './pod-fields.ts';
import type { Strategy } from './strategy.ts';

/** A strategy of a kind with a template for pods at `path`, which holds no field that pods wouldn't have. */
export function templated(base: Strategy, ...path: readonly string[]): Strategy {
  return {
    ...base,
    prepareForCreate(object) {
      base.prepareForCreate?.(object);
      const spec = specIn(object, path);
      if (spec !== undefined) dropUnsupported(spec);
    },
    prepareForUpdate(object, old) {
      base.prepareForUpdate?.(object, old);
      const spec = specIn(object, path);
      if (spec !== undefined) dropUnsupported(spec, specIn(old, path));
    },
  };
}

function specIn(object: UnstructuredObject, path: readonly string[]): v1.PodSpec | undefined {
  let value: Record<string, unknown> | undefined = object;
  for (const field of path) value = value?.[field] as Record<string, unknown> | undefined;
  return value?.['spec'] as v1.PodSpec | undefined;
}
