import { constants, fill, isUnset, objectIn, objectsIn, type Rule } from './rule.ts';

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

/** As many devices as one, unless all are asked for. */
const deviceRequest: Rule = (request) => {
  fill(request, { allocationMode: 'ExactCount' });
  if (request['allocationMode'] === 'ExactCount' && isUnset(request['count'])) request['count'] = 1;
};

/** A rule that sets numbers which aren't given or zero. */
const numbers =
  (values: Readonly<Record<string, number>>): Rule =>
  (object) => {
    for (const [name, value] of Object.entries(values)) if (isUnset(object[name])) object[name] = value;
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
      seLinuxMount: false,
      volumeLifecycleModes: ['Persistent'],
    });
  },
  'flowcontrol.apiserver.k8s.io/v1/FlowSchemaSpec': numbers({ matchingPrecedence: 1000 }),
  'flowcontrol.apiserver.k8s.io/v1/ExemptPriorityLevelConfiguration': constants({
    nominalConcurrencyShares: 0,
    lendablePercent: 0,
  }),
  'flowcontrol.apiserver.k8s.io/v1/LimitedPriorityLevelConfiguration': constants({
    nominalConcurrencyShares: 30,
    lendablePercent: 0,
  }),
  'flowcontrol.apiserver.k8s.io/v1/QueuingConfiguration': numbers({ handSize: 8, queues: 64, queueLengthLimit: 50 }),
  'resource.k8s.io/v1/ExactDeviceRequest': deviceRequest,
  'resource.k8s.io/v1/DeviceSubRequest': deviceRequest,
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
