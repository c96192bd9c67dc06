import { duplicate, fieldPath, forbiddenField, invalidValue, required } from '../field-errors.ts';
import { checkLabelValue, checkPathSegment, checkQualifiedName, checkRange } from '../names.ts';
import type { coordinationv1, rbacv1, schedulingv1, v1 } from '../types/index.ts';
import { addEach, checkImmutable, checkNonNegative, type Errors, eachRepeated } from './checks.ts';
import { type KindRules, kindRules } from './rules.ts';

const spec = fieldPath('spec');
const maxUserPriority = 1_000_000_000;

const bindingRules = kindRules<rbacv1.RoleBinding>({
  check({ roleRef, subjects = [] }, errors) {
    if (roleRef.name) addEach(errors, fieldPath('roleRef', 'name'), roleRef.name, checkPathSegment(roleRef.name));
    subjects.forEach(({ kind, namespace }, index) => {
      if (kind === 'ServiceAccount' && !namespace) {
        errors.push(required(fieldPath('subjects').index(index).child('namespace')));
      }
    });
  },
  checkUpdate({ roleRef }, old, errors) {
    const same =
      roleRef.kind === old.roleRef.kind &&
      roleRef.name === old.roleRef.name &&
      roleRef.apiGroup === old.roleRef.apiGroup;
    if (!same) errors.push(invalidValue(fieldPath('roleRef'), roleRef, 'cannot change roleRef'));
  },
});

const roleRules = kindRules<rbacv1.ClusterRole>({
  check({ rules }, errors) {
    rules?.forEach(({ verbs, apiGroups, resources, nonResourceURLs }, index) => {
      const rule = fieldPath('rules').index(index);
      if (!verbs?.length) errors.push(required(rule.child('verbs'), 'verbs must contain at least one value'));
      if (nonResourceURLs?.length) {
        if (apiGroups?.length || resources?.length) {
          const detail = 'rules cannot apply to both regular resources and non-resource URLs';
          errors.push(invalidValue(rule.child('nonResourceURLs'), nonResourceURLs, detail));
        }
        return;
      }
      if (!apiGroups?.length) {
        errors.push(required(rule.child('apiGroups'), 'resource rules must supply at least one api group'));
      }
      if (!resources?.length) {
        errors.push(required(rule.child('resources'), 'resource rules must supply at least one resource'));
      }
    });
  },
});

/** Rules of what makes up a cluster, by kind and group. */
export const clusterRules: Readonly<Record<string, KindRules>> = {
  Namespace: kindRules<v1.Namespace>({
    check({ spec: namespace }, errors) {
      namespace?.finalizers?.forEach((finalizer, index) => {
        addEach(errors, spec.child('finalizers').index(index), finalizer, checkQualifiedName(finalizer));
      });
    },
  }),
  Node: kindRules<v1.Node>({
    check({ spec: node }, errors) {
      const taints = node?.taints ?? [];
      taints.forEach(({ key, value }, index) => {
        const taint = spec.child('taints').index(index);
        if (key) addEach(errors, taint.child('key'), key, checkQualifiedName(key));
        if (value) addEach(errors, taint.child('value'), value, checkLabelValue(value));
      });
      eachRepeated(
        taints,
        ({ key, effect }) => `${key}:${effect}`,
        (taint, index) => errors.push(duplicate(spec.child('taints').index(index), taint)),
      );
    },
    checkUpdate({ spec: node }, { spec: old }, errors) {
      if (old?.providerID && node?.providerID !== old.providerID) {
        errors.push(
          forbiddenField(spec.child('providerID'), 'node updates may not change providerID except from "" to valid'),
        );
      }
      if (old?.podCIDR && node?.podCIDR !== old.podCIDR) {
        errors.push(
          forbiddenField(spec.child('podCIDRs'), 'node updates may not change podCIDR except from "" to valid'),
        );
      }
    },
  }),
  'Lease.coordination.k8s.io': kindRules<coordinationv1.Lease>({
    check({ spec: lease }, errors) {
      const { leaseDurationSeconds, leaseTransitions, strategy, preferredHolder } = lease ?? {};
      if (leaseDurationSeconds !== undefined && leaseDurationSeconds <= 0) {
        errors.push(invalidValue(spec.child('leaseDurationSeconds'), leaseDurationSeconds, 'must be greater than 0'));
      }
      checkNonNegative(errors, spec.child('leaseTransitions'), leaseTransitions);
      if (preferredHolder && !strategy) {
        errors.push(forbiddenField(spec.child('preferredHolder'), 'may only be specified if `strategy` is defined'));
      }
    },
  }),
  'PriorityClass.scheduling.k8s.io': kindRules<schedulingv1.PriorityClass>({
    check({ metadata, value }, errors) {
      const reserved = metadata.name?.startsWith('system-') ?? false;
      if (reserved && !(metadata.name! in systemPriorities)) {
        const detail = "priority class names with 'system-' prefix are reserved for system use only";
        errors.push(forbiddenField(fieldPath('metadata', 'name'), detail));
      }
      if (!reserved && checkRange(value, -(2 ** 31), maxUserPriority).length > 0) {
        const detail = `maximum allowed value of a user defined priority is ${maxUserPriority}`;
        errors.push(forbiddenField(fieldPath('value'), detail));
      }
    },
    checkUpdate({ value, preemptionPolicy }, old, errors) {
      if (value !== old.value) errors.push(forbiddenField(fieldPath('value'), 'may not be changed in an update.'));
      checkImmutable(errors, fieldPath('preemptionPolicy'), preemptionPolicy, old.preemptionPolicy);
    },
  }),
  'Role.rbac.authorization.k8s.io': roleRules,
  'ClusterRole.rbac.authorization.k8s.io': roleRules,
  'RoleBinding.rbac.authorization.k8s.io': bindingRules,
  'ClusterRoleBinding.rbac.authorization.k8s.io': bindingRules,
  Binding: kindRules<v1.Binding>({
    check({ target }, errors: Errors) {
      if (target?.kind && target.kind !== 'Node') {
        errors.push(invalidValue(fieldPath('target', 'kind'), target.kind, 'must be Node'));
      }
      if (!target?.name) errors.push(required(fieldPath('target', 'name')));
    },
  }),
};

const systemPriorities: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
};
