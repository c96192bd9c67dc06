import test from 'ava';
import fc from 'fast-check';
import {
  apiVersionOf,
  applyDefaults,
  type KubernetesObject,
  resourceTypes,
  type Table,
  tableOf,
} from '../../src/api/index.ts';
import { arbitraryKind } from './support/arbitrary-object.ts';

type Json = Record<string, unknown>;

const now = Date.parse('2026-01-01T01:00:00Z');
const created = '2026-01-01T00:00:00Z';
const minutesAgo = (minutes: number): string => new Date(now - minutes * 60_000).toISOString().replace('.000', '');

function rowOf(kind: string, group: string, object: Json): Record<string, unknown> {
  const metadata = { name: 'x', creationTimestamp: created, ...(object['metadata'] as Json) };
  const table = tableOf({ group, kind }, [{ ...object, metadata } as unknown as KubernetesObject], {
    now,
    includeObject: 'None',
  });
  return cellsOf(table);
}

function cellsOf({ columnDefinitions, rows }: Table): Record<string, unknown> {
  return Object.fromEntries(columnDefinitions.map(({ name }, index) => [name, rows[0]!.cells[index]]));
}

const container = (name: string): Json => ({ name, image: `${name}:1` });
const running = (name: string, extra: Json = {}): Json => ({
  name,
  ready: true,
  restartCount: 0,
  state: { running: {} },
  ...extra,
});
const waiting = (name: string, reason: string): Json => ({
  name,
  ready: false,
  restartCount: 0,
  state: { waiting: { reason } },
});
const ended = (name: string, terminated: Json, restartCount = 0): Json => ({
  name,
  ready: false,
  restartCount,
  state: { terminated },
});
const ready = [{ type: 'Ready', status: 'True' }];

interface PodParts {
  phase?: string;
  reason?: string;
  containers?: Json[];
  init?: Json[];
  conditions?: Json[];
  metadata?: Json;
  spec?: Json;
}

function pod({
  phase = 'Running',
  reason,
  containers = [running('a')],
  init,
  conditions,
  metadata = {},
  spec,
}: PodParts): Record<string, unknown> {
  return rowOf('Pod', '', {
    metadata,
    spec: {
      containers: containers.map(({ name }) => container(String(name))),
      initContainers: init?.map(({ name, sidecar }) => ({
        ...container(String(name)),
        ...(sidecar ? { restartPolicy: 'Always' } : {}),
      })),
      ...spec,
    },
    status: { phase, reason, conditions, containerStatuses: containers, initContainerStatuses: init },
  });
}

test('a running pod', (t) => {
  const restarted = running('b', {
    restartCount: 2,
    lastState: { terminated: { exitCode: 1, finishedAt: minutesAgo(5) } },
  });
  t.deepEqual(pod({ containers: [running('a'), restarted], spec: { nodeName: 'n1' }, metadata: { name: 'web' } }), {
    Name: 'web',
    Ready: '2/2',
    Status: 'Running',
    Restarts: '2 (5m ago)',
    Age: '60m',
    IP: '<none>',
    Node: 'n1',
    'Nominated Node': '<none>',
    'Readiness Gates': '<none>',
  });
});

