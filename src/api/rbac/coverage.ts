import { quote } from '../text.ts';
import type { rbacv1 } from '../types/index.ts';

export type PolicyRule = NonNullable<rbacv1.Role['rules']>[number];

/** What `wanted` allows and `held` doesn't, as rules of one verb on one resource or path each. */
export function missingRules(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(breakDown).filter((rule) => !held.some((owner) => covers(owner, rule)));
}

/** Rules in the form in which error texts list them: verbs of one resource together, in alphabetical order. */
export function describeRules(rules: readonly PolicyRule[]): string[] {
  const merged = new Map<string, PolicyRule>();
  for (const rule of rules) {
    const { verbs, ...what } = rule;
    const key = JSON.stringify(what);
    const known = merged.get(key);
    merged.set(key, known === undefined ? rule : { ...known, verbs: [...known.verbs, ...verbs] });
  }
  return [...merged.values()].map(describe).sort();
}

function describe(rule: PolicyRule): string {
  const parts = [
    ['APIGroups', rule.apiGroups],
    ['Resources', rule.resources],
    ['NonResourceURLs', rule.nonResourceURLs],
    ['ResourceNames', rule.resourceNames],
    ['Verbs', rule.verbs],
  ] as const;
  const texts = parts.flatMap(([name, list]) => (list?.length ? [`${name}:${quoteList(list)}`] : []));
  return `{${texts.join(', ')}}`;
}

/** As Go writes a list of texts: `["a" "b"]`. */
export function quoteList(list: readonly string[]): string {
  return `[${list.map((text) => quote(text)).join(' ')}]`;
}

function breakDown({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: PolicyRule): PolicyRule[] {
  const names = resourceNames?.length ? resourceNames : [undefined];
  const onResources = (apiGroups ?? []).flatMap((group) =>
    (resources ?? []).flatMap((resource) =>
      verbs.flatMap((verb) =>
        names.map((name) => ({
          apiGroups: [group],
          resources: [resource],
          verbs: [verb],
          ...(name === undefined ? {} : { resourceNames: [name] }),
        })),
      ),
    ),
  );
  const onPaths = (nonResourceURLs ?? []).flatMap((path) =>
    verbs.map((verb) => ({ nonResourceURLs: [path], verbs: [verb] })),
  );
  return [...onResources, ...onPaths];
}

/** Does a rule allow all that a broken-down one does? */
function covers(owner: PolicyRule, rule: PolicyRule): boolean {
  if (!has(owner.verbs, rule.verbs)) return false;
  if (rule.nonResourceURLs) return rule.nonResourceURLs.every((path) => coversPath(owner.nonResourceURLs ?? [], path));
  return (
    has(owner.apiGroups, rule.apiGroups) &&
    (rule.resources ?? []).every((resource) => coversResource(owner.resources ?? [], resource)) &&
    coversNames(owner.resourceNames, rule.resourceNames)
  );
}

function has(owned: readonly string[] | undefined, wanted: readonly string[] | undefined): boolean {
  if (owned?.includes('*')) return true;
  return (wanted ?? []).every((each) => owned?.includes(each));
}

function coversResource(owned: readonly string[], resource: string): boolean {
  const slash = resource.indexOf('/');
  return owned.some((each) => each === '*' || each === resource || (slash > 0 && each === `*${resource.slice(slash)}`));
}

function coversNames(owned: readonly string[] | undefined, wanted: readonly string[] | undefined): boolean {
  if (!owned?.length) return true;
  return wanted !== undefined && wanted.length > 0 && wanted.every((name) => owned.includes(name));
}

function coversPath(owned: readonly string[], path: string): boolean {
  return owned.some(
    (each) => each === '*' || each === path || (each.endsWith('*') && path.startsWith(each.slice(0, -1))),
  );
}
