import { apiVersionOf, type ResourceType, type Scheme } from '../api/index.ts';
import type { InformerFactory, Key, Source } from '../client/index.ts';
import type { FollowedScheme } from './scheme.ts';

const NEEDED = ['list', 'watch', 'delete'];

/** The kinds whose objects are stored and can be deleted, each in one version; all but Events, which expire by themselves. */
export function storedKinds({ types }: Scheme): ResourceType[] {
  const seen = new Set<string>();
  return types.filter(({ group, kind, verbs }) => {
    if (kind === 'Event' || !NEEDED.every((verb) => verbs.includes(verb))) return false;
    const known = seen.has(`${group}/${kind}`);
    seen.add(`${group}/${kind}`);
    return !known;
  });
}

/** Follows the objects of every stored kind as kinds come and go; `connect` begins with one and returns the way to end it. */
export function servedKindsSource(
  informers: InformerFactory,
  followed: FollowedScheme,
  connect: (type: ResourceType, enqueue: (key: Key) => void) => () => void,
): Source {
  return (enqueue) => {
    const connected = new Map<string, { type: ResourceType; end: () => void }>();
    const update = (): void => {
      const wanted = kindsByKey(followed.scheme);
      for (const [key, { type, end }] of connected) {
        if (wanted.has(key)) continue;
        end();
        connected.delete(key);
        informers.forget(type);
      }
      for (const [key, type] of wanted)
        if (!connected.has(key)) connected.set(key, { type, end: connect(type, enqueue) });
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