test("a pod's status sums up its containers as in Kubernetes", (t) => {
  const cases: [parts: PodParts, ready: string, status: string, restarts?: string][] = [
    [{ phase: 'Pending', containers: [] }, '0/0', 'Pending'],
    [{ phase: 'Pending', containers: [waiting('a', 'ContainerCreating')] }, '0/1', 'ContainerCreating'],
    [{ containers: [waiting('a', 'CrashLoopBackOff')] }, '0/1', 'CrashLoopBackOff'],
    [{ containers: [running('a'), waiting('b', 'ErrImagePull')] }, '1/2', 'ErrImagePull'],
    [{ phase: 'Succeeded', containers: [ended('a', { exitCode: 0, reason: 'Completed' })] }, '0/1', 'Completed'],
    [{ phase: 'Failed', containers: [ended('a', { exitCode: 1, reason: 'Error' })] }, '0/1', 'Error'],
    [{ containers: [ended('a', { exitCode: 137, reason: 'OOMKilled' }, 3)] }, '0/1', 'OOMKilled', '3'],
    [{ containers: [ended('a', { exitCode: 3 })] }, '0/1', 'ExitCode:3'],
    [{ containers: [ended('a', { exitCode: 0, signal: 9 })] }, '0/1', 'Signal:9'],
    [
      { containers: [ended('a', { exitCode: 0, reason: 'Completed' }), running('b')], conditions: ready },
      '1/2',
      'Running',
    ],
    [{ containers: [ended('a', { exitCode: 0, reason: 'Completed' }), running('b')] }, '1/2', 'NotReady'],
    [
      { containers: [ended('a', { exitCode: 0, reason: 'Completed' }), ended('b', { exitCode: 2, reason: 'Error' })] },
      '0/2',
      'Error',
    ],
    [{ phase: 'Failed', reason: 'Evicted', containers: [] }, '0/0', 'Evicted'],
    [{ metadata: { deletionTimestamp: created } }, '1/1', 'Terminating'],
    [
      {
        phase: 'Succeeded',
        metadata: { deletionTimestamp: created },
        containers: [ended('a', { exitCode: 0, reason: 'Completed' })],
      },
      '0/1',
      'Completed',
    ],
    [{ metadata: { deletionTimestamp: created }, reason: 'NodeLost' }, '1/1', 'Unknown'],
    [
      {
        phase: 'Pending',
        containers: [],
        conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }],
      },
      '0/0',
      'SchedulingGated',
    ],
    [
      { phase: 'Pending', init: [running('i', { ready: false })], containers: [waiting('a', 'PodInitializing')] },
      '0/1',
      'Init:0/1',
    ],
    [
      {
        phase: 'Pending',
        init: [ended('i', { exitCode: 0 }), waiting('j', 'PodInitializing')],
        containers: [waiting('a', 'PodInitializing')],
      },
      '0/1',
      'Init:1/2',
    ],
    [{ phase: 'Pending', init: [waiting('i', 'ImagePullBackOff')], containers: [] }, '0/0', 'Init:ImagePullBackOff'],
    [
      { phase: 'Pending', init: [ended('i', { exitCode: 1, reason: 'Error' }, 4)], containers: [] },
      '0/0',
      'Init:Error',
      '4',
    ],
    [{ phase: 'Pending', init: [ended('i', { exitCode: 7 })], containers: [] }, '0/0', 'Init:ExitCode:7'],
    [{ phase: 'Pending', init: [ended('i', { exitCode: 7, signal: 9 })], containers: [] }, '0/0', 'Init:Signal:9'],
    [{ init: [ended('i', { exitCode: 0 }, 3)] }, '1/1', 'Running', '0'],
    [{ init: [running('s', { sidecar: true, started: true, restartCount: 2 })] }, '2/2', 'Running', '2'],
  ];
  for (const [parts, readyText, status, restarts] of cases) {
    const row = pod(parts);
    t.is(row['Ready'], readyText, status);
    t.is(row['Status'], status);
    if (restarts !== undefined) t.is(row['Restarts'], restarts, status);
  }
});

test('readiness gates count the conditions that are true', (t) => {
  const readinessGates = [{ conditionType: 'A' }, { conditionType: 'B' }];
  const row = pod({ spec: { readinessGates }, conditions: [{ type: 'A', status: 'True' }] });
  t.is(row['Readiness Gates'], '1/2');
});

test('finished pods are marked as such, for kubectl to tell', (t) => {
  const conditions = (phase: string): unknown =>
    tableOf({ group: '', kind: 'Pod' }, [{ metadata: {}, status: { phase } } as unknown as KubernetesObject], {
      now,
      includeObject: 'None',
    }).rows[0]!.conditions;
  t.like(conditions('Succeeded'), [{ type: 'Completed', reason: 'Succeeded' }]);
  t.like(conditions('Failed'), [{ type: 'Completed', reason: 'Failed' }]);
  t.is(conditions('Running'), undefined);
});

const template = { spec: { containers: [container('a'), container('b')] } };
const selector = { matchLabels: { app: 'web' } };
const wideTemplate = { Containers: 'a,b', Images: 'a:1,b:1' };

