import { constants, fill, objectIn, objectsIn, type Rule } from './rule.ts';

const rbacGroup = 'rbac.authorization.k8s.io';

const binding: Rule = (object) => {
  fill(objectIn(object, 'roleRef'), { apiGroup: rbacGroup });
  for (const subject of objectsIn(object, 'subjects')) {
    if (subject['kind'] === 'User' || subject['kind'] === 'Group') fill(subject, { apiGroup: rbacGroup });
  }
};

const webhook: Rule = (object) => {
  fill(object, { failurePolicy: 'Fail', matchPolicy: 'Equivalent', timeoutSeconds: 10 });
  objectIn(object, 'namespaceSelector');
  objectIn(object, 'objectSelector');
};

/** Rules of the remaining groups. */
export const otherRules: Readonly<Record<string, Rule>> = {
  'apiextensions.k8s.io/v1/CustomResourceDefinitionSpec': (spec) => {
    const names = objectIn(spec, 'names');
    const kind = typeof names['kind'] === 'string' ? names['kind'] : '';
    if (kind !== '') fill(names, { singular: kind.toLowerCase(), listKind: `${kind}List` });
    fill(objectIn(spec, 'conversion'), { strategy: 'None' });
  },
  'apiextensions.k8s.io/v1/ServiceReference': constants({ port: 443 }),
  'networking.k8s.io/v1/NetworkPolicySpec': (spec) => {
    if (Array.isArray(spec['policyTypes']) && spec['policyTypes'].length > 0) return;
    spec['policyTypes'] = objectsIn(spec, 'egress').length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
  },
  'networking.k8s.io/v1/NetworkPolicyPort': constants({ protocol: 'TCP' }),
  'networking.k8s.io/v1/IngressClassParametersReference': constants({ scope: 'Cluster' }),
  'discovery.k8s.io/v1/EndpointPort': (port) => {
    port['name'] ??= '';
    fill(port, { protocol: 'TCP' });
  },
  'storage.k8s.io/v1/StorageClass': constants({ reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' }),
  'storage.k8s.io/v1/CSIDriverSpec': (spec) => {
    fill(spec, {
      attachRequired: true,
      podInfoOnMount: false,
      storageCapacity: false,
      fsGroupPolicy: 'ReadWriteOnceWithFSType',
      requiresRepublish: false,
      volumeLifecycleModes: ['Persistent'],
    });
  },
  'scheduling.k8s.io/v1/PriorityClass': constants({ preemptionPolicy: 'PreemptLowerPriority' }),
  'rbac.authorization.k8s.io/v1/RoleBinding': binding,
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding': binding,
  'admissionregistration.k8s.io/v1/ValidatingWebhook': webhook,
  'admissionregistration.k8s.io/v1/MutatingWebhook': (object) => {
    webhook(object);
    fill(object, { reinvocationPolicy: 'Never' });
  },
  'admissionregistration.k8s.io/v1/Rule': constants({ scope: '*' }),
  'admissionregistration.k8s.io/v1/RuleWithOperations': constants({ scope: '*' }),
  'admissionregistration.k8s.io/v1/ServiceReference': constants({ port: 443 }),
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicySpec': constants({ failurePolicy: 'Fail' }),
  'admissionregistration.k8s.io/v1/MatchResources': (resources) => {
    fill(resources, { matchPolicy: 'Equivalent' });
    objectIn(resources, 'namespaceSelector');
    objectIn(resources, 'objectSelector');
  },
};
