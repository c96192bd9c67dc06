import { type FieldPath, fieldPath, invalidValue, required } from '../field-errors.ts';
import type { v1 } from '../types/index.ts';
import { checkImmutable, type Errors } from './checks.ts';
import { checkQuotaResourceName, checkResourceAmount, isQuotaName } from './resource-names.ts';
import { kindRules } from './rules.ts';

const spec = fieldPath('spec');
type Amounts = Readonly<Record<string, string | number>>;

const podScopes: ReadonlySet<string> = new Set([
  'BestEffort',
  'NotBestEffort',
  'Terminating',
  'NotTerminating',
  'PriorityClass',
  'CrossNamespacePodAffinity',
]);
const claimScope = 'VolumeAttributesClass';
/** Scopes that hold or don't, and so have no values. */
const plainScopes: ReadonlySet<string> = new Set([...podScopes].filter((scope) => scope !== 'PriorityClass'));
const conflicts = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const;

/** What pods use, besides their number. */
const computeNames: ReadonlySet<string> = new Set([
  'pods',
  'cpu',
  'memory',
  'requests.cpu',
  'requests.memory',
  'limits.cpu',
  'limits.memory',
]);
const claimNames: ReadonlySet<string> = new Set(['persistentvolumeclaims', 'requests.storage']);

export const quotaRules = kindRules<v1.ResourceQuota>({
  check({ spec: quota }, errors) {
    if (quota === undefined) return;
    checkAmounts(errors, spec.child('hard'), quota.hard);
    checkScopes(errors, quota);
    checkSelector(errors, quota);
  },
  checkUpdate({ spec: quota }, { spec: old }, errors) {
    const [scopes, before] = [new Set(quota?.scopes), new Set(old?.scopes)];
    if (scopes.size === before.size && [...scopes].every((scope) => before.has(scope))) return;
    checkImmutable(errors, spec.child('scopes'), quota?.scopes ?? null, old?.scopes ?? null);
  },
  subresources: {
    status({ status }, _old, errors) {
      checkAmounts(errors, fieldPath('status', 'hard'), status?.hard);
      checkAmounts(errors, fieldPath('status', 'used'), status?.used);
    },
  },
});

function checkAmounts(errors: Errors, path: FieldPath, amounts: Amounts = {}): void {
  for (const [name, amount] of Object.entries(amounts)) {
    checkQuotaResourceName(errors, path.key(name), name);
    checkResourceAmount(errors, path.key(name), name, amount);
  }
}

function checkScopes(errors: Errors, { scopes = [], hard = {} }: v1.ResourceQuotaSpec): void {
  const path = spec.child('scopes');
  for (const scope of scopes) {
    if (!isScope(scope)) errors.push(invalidValue(path, scopes, 'unsupported scope'));
    for (const _ of unfit(scope, hard)) {
      errors.push(invalidValue(path, scopes, 'unsupported scope applied to resource'));
    }
  }
  checkConflicts(errors, path, scopes, scopes);
}

function checkSelector(errors: Errors, { scopeSelector, scopes, hard = {} }: v1.ResourceQuotaSpec): void {
  const path = spec.child('scopeSelector', 'matchExpressions');
  const expressions = scopeSelector?.matchExpressions ?? [];
  for (const { scopeName = '', operator, values = [] } of expressions) {
    if (!isScope(scopeName)) errors.push(invalidValue(path.child('scopeName'), scopeName, 'unsupported scope'));
    for (const _ of unfit(scopeName, hard)) {
      errors.push(invalidValue(path, scopeSelector, 'unsupported scope applied to resource'));
    }
    if (plainScopes.has(scopeName) && operator !== 'Exists') {
      const detail =
        "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
      errors.push(invalidValue(path.child('operator'), operator ?? '', detail));
    }
    if (operator === 'In' || operator === 'NotIn') {
      if (values.length > 0) continue;
      const detail = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
      errors.push(required(path.child('values'), detail));
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      if (values.length === 0) continue;
      const detail = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
      errors.push(invalidValue(path.child('values'), values, detail));
    } else errors.push(invalidValue(path.child('operator'), operator ?? '', 'not a valid selector operator'));
  }
  const names = expressions.map(({ scopeName = '' }) => scopeName);
  checkConflicts(errors, path, names, scopes ?? null);
}

function checkConflicts(errors: Errors, path: FieldPath, scopes: readonly string[], shown: unknown): void {
  for (const pair of conflicts) {
    if (pair.every((scope) => scopes.includes(scope))) errors.push(invalidValue(path, shown, 'conflicting scopes'));
  }
}

const isScope = (scope: string): boolean => podScopes.has(scope) || scope === claimScope;

/** What is bounded, but not by use that the scope can tell apart. */
function unfit(scope: string, hard: Amounts): string[] {
  return Object.keys(hard).filter((name) => isQuotaName(name) && !fits(scope, name));
}

function fits(scope: string, name: string): boolean {
  if (scope === 'BestEffort') return name === 'pods';
  if (podScopes.has(scope)) return computeNames.has(name);
  return scope === claimScope ? claimNames.has(name) : true;
}