test('workloads', (t) => {
  t.deepEqual(
    rowOf('Deployment', 'apps', {
      spec: { replicas: 3, selector, template },
      status: { readyReplicas: 2, updatedReplicas: 3, availableReplicas: 1 },
    }),
    { Name: 'x', Ready: '2/3', 'Up-to-date': 3, Available: 1, Age: '60m', ...wideTemplate, Selector: 'app=web' },
  );
  t.like(rowOf('ReplicaSet', 'apps', { spec: { replicas: 3, selector, template }, status: { replicas: 2 } }), {
    Desired: 3,
    Current: 2,
    Ready: 0,
    Selector: 'app=web',
  });
  t.like(rowOf('ReplicaSet', 'apps', { spec: { selector: { matchExpressions: [{ key: 'a', operator: '?' }] } } }), {
    Selector: '<error>',
  });
  t.like(rowOf('StatefulSet', 'apps', { spec: { replicas: 3, template }, status: { readyReplicas: 1 } }), {
    Ready: '1/3',
    ...wideTemplate,
  });
  t.like(rowOf('DaemonSet', 'apps', { spec: { template: { spec: { nodeSelector: { b: '1', a: '2' } } } } }), {
    Desired: 0,
    'Node Selector': 'a=2,b=1',
    Selector: '<none>',
  });
});

test('jobs', (t) => {
  const status = { startTime: minutesAgo(30), completionTime: minutesAgo(20), succeeded: 1 };
  t.like(
    rowOf('Job', 'batch', {
      spec: { completions: 2 },
      status: { ...status, conditions: [{ type: 'Complete', status: 'True' }] },
    }),
    { Status: 'Complete', Completions: '1/2', Duration: '10m' },
  );
  t.like(rowOf('Job', 'batch', { spec: { parallelism: 3 }, status: { startTime: minutesAgo(5) } }), {
    Status: 'Running',
    Completions: '0/1 of 3',
    Duration: '5m',
  });
  t.like(rowOf('Job', 'batch', { metadata: { deletionTimestamp: created } }), {
    Status: 'Terminating',
    Completions: '0/1',
    Duration: '',
  });
  t.like(
    rowOf('CronJob', 'batch', {
      spec: { schedule: '* * * * *', suspend: false },
      status: { active: [{}], lastScheduleTime: minutesAgo(3) },
    }),
    { Schedule: '* * * * *', Timezone: '<none>', Suspend: 'False', Active: 1, 'Last Schedule': '3m' },
  );
});

test('autoscalers', (t) => {
  const target = (type: string, source: Json): Json => ({
    type,
    [type.charAt(0).toLowerCase() + type.slice(1)]: source,
  });
  const metrics = [
    target('Resource', { name: 'cpu', target: { averageUtilization: 80 } }),
    target('Resource', { name: 'memory', target: { averageValue: '1Gi' } }),
    target('Pods', { target: { averageValue: '5' } }),
  ];
  const currentMetrics = [target('Resource', { name: 'cpu', current: { averageUtilization: 40 } })];
  const spec = { scaleTargetRef: { kind: 'Deployment', name: 'web' }, minReplicas: 1, maxReplicas: 5 };
  const row = (list: Json[], current: Json[] = []): Record<string, unknown> =>
    rowOf('HorizontalPodAutoscaler', 'autoscaling', {
      spec: { ...spec, metrics: list },
      status: { currentReplicas: 2, currentMetrics: current },
    });
  t.like(row(metrics, currentMetrics), {
    Reference: 'Deployment/web',
    Targets: 'cpu: 40%/80%, memory: <unknown>/1Gi + 1 more...',
    MinPods: '1',
    MaxPods: 5,
    Replicas: 2,
  });
  t.is(row([])['Targets'], '<none>');
  t.is(row([target('Pods', { target: { averageValue: '5' } })])['Targets'], '<unknown>/5');
  t.is(row([target('External', { target: { value: '9' } })])['Targets'], '<unknown>/9');
  t.is(row([target('Object', { target: { averageValue: '9' } })])['Targets'], '<unknown>/9 (avg)');
  t.is(row([target('ContainerResource', { name: 'cpu', target: {} })])['Targets'], 'cpu: <unknown>/<auto>');
  t.is(row([target('Other', {})])['Targets'], '<unknown type>');
});

