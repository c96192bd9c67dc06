import { IMAGE, pod, runningPod, workload } from '../kubectl/support/manifests.ts';
import { makeCertificateRequest } from '../support/certificate-request.ts';

const { request } = await makeCertificateRequest({ commonName: 'matrix' });

/** What an object of each kind holds besides its metadata, by resource and group: as little as is accepted. */
export const samples: Readonly<Record<string, object>> = samplesOf();

/** Names that not everything may have. */
export const nameOf = (resource: string, number: number): string =>
  ({
    'customresourcedefinitions.apiextensions.k8s.io': `kind${number}s.matrix.example.com`,
    'apiservices.apiregistration.k8s.io': `v${number}.matrix.example.com`,
    'ipaddresses.networking.k8s.io': `192.0.2.${number}`,
    'storageversions.internal.apiserver.k8s.io': `matrix${number}`,
  })[resource] ?? `matrix-${number}`;

/** What must be there before an object of that name can be made. */
export function neededBy(resource: string, name: string): { path: string; body: object }[] {
  if (resource !== 'bindings') return [];
  const containers = [{ name: 'main', image: IMAGE }];
  return [{ path: '/api/v1/namespaces/matrix/pods', body: pod(name, { spec: { schedulerName: 'none', containers } }) }];
}

/** What of a sample depends on the object's name. */
export function sampleFor(resource: string, number: number): object {
  const sample = samples[resource] ?? {};
  if (resource === 'apiservices.apiregistration.k8s.io') {
    return {
      spec: { group: 'matrix.example.com', version: `v${number}`, groupPriorityMinimum: 1, versionPriority: 1 },
    };
  }
  if (resource !== 'customresourcedefinitions.apiextensions.k8s.io') return sample;
  return JSON.parse(JSON.stringify(sample).replaceAll('kind0', `kind${number}`)) as object;
}

