import type { flowcontrolv1 } from '../../api/index.ts';

type FlowSchema = flowcontrolv1.FlowSchema;
type PriorityLevel = flowcontrolv1.PriorityLevelConfiguration;

const apiVersion = 'flowcontrol.apiserver.k8s.io/v1';
/** Their specs are kept as they are here, unless somebody sets it to "false" on those that are only suggested. */
export const AUTO_UPDATE = 'apf.kubernetes.io/autoupdate-spec';
const annotations = { [AUTO_UPDATE]: 'true' };

/** Names that must be there as they are, of both kinds. */
export const mandatoryNames: ReadonlySet<string> = new Set(['exempt', 'catch-all']);

/** What Kubernetes v1.35 has from its start. */
export const defaultPriorityLevels: readonly PriorityLevel[] = [
  {
    apiVersion,
    kind: 'PriorityLevelConfiguration',
    metadata: { name: 'exempt', annotations },
    spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
  },
  limited('catch-all', 5, 0),
  limited('system', 30, 33, 64, 6),
  limited('node-high', 40, 25, 64, 6),
  limited('leader-election', 10, 0, 16, 4),
  limited('workload-high', 40, 50, 128, 6),
  limited('workload-low', 100, 90, 128, 6),
  limited('global-default', 20, 50, 128, 6),
];

/** Without queues: what has no room is refused. */
function limited(name: string, shares: number, lendablePercent: number, queues = 0, handSize = 0): PriorityLevel {
  const limitResponse: flowcontrolv1.LimitResponse =
    queues === 0 ? { type: 'Reject' } : { type: 'Queue', queuing: { queues, handSize, queueLengthLimit: 50 } };
  return {
    apiVersion,
    kind: 'PriorityLevelConfiguration',
    metadata: { name, annotations },
    spec: { type: 'Limited', limited: { nominalConcurrencyShares: shares, lendablePercent, limitResponse } },
  };
}

const everything: Omit<flowcontrolv1.PolicyRulesWithSubjects, 'subjects'> = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
};
const anyone = groups('system:unauthenticated', 'system:authenticated');
const controllerManager = users('system:kube-controller-manager');
const systemAccounts = serviceAccounts('*');
const leases = writes('coordination.k8s.io', 'leases');

/** The same of flow schemas; names, levels, precedences. */
export const defaultFlowSchemas: readonly FlowSchema[] = [
  schema('exempt', 'exempt', 1, undefined, { subjects: groups('system:masters'), ...everything }),
  schema('probes', 'exempt', 2, undefined, {
    subjects: anyone,
    nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }],
  }),
  schema('system-leader-election', 'leader-election', 100, 'ByUser', {
    subjects: [...controllerManager, ...users('system:kube-scheduler'), ...systemAccounts],
    resourceRules: [leases],
  }),
  schema('endpoint-controller', 'workload-high', 150, 'ByUser', {
    subjects: [
      ...controllerManager,
      ...serviceAccounts('endpoint-controller'),
      ...serviceAccounts('endpointslicemirroring-controller'),
    ],
    resourceRules: [writes('', 'endpoints')],
  }),
  schema('workload-leader-election', 'leader-election', 200, 'ByUser', {
    subjects: systemAccounts,
    resourceRules: [writes('', 'endpoints', 'configmaps'), leases],
  }),
  schema('system-node-high', 'node-high', 400, 'ByUser', {
    subjects: groups('system:nodes'),
    resourceRules: [
      { verbs: ['*'], apiGroups: [''], resources: ['nodes', 'nodes/status'], namespaces: ['*'], clusterScope: true },
      { verbs: ['*'], apiGroups: ['coordination.k8s.io'], resources: ['leases'], namespaces: ['*'] },
    ],
  }),
  schema('system-nodes', 'system', 500, 'ByUser', { subjects: groups('system:nodes'), ...everything }),
  schema('kube-controller-manager', 'workload-high', 800, 'ByNamespace', {
    subjects: controllerManager,
    ...everything,
  }),
  schema('kube-scheduler', 'workload-high', 800, 'ByNamespace', {
    subjects: users('system:kube-scheduler'),
    ...everything,
  }),
  schema('kube-system-service-accounts', 'workload-high', 900, 'ByNamespace', {
    subjects: systemAccounts,
    ...everything,
  }),
  schema('service-accounts', 'workload-low', 9_000, 'ByUser', {
    subjects: groups('system:serviceaccounts'),
    ...everything,
  }),
  schema('global-default', 'global-default', 9_900, 'ByUser', { subjects: anyone, ...everything }),
  schema('catch-all', 'catch-all', 10_000, 'ByUser', { subjects: anyone, ...everything }),
];

function schema(
  name: string,
  level: string,
  matchingPrecedence: number,
  distinguisher: 'ByUser' | 'ByNamespace' | undefined,
  rule: flowcontrolv1.PolicyRulesWithSubjects,
): FlowSchema {
  return {
    apiVersion,
    kind: 'FlowSchema',
    metadata: { name, annotations },
    spec: {
      priorityLevelConfiguration: { name: level },
      matchingPrecedence,
      ...(distinguisher === undefined ? {} : { distinguisherMethod: { type: distinguisher } }),
      rules: [rule],
    },
  };
}

function groups(...names: string[]): flowcontrolv1.Subject[] {
  return names.map((name) => ({ kind: 'Group', group: { name } }));
}

function users(...names: string[]): flowcontrolv1.Subject[] {
  return names.map((name) => ({ kind: 'User', user: { name } }));
}

function serviceAccounts(name: string): flowcontrolv1.Subject[] {
  return [{ kind: 'ServiceAccount', serviceAccount: { name, namespace: 'kube-system' } }];
}

function writes(group: string, ...resources: string[]): flowcontrolv1.ResourcePolicyRule {
  return { verbs: ['get', 'create', 'update'], apiGroups: [group], resources, namespaces: ['*'] };
}
