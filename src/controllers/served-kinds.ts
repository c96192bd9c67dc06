import type { ResourceType, Scheme } from '../api/index.ts';

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
