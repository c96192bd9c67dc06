import { type FieldPath, fieldPath, invalidValue, notSupported, required } from '../field-errors.ts';
import { checkDns1123Subdomain, checkPathSegment } from '../names.ts';
import type { rbacv1 } from '../types/index.ts';
import { addEach, type Errors } from './checks.ts';
import { checkLabelSelector } from './placement.ts';
import { type KindRules, kindRules } from './rules.ts';

const GROUP = 'rbac.authorization.k8s.io';
const subjectKinds = ['ServiceAccount', 'User', 'Group'];

function roleRules(namespaced: boolean): KindRules {
  return kindRules<rbacv1.ClusterRole>({
    check({ rules, aggregationRule }, errors) {
      for (const [index, rule] of (rules ?? []).entries()) {
        checkRule(errors, fieldPath('rules').index(index), rule, namespaced);
      }
      if (aggregationRule === undefined) return;
      const path = fieldPath('aggregationRule', 'clusterRoleSelectors');
      const selectors = aggregationRule.clusterRoleSelectors ?? [];
      if (selectors.length === 0) {
        errors.push(required(path, 'at least one clusterRoleSelector required if aggregationRule is non-nil'));
      }
      for (const [index, selector] of selectors.entries()) checkLabelSelector(errors, path.index(index), selector);
    },
  });
}

function checkRule(errors: Errors, path: FieldPath, rule: rbacv1.PolicyRule, namespaced: boolean): void {
  const { verbs, apiGroups, resources, resourceNames, nonResourceURLs: urls } = rule;
  if (!verbs?.length) errors.push(required(path.child('verbs'), 'verbs must contain at least one value'));
  if (urls?.length) {
    const at = path.child('nonResourceURLs');
    if (namespaced) errors.push(invalidValue(at, urls, 'namespaced rules cannot apply to non-resource URLs'));
    if (apiGroups?.length || resources?.length || resourceNames?.length) {
      errors.push(invalidValue(at, urls, 'rules cannot apply to both regular resources and non-resource URLs'));
    }
    return;
  }
  if (!apiGroups?.length) {
    errors.push(required(path.child('apiGroups'), 'resource rules must supply at least one api group'));
  }
  if (!resources?.length) {
    errors.push(required(path.child('resources'), 'resource rules must supply at least one resource'));
  }
}

function bindingRules(namespaced: boolean): KindRules {
  const kinds = namespaced ? ['Role', 'ClusterRole'] : ['ClusterRole'];
  return kindRules<rbacv1.RoleBinding>({
    check({ roleRef, subjects = [] }, errors) {
      const { apiGroup = '', kind = '', name } = roleRef ?? {};
      const path = fieldPath('roleRef');
      if (apiGroup !== GROUP) errors.push(notSupported(path.child('apiGroup'), apiGroup, [GROUP]));
      if (!kinds.includes(kind)) errors.push(notSupported(path.child('kind'), kind, kinds));
      if (name) addEach(errors, path.child('name'), name, checkPathSegment(name));
      for (const [index, subject] of subjects.entries()) {
        checkSubject(errors, fieldPath('subjects').index(index), subject, namespaced);
      }
    },
    checkUpdate({ roleRef }, old, errors) {
      const { kind, name, apiGroup } = roleRef;
      const same = kind === old.roleRef.kind && name === old.roleRef.name && apiGroup === old.roleRef.apiGroup;
      const shown = { APIGroup: apiGroup, Kind: kind, Name: name };
      if (!same) errors.push(invalidValue(fieldPath('roleRef'), shown, 'cannot change roleRef'));
    },
  });
}

function checkSubject(errors: Errors, path: FieldPath, subject: rbacv1.Subject, namespaced: boolean): void {
  const { kind = '', name, namespace, apiGroup = '' } = subject;
  if (kind === 'ServiceAccount') {
    if (name) addEach(errors, path.child('name'), name, checkDns1123Subdomain(name));
    if (apiGroup !== '') errors.push(notSupported(path.child('apiGroup'), apiGroup, ['']));
    if (!namespaced && !namespace) errors.push(required(path.child('namespace')));
  } else if (!subjectKinds.includes(kind)) errors.push(notSupported(path.child('kind'), kind, subjectKinds));
  else if (apiGroup !== GROUP) errors.push(notSupported(path.child('apiGroup'), apiGroup, [GROUP]));
}

/** Rules of who may do what, by kind and group. */
export const rbacRules: Readonly<Record<string, KindRules>> = {
  [`Role.${GROUP}`]: roleRules(true),
  [`ClusterRole.${GROUP}`]: roleRules(false),
  [`RoleBinding.${GROUP}`]: bindingRules(true),
  [`ClusterRoleBinding.${GROUP}`]: bindingRules(false),
};
