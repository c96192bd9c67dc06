import { type LabelSelectorObject, selectorFromObject } from '../selectors/index.ts';
import type { rbacv1 } from '../types/index.ts';
import type { PolicyRule } from './coverage.ts';

/** The rules that an aggregated role gathers from others: in the order of their names, none twice. */
export function aggregateRules(role: rbacv1.ClusterRole, all: readonly rbacv1.ClusterRole[]): PolicyRule[] {
  const selectors = role.aggregationRule?.clusterRoleSelectors ?? [];
  const gathered = new Map<string, PolicyRule>();
  for (const selector of selectors) {
    const matcher = selectorFromObject(selector as LabelSelectorObject);
    const chosen = all
      .filter(({ metadata }) => metadata.name !== role.metadata.name && matcher.matches(metadata.labels))
      .sort((a, b) => (a.metadata.name! < b.metadata.name! ? -1 : 1));
    for (const { rules } of chosen) for (const rule of rules ?? []) gathered.set(JSON.stringify(rule), rule);
  }
  return [...gathered.values()];
}
