import { apiVersionOf, type ResourceType, type Scheme } from '../../api/index.ts';
import type { InformerFactory, Source } from '../../client/index.ts';
import { uidOf } from '../context.ts';
import type { FollowedScheme } from '../scheme.ts';
import { storedKinds } from '../served-kinds.ts';
import type { OwnershipGraph } from './graph.ts';

/** Feeds the graph with the objects of every kind that is served, as kinds come and go. */
export function graphSource(informers: InformerFactory, graph: OwnershipGraph, followed: FollowedScheme): Source {
  return (enqueue) => {
    const connected = new Map<string, { type: ResourceType; end: () => void }>();
    const connect = (type: ResourceType): (() => void) =>
      informers.informer(type).onChange((change) => {
        const affected =
          change.type === 'deleted' ? graph.delete(uidOf(change.object)) : graph.set(type, change.object);
        for (const uid of affected) enqueue(uid);
      });
    const update = (): void => {
      const wanted = kindsByKey(followed.scheme);
      for (const [key, { type, end }] of connected) {
        if (wanted.has(key)) continue;
        end();
        connected.delete(key);
        informers.forget(type);
      }
      for (const [key, type] of wanted) if (!connected.has(key)) connected.set(key, { type, end: connect(type) });
    };
    update();
    const unfollow = followed.onChange(update);
    return () => {
      unfollow();
      for (const { end } of connected.values()) end();
    };
  };
}

function kindsByKey(scheme: Scheme): Map<string, ResourceType> {
  return new Map(storedKinds(scheme).map((type) => [`${apiVersionOf(type)}/${type.resource}`, type]));
}
