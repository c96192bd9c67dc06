import {
  type apiextensionsv1,
  customResourceTypes,
  LiveScheme,
  resources,
  resourceTypes,
  type Scheme,
} from '../api/index.ts';
import type { Change } from '../client/index.ts';
import type { ControllerContext } from './context.ts';

export interface FollowedScheme {
  readonly scheme: Scheme;
  /** Called when definitions have changed, after the scheme. Returns the way to end it. */
  onChange(handler: () => void): () => void;
}

/** The kinds that are served, custom ones included, as the CustomResourceDefinitions that an informer shows say. */
export function followScheme({ informers }: ControllerContext): FollowedScheme {
  const scheme = new LiveScheme(resourceTypes());
  const definitions = informers.informer<apiextensionsv1.CustomResourceDefinition>(resources.customResourceDefinitions);
  const handlers = new Set<() => void>();
  definitions.onChange(({ type, object }: Change<apiextensionsv1.CustomResourceDefinition>) => {
    scheme.define(object.metadata.name!, type === 'deleted' ? [] : customResourceTypes(object));
    for (const handler of handlers) handler();
  });
  return {
    scheme,
    onChange(handler) {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
  };
}
