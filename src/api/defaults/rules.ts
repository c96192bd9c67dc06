import { appRules } from './apps.ts';
import { coreRules } from './core.ts';
import { otherRules } from './other.ts';
import type { Rule } from './rule.ts';

/** Kubernetes' defaults by struct, `v1/Container`; they hold wherever the struct occurs. */
export const rules: Readonly<Record<string, Rule | undefined>> = { ...coreRules, ...appRules, ...otherRules };