function samplesOf(): Record<string, object> {
  const containers = [{ name: 'main', image: IMAGE }];
  const { spec: podSpec } = runningPod('x');
  const spec = (kind: string, more: object = {}): object => ({
    spec: workload(kind, 'matrix', { replicas: 0, ...more }).spec,
  });
  const once = { template: { spec: { containers, restartPolicy: 'Never' } } };
  const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }];
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' };
  const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  const target = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'matrix' };
  const webhooks = [
    {
      name: 'matrix.example.com',
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      failurePolicy: 'Ignore',
      clientConfig: { url: 'https://127.0.0.1:1/' },
    },
  ];
  const happened = { reason: 'Tried', note: 'for the matrix', type: 'Normal' };
  const review = { resourceAttributes: { verb: 'get', resource: 'pods' } };
  const devices = { requests: [{ name: 'one', exactly: { deviceClassName: 'none' } }] };
  const named = { names: { plural: 'kind0s', kind: 'Kind0' } };
  const schema = { openAPIV3Schema: { type: 'object' } };
  return {
    bindings: { target: { apiVersion: 'v1', kind: 'Node', name: 'peer-1' } },
    configmaps: { data: { key: 'value' } },
    endpoints: { subsets: [{ addresses: [{ ip: '192.0.2.1' }], ports: [{ port: 80 }] }] },
    events: { involvedObject: { kind: 'Pod', namespace: 'matrix', name: 'none' }, reason: 'Tried', type: 'Normal' },
    limitranges: { spec: { limits: [{ type: 'PersistentVolumeClaim', max: { storage: '1Ti' } }] } },
    persistentvolumeclaims: { spec: claim },
    persistentvolumes: {
      spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/tmp/none' } },
    },
    pods: { spec: podSpec },
    podtemplates: { template: { spec: { containers } } },
    replicationcontrollers: {
      spec: { replicas: 0, selector: { a: 'b' }, template: { metadata: { labels: { a: 'b' } }, spec: { containers } } },
    },
    resourcequotas: { spec: { hard: { pods: '100' } } },
    secrets: { stringData: { key: 'value' } },
    services: { spec: { ports: [{ port: 80 }] } },
    'controllerrevisions.apps': { revision: 1, data: {} },
    'daemonsets.apps': { spec: workload('DaemonSet', 'matrix', { template: neverPlaced(containers) }).spec },
    'deployments.apps': spec('Deployment'),
    'replicasets.apps': spec('ReplicaSet'),
    'statefulsets.apps': spec('StatefulSet', { serviceName: 'matrix' }),
    'events.events.k8s.io': {
      ...happened,
      action: 'Try',
      eventTime: '2026-01-01T00:00:00.000000Z',
      reportingController: 'example.com/matrix',
      reportingInstance: 'matrix-0',
      regarding: { kind: 'Pod', namespace: 'matrix', name: 'none' },
    },
    'tokenreviews.authentication.k8s.io': { spec: { token: 'none' } },
    'localsubjectaccessreviews.authorization.k8s.io': {
      spec: { user: 'jane', resourceAttributes: { ...review.resourceAttributes, namespace: 'matrix' } },
    },
    'selfsubjectaccessreviews.authorization.k8s.io': { spec: review },
    'selfsubjectrulesreviews.authorization.k8s.io': { spec: { namespace: 'matrix' } },
    'subjectaccessreviews.authorization.k8s.io': { spec: { user: 'jane', ...review } },
    'horizontalpodautoscalers.autoscaling': { spec: { scaleTargetRef: target, maxReplicas: 2 } },
    'cronjobs.batch': { spec: { schedule: '0 0 1 1 *', jobTemplate: { spec: once } } },
    'jobs.batch': { spec: { ...once, suspend: true } },
    'certificatesigningrequests.certificates.k8s.io': {
      spec: { request, signerName: 'example.com/matrix', usages: ['client auth'] },
    },
    'ingressclasses.networking.k8s.io': { spec: { controller: 'example.com/matrix' } },
    'ingresses.networking.k8s.io': {
      spec: { defaultBackend: { service: { name: 'matrix', port: { number: 80 } } } },
    },
    'ipaddresses.networking.k8s.io': {
      spec: { parentRef: { group: '', resource: 'services', namespace: 'matrix', name: 'none' } },
    },
    'networkpolicies.networking.k8s.io': { spec: { podSelector: {} } },
    'servicecidrs.networking.k8s.io': { spec: { cidrs: ['192.0.2.0/24'] } },
    'poddisruptionbudgets.policy': { spec: { minAvailable: 1, selector: { matchLabels: { a: 'b' } } } },
    'clusterrolebindings.rbac.authorization.k8s.io': { roleRef },
    'clusterroles.rbac.authorization.k8s.io': { rules },
    'rolebindings.rbac.authorization.k8s.io': { roleRef },
    'roles.rbac.authorization.k8s.io': { rules },
    'csidrivers.storage.k8s.io': { spec: {} },
    'csinodes.storage.k8s.io': { spec: { drivers: [] } },
    'csistoragecapacities.storage.k8s.io': { storageClassName: 'none' },
    'storageclasses.storage.k8s.io': { provisioner: 'example.com/none' },
    'volumeattachments.storage.k8s.io': {
      spec: { attacher: 'example.com', nodeName: 'none', source: { persistentVolumeName: 'none' } },
    },
    'volumeattributesclasses.storage.k8s.io': { driverName: 'example.com', parameters: { a: 'b' } },
    'mutatingwebhookconfigurations.admissionregistration.k8s.io': { webhooks },
    'validatingwebhookconfigurations.admissionregistration.k8s.io': { webhooks },
    'validatingadmissionpolicies.admissionregistration.k8s.io': {
      spec: {
        matchConstraints: {
          resourceRules: [
            { apiGroups: ['none.example'], apiVersions: ['v1'], resources: ['none'], operations: ['CREATE'] },
          ],
        },
        validations: [{ expression: 'true' }],
      },
    },
    'validatingadmissionpolicybindings.admissionregistration.k8s.io': {
      spec: { policyName: 'none', validationActions: ['Deny'] },
    },
    'customresourcedefinitions.apiextensions.k8s.io': {
      spec: {
        group: 'matrix.example.com',
        scope: 'Namespaced',
        ...named,
        versions: [{ name: 'v1', served: true, storage: true, schema }],
      },
    },
    'priorityclasses.scheduling.k8s.io': { value: 1 },
    'leases.coordination.k8s.io': { spec: { holderIdentity: 'matrix' } },
    'runtimeclasses.node.k8s.io': { handler: 'none' },
    'endpointslices.discovery.k8s.io': { addressType: 'IPv4', endpoints: [{ addresses: ['192.0.2.1'] }] },
    'deviceclasses.resource.k8s.io': { spec: {} },
    'resourceclaims.resource.k8s.io': { spec: { devices } },
    'resourceclaimtemplates.resource.k8s.io': { spec: { spec: { devices } } },
    'resourceslices.resource.k8s.io': {
      spec: { driver: 'example.com', nodeName: 'none', pool: { name: 'p', generation: 1, resourceSliceCount: 1 } },
    },
    'flowschemas.flowcontrol.apiserver.k8s.io': { spec: { priorityLevelConfiguration: { name: 'exempt' } } },
    'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io': {
      spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } },
    },
  };
}

/** Pods for which there is no node. */
function neverPlaced(containers: object[]): object {
  return { metadata: { labels: { app: 'matrix' } }, spec: { containers, nodeSelector: { nowhere: 'true' } } };
}