test('the smaller workload kinds', (t) => {
  t.like(
    rowOf('PodDisruptionBudget', 'policy', { spec: { maxUnavailable: '50%' }, status: { disruptionsAllowed: 1 } }),
    {
      'Min Available': 'N/A',
      'Max Unavailable': '50%',
      'Allowed Disruptions': 1,
    },
  );
  const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db', controller: true }];
  t.like(rowOf('ControllerRevision', 'apps', { metadata: { ownerReferences }, revision: 3 }), {
    Controller: 'statefulset.apps/db',
    Revision: 3,
  });
  t.like(rowOf('ControllerRevision', 'apps', { revision: 3 }), { Controller: '<none>' });
  t.like(rowOf('Scale', 'autoscaling', { spec: { replicas: 3 }, status: { replicas: 2 } }), {
    Desired: 3,
    Available: 2,
  });
  t.like(rowOf('PodTemplate', '', { template: { ...template, metadata: { labels: { a: 'b' } } } }), {
    'Pod Labels': 'a=b',
  });
  t.like(rowOf('ReplicationController', '', { spec: { replicas: 2, selector: { a: 'b' } } }), {
    Desired: 2,
    Selector: 'a=b',
  });
});

test('services', (t) => {
  const row = (spec: Json, status: Json = {}): Record<string, unknown> => rowOf('Service', '', { spec, status });
  const ports = [
    { port: 80, protocol: 'TCP' },
    { port: 53, nodePort: 30053, protocol: 'UDP' },
  ];
  t.deepEqual(
    row({ type: 'ClusterIP', clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'], ports, selector: { a: 'b' } }),
    {
      Name: 'x',
      Type: 'ClusterIP',
      'Cluster-IP': '10.0.0.1',
      'External-IP': '<none>',
      'Port(s)': '80/TCP,53:30053/UDP',
      Age: '60m',
      Selector: 'a=b',
    },
  );
  t.like(row({ type: 'LoadBalancer' }), { 'External-IP': '<pending>', 'Port(s)': '<none>' });
  t.like(row({ type: 'LoadBalancer', externalIPs: ['2.2.2.2'] }, { loadBalancer: { ingress: [{ ip: '1.1.1.1' }] } }), {
    'External-IP': '1.1.1.1,2.2.2.2',
  });
  t.like(row({ type: 'ExternalName', externalName: 'example.com' }), {
    'Cluster-IP': '<none>',
    'External-IP': 'example.com',
  });
  t.like(row({ type: '?' }), { 'External-IP': '<unknown>' });
});

test('endpoints and ingresses', (t) => {
  const addresses = ['10.0.0.1', '10.0.0.2', 'fd00::1', '10.0.0.4'].map((ip) => ({ ip }));
  t.is(
    rowOf('Endpoints', '', { subsets: [{ addresses, ports: [{ port: 80 }] }] })['Endpoints'],
    '10.0.0.1:80,10.0.0.2:80,[fd00::1]:80 + 1 more...',
  );
  t.is(rowOf('Endpoints', '', { subsets: [{ addresses: [{ ip: '10.0.0.1' }] }] })['Endpoints'], '10.0.0.1');
  t.is(rowOf('Endpoints', '', {})['Endpoints'], '<none>');
  t.like(
    rowOf('EndpointSlice', 'discovery.k8s.io', {
      addressType: 'IPv4',
      ports: [{ port: 80 }, { name: 'n' }, {}],
      endpoints: [{ addresses: ['10.0.0.1'] }],
    }),
    { AddressType: 'IPv4', Ports: '80,n,*', Endpoints: '10.0.0.1' },
  );
  t.like(rowOf('EndpointSlice', 'discovery.k8s.io', {}), { Ports: '<unset>', Endpoints: '<unset>' });
  const rules = ['a', 'b', 'c', 'd'].map((host) => ({ host }));
  t.like(rowOf('Ingress', 'networking.k8s.io', { spec: { rules, tls: [{}] } }), {
    Class: '<none>',
    Hosts: 'a,b,c + 1 more...',
    Address: '',
    Ports: '80, 443',
  });
  t.like(rowOf('Ingress', 'networking.k8s.io', {}), { Hosts: '*', Ports: '80' });
  t.like(
    rowOf('IngressClass', 'networking.k8s.io', {
      spec: { controller: 'c', parameters: { kind: 'K', apiGroup: 'g', name: 'n' } },
    }),
    {
      Controller: 'c',
      Parameters: 'K.g/n',
    },
  );
  t.like(rowOf('NetworkPolicy', 'networking.k8s.io', { spec: { podSelector: {} } }), { 'Pod-Selector': '<none>' });
});

test('nodes', (t) => {
  const row = rowOf('Node', '', {
    metadata: {
      labels: {
        'node-role.kubernetes.io/control-plane': '',
        'kubernetes.io/role': 'b',
        'node-role.kubernetes.io/': '',
      },
    },
    spec: { unschedulable: true },
    status: {
      conditions: ready,
      addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
      nodeInfo: { kubeletVersion: 'v1.35.2', osImage: 'Debian' },
    },
  });
  t.deepEqual(row, {
    Name: 'x',
    Status: 'Ready,SchedulingDisabled',
    Roles: 'b,control-plane',
    Age: '60m',
    Version: 'v1.35.2',
    'Internal-IP': '10.0.0.1',
    'External-IP': '<none>',
    'OS-Image': 'Debian',
    'Kernel-Version': '<unknown>',
    'Container-Runtime': '<unknown>',
  });
  t.like(rowOf('Node', '', { status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } }), {
    Status: 'NotReady',
    Roles: '<none>',
  });
  t.like(rowOf('Node', '', {}), { Status: 'Unknown' });
});

test('what makes up a cluster', (t) => {
  t.deepEqual(rowOf('Namespace', '', { status: { phase: 'Active' } }), { Name: 'x', Status: 'Active', Age: '60m' });
  t.deepEqual(rowOf('ConfigMap', '', { data: { a: '' }, binaryData: { b: '' } }), { Name: 'x', Data: 2, Age: '60m' });
  t.deepEqual(rowOf('Secret', '', { type: 'Opaque' }), { Name: 'x', Type: 'Opaque', Data: 0, Age: '60m' });
  t.deepEqual(rowOf('ServiceAccount', '', {}), { Name: 'x', Age: '60m' });
  t.deepEqual(rowOf('Lease', 'coordination.k8s.io', { spec: { holderIdentity: 'me' } }), {
    Name: 'x',
    Holder: 'me',
    Age: '60m',
  });
  t.like(rowOf('PriorityClass', 'scheduling.k8s.io', { value: 7 }), {
    Value: 7,
    'Global-Default': false,
    PreemptionPolicy: 'PreemptLowerPriority',
  });
  t.like(rowOf('RuntimeClass', 'node.k8s.io', { handler: 'runc' }), { Handler: 'runc' });
  const hard = { pods: '5', 'limits.cpu': '2', cpu: '1' };
  t.like(rowOf('ResourceQuota', '', { status: { hard, used: { pods: '3' } } }), {
    Request: 'cpu: 0/1, pods: 3/5',
    Limit: 'limits.cpu: 0/2',
  });
});

test('events', (t) => {
  const involvedObject = { kind: 'Pod', name: 'web', fieldPath: 'spec.containers{a}' };
  t.deepEqual(
    rowOf('Event', '', {
      involvedObject,
      type: 'Warning',
      reason: 'BackOff',
      message: ' again \n',
      source: { component: 'kubelet', host: 'n1' },
      firstTimestamp: minutesAgo(30),
      lastTimestamp: minutesAgo(5),
      count: 4,
    }),
    {
      'Last Seen': '5m',
      Type: 'Warning',
      Reason: 'BackOff',
      Object: 'pod/web',
      Subobject: 'spec.containers{a}',
      Source: 'kubelet, n1',
      Message: 'again',
      'First Seen': '30m',
      Count: 4,
      Name: 'x',
    },
  );
  const series = { count: 9, lastObservedTime: minutesAgo(2) };
  t.like(
    rowOf('Event', '', {
      involvedObject: { kind: 'Node' },
      eventTime: minutesAgo(10),
      series,
      reportingComponent: 'c',
    }),
    {
      'Last Seen': '2m',
      Object: 'node',
      Source: 'c',
      'First Seen': '10m',
      Count: 9,
    },
  );
  t.like(rowOf('Event', 'events.k8s.io', { regarding: involvedObject, eventTime: minutesAgo(10), note: 'n' }), {
    'Last Seen': '10m',
    Object: 'pod/web',
    Message: 'n',
    Count: 1,
  });
});

test('storage', (t) => {
  const spec = {
    capacity: { storage: '1Gi' },
    accessModes: ['ReadWriteMany', 'ReadWriteOnce'],
    claimRef: { namespace: 'n', name: 'c' },
  };
  t.like(rowOf('PersistentVolume', '', { spec, status: { phase: 'Bound' } }), {
    Capacity: '1Gi',
    'Access Modes': 'RWO,RWX',
    Claim: 'n/c',
    Status: 'Bound',
    VolumeMode: '<unset>',
  });
  const status = { phase: 'Bound', capacity: { storage: '2Gi' }, accessModes: ['ReadWriteOncePod'] };
  t.like(rowOf('PersistentVolumeClaim', '', { spec: { volumeName: 'v', storageClassName: 's' }, status }), {
    Volume: 'v',
    Capacity: '2Gi',
    'Access Modes': 'RWOP',
    StorageClass: 's',
  });
  t.like(rowOf('PersistentVolumeClaim', '', { metadata: { deletionTimestamp: created } }), {
    Status: 'Terminating',
    Capacity: '',
  });
  const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
  t.like(rowOf('StorageClass', 'storage.k8s.io', { metadata: { annotations }, provisioner: 'p' }), {
    Name: 'x (default)',
    ReclaimPolicy: 'Delete',
  });
});

test('who may do what', (t) => {
  const subjects = [
    { kind: 'User', name: 'jane' },
    { kind: 'ServiceAccount', namespace: 'n', name: 'sa' },
  ];
  t.deepEqual(
    rowOf('ClusterRoleBinding', 'rbac.authorization.k8s.io', {
      roleRef: { kind: 'ClusterRole', name: 'admin' },
      subjects,
    }),
    {
      Name: 'x',
      Role: 'ClusterRole/admin',
      Age: '60m',
      Users: 'jane',
      Groups: '',
      ServiceAccounts: 'n/sa',
    },
  );
  const csr = (conditions: string[], certificate = ''): unknown =>
    rowOf('CertificateSigningRequest', 'certificates.k8s.io', {
      spec: { signerName: 's', expirationSeconds: 3600 },
      status: { conditions: conditions.map((type) => ({ type })), certificate },
    })['Condition'];
  t.deepEqual(
    [csr([]), csr(['Approved'], 'x'), csr(['Denied', 'Failed'])],
    ['Pending', 'Approved,Issued', 'Denied,Failed'],
  );
});

test('what nodes and pods use', (t) => {
  const usage = { cpu: '1500000n', memory: '384Ki' };
  const window = '1.007s';
  const node = rowOf('NodeMetrics', 'metrics.k8s.io', { usage, window });
  t.deepEqual(node, { Name: 'x', cpu: '1500u', memory: '384Ki', Window: window });
  const containers = [{ usage }, { usage: { cpu: '0n', memory: '640Ki' } }];
  const pod = rowOf('PodMetrics', 'metrics.k8s.io', { containers, window });
  t.deepEqual(pod, { Name: 'x', cpu: '1500u', memory: '1Mi', Window: window }, 'of all its containers');
});

test('other kinds show their name and when they were created', (t) => {
  t.deepEqual(rowOf('ClusterRole', 'rbac.authorization.k8s.io', {}), { Name: 'x', 'Created At': created });
});

test('rows carry the object, its metadata or nothing, as asked', (t) => {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: {} } as KubernetesObject;
  const included = (includeObject: 'None' | 'Metadata' | 'Object'): unknown =>
    tableOf({ group: '', kind: 'ConfigMap' }, [object], { now, includeObject }).rows[0]!.object;
  t.is(included('None'), null);
  t.is(included('Object'), object);
  t.deepEqual(included('Metadata'), {
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { name: 'x' },
  });
});

test('whatever an object holds, its row has a cell for each column', (t) => {
  for (const type of resourceTypes()) {
    if (!type.verbs.includes('list')) continue;
    const objects = arbitraryKind(apiVersionOf(type), type.kind, 4);
    fc.assert(
      fc.property(objects, (object) => {
        const stored = { metadata: {}, ...object } as unknown as KubernetesObject;
        applyDefaults(stored);
        const { rows, columnDefinitions } = tableOf(type, [stored], { now, includeObject: 'None' });
        const cells = rows[0]!.cells;
        t.is(cells.length, columnDefinitions.length, type.kind);
        t.false(
          cells.some((cell) => cell === undefined || (typeof cell === 'string' && isLeak(cell, stored))),
          `${type.kind}: ${JSON.stringify(cells)}`,
        );
      }),
      { numRuns: 8 },
    );
  }
});

/** A cell that shows what its printer forgot, rather than what the object says. */
function isLeak(cell: string, object: KubernetesObject): boolean {
  const leak = /undefined|NaN/.exec(cell)?.[0];
  return leak !== undefined && !JSON.stringify(object).includes(leak);
}
