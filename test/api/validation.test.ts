import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import {
  apiVersionOf,
  applyDefaults,
  fieldErrorText,
  type KubernetesObject,
  resourceTypes,
  validate,
  validateUpdate,
} from '../../src/api/index.ts';
import { arbitraryKind } from './support/arbitrary-object.ts';

type Json = Record<string, unknown>;

interface Kind {
  apiVersion: string;
  kind: string;
  cluster?: boolean;
}

const kinds = {
  pod: { apiVersion: 'v1', kind: 'Pod' },
  deployment: { apiVersion: 'apps/v1', kind: 'Deployment' },
  service: { apiVersion: 'v1', kind: 'Service' },
  configMap: { apiVersion: 'v1', kind: 'ConfigMap' },
  secret: { apiVersion: 'v1', kind: 'Secret' },
  namespace: { apiVersion: 'v1', kind: 'Namespace', cluster: true },
  node: { apiVersion: 'v1', kind: 'Node', cluster: true },
} satisfies Record<string, Kind>;

function typeOf({ apiVersion, kind, cluster = false }: Kind): { group: string; kind: string; namespaced: boolean } {
  return { group: apiVersion.includes('/') ? apiVersion.split('/')[0]! : '', kind, namespaced: !cluster };
}

function make({ apiVersion, kind, cluster }: Kind, parts: Json): KubernetesObject {
  const metadata = { name: 'x', ...(cluster ? {} : { namespace: 'default' }), ...(parts['metadata'] as Json) };
  const object = { apiVersion, kind, ...structuredClone(parts), metadata } as KubernetesObject;
  applyDefaults(object);
  return object;
}

const errorsOf = (kind: Kind, parts: Json): string[] => validate(make(kind, parts), typeOf(kind)).map(fieldErrorText);

const updateErrors = (kind: Kind, before: Json, after: Json): string[] =>
  validateUpdate(make(kind, after), make(kind, before), typeOf(kind)).map(fieldErrorText);

type Case = [parts: Json, errors: (string | RegExp)[]];

function check(t: ExecutionContext, kind: Kind, cases: readonly Case[]): void {
  for (const [parts, expected] of cases) {
    const errors = errorsOf(kind, parts);
    const name = JSON.stringify(parts);
    t.is(errors.length, expected.length, `${name}\n${errors.join('\n')}`);
    expected.forEach((wanted, index) => {
      if (typeof wanted === 'string') t.is(errors[index], wanted, name);
      else t.regex(errors[index] ?? '', wanted, name);
    });
  }
}

const container = { name: 'c', image: 'i' };
const pod = (spec: Json, metadata: Json = {}): Json => ({ metadata, spec: { containers: [container], ...spec } });

test('metadata', (t) => {
  check(t, kinds.pod, [
    [pod({}), []],
    [pod({}, { name: undefined }), ['metadata.name: Required value: name or generateName is required']],
    [pod({}, { name: 'A' }), [/^metadata\.name: Invalid value: "A": a lowercase RFC 1123 subdomain must/]],
    [pod({}, { name: 'a-x', generateName: 'a-' }), []],
    [pod({}, { name: 'a-x', generateName: 'A-' }), [/^metadata\.generateName: Invalid value: "A-"/]],
    [pod({}, { namespace: undefined }), ['metadata.namespace: Required value']],
    [pod({}, { namespace: 'a.b' }), ['metadata.namespace: Invalid value: "a.b": must not contain dots']],
    [pod({}, { generation: -1 }), ['metadata.generation: Invalid value: -1: must be greater than or equal to 0']],
    [pod({}, { labels: { '-a': 'b' } }), [/^metadata\.labels: Invalid value: "-a": name part must consist of/]],
    [
      pod({}, { labels: { a: '-b' } }),
      [/^metadata\.labels: Invalid value: "-b": a valid label must be an empty string or/],
    ],
    [pod({}, { annotations: { 'A/B/c': '' } }), [/^metadata\.annotations: Invalid value: "A\/B\/c"/]],
    [
      pod({}, { annotations: { A: 'x'.repeat(262_144) } }),
      ['metadata.annotations: Too long: may not be more than 262144 bytes'],
    ],
    [
      pod({}, { finalizers: ['a b'] }),
      [
        /^metadata\.finalizers: Invalid value: "a b"/,
        'metadata.finalizers[0]: Invalid value: "a b": name is neither a standard finalizer name nor is it fully qualified',
      ],
    ],
    [
      pod({}, { finalizers: ['orphan', 'foregroundDeletion'] }),
      [
        'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer foregroundDeletion and orphan cannot be both set',
      ],
    ],
    [
      pod({}, { ownerReferences: [{ kind: 'Event', apiVersion: 'v1', name: 'n' }] }),
      ['metadata.ownerReferences.uid: Invalid value: "": must not be empty', /disallowed from being an owner/],
    ],
    [
      pod({}, { ownerReferences: [{ name: 'n', uid: 'u', kind: 'K' }] }),
      ['metadata.ownerReferences.apiVersion: Invalid value: "": version must not be empty'],
    ],
    [
      pod(
        {},
        {
          ownerReferences: ['a', 'b'].map((name) => ({
            apiVersion: 'v1',
            kind: 'Pod',
            name,
            uid: name,
            controller: true,
          })),
        },
      ),
      [/Only one reference can have Controller set to true\. Found "true" in references for Pod\/a and Pod\/b/],
    ],
  ]);
  check(t, kinds.namespace, [
    [{ metadata: { name: 'a.b' } }, ['metadata.name: Invalid value: "a.b": must not contain dots']],
    [{ metadata: { namespace: 'x' } }, ['metadata.namespace: Forbidden: not allowed on this type']],
    [
      { spec: { finalizers: ['a b'] } },
      [/^spec\.finalizers: Invalid value: "a b": name part must/, /^spec\.finalizers: .*nor is it fully qualified$/],
    ],
  ]);
  check(t, { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', cluster: true }, [
    [{ metadata: { name: 'system:x' } }, []],
    [{ metadata: { name: 'a/b' } }, [`metadata.name: Invalid value: "a/b": may not contain '/'`]],
  ]);
  t.regex(
    errorsOf(
      { apiVersion: 'batch/v1', kind: 'CronJob' },
      { metadata: { name: 'x'.repeat(53) }, spec: { schedule: '@daily' } },
    )[0]!,
    /must be no more than 52 characters/,
  );
});

test('changes of metadata', (t) => {
  const update = (before: Json, after: Json): string[] => updateErrors(kinds.pod, pod({}, before), pod({}, after));
  t.deepEqual(update({}, { labels: { a: 'b' } }), []);
  t.deepEqual(update({ uid: 'a' }, { uid: 'b' }), ['metadata.uid: Invalid value: "b": field is immutable']);
  t.deepEqual(update({ generation: 2 }, { generation: 1 }), [
    'metadata.generation: Invalid value: 1: must not be decremented',
  ]);
  t.deepEqual(
    update({ deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['a/b'] }, { finalizers: ['a/b', 'c/d'] }),
    [
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"c/d"}',
    ],
  );
});

const labels = { app: 'web' };
const template = { metadata: { labels }, spec: { containers: [container] } };
const workload = (parts: Json): Json => ({ spec: { selector: { matchLabels: labels }, template, ...parts } });

test('deployments', (t) => {
  const strategy = (maxUnavailable: unknown, maxSurge: unknown): Json =>
    workload({ strategy: { rollingUpdate: { maxUnavailable, maxSurge } } });
  const rolling = 'spec.strategy.rollingUpdate';
  check(t, kinds.deployment, [
    [workload({}), []],
    [workload({ replicas: -1 }), ['spec.replicas: Invalid value: -1: must be greater than or equal to 0']],
    [workload({ selector: undefined }), ['spec.selector: Required value']],
    [workload({ selector: {} }), ['spec.selector: Invalid value: {}: empty selector is invalid for deployment']],
    [
      workload({ selector: { matchLabels: { app: 'db' } } }),
      ['spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`'],
    ],
    [workload({ selector: { matchExpressions: [{ key: 'a', operator: 'Near' }] } }), [/not a valid selector operator/]],
    [
      workload({ template: { metadata: { labels }, spec: { containers: [] } } }),
      ['spec.template.spec.containers: Required value'],
    ],
    [
      workload({
        template: {
          metadata: { labels, annotations: { 'a b': '' } },
          spec: { containers: [container], restartPolicy: 'Never', activeDeadlineSeconds: 5 },
        },
      }),
      [
        /^spec\.template\.annotations: Invalid value: "a b"/,
        'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
        'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported',
      ],
    ],
    [
      workload({ strategy: { type: 'Slowly' } }),
      [
        'spec.strategy: Unsupported value: {"Type":"Slowly","RollingUpdate":null}: supported values: "Recreate", "RollingUpdate"',
      ],
    ],
    [
      workload({ strategy: { type: 'Recreate', rollingUpdate: {} } }),
      [`${rolling}: Forbidden: may not be specified when strategy \`type\` is 'Recreate'`],
    ],
    [strategy(0, 0), [`${rolling}.maxUnavailable: Invalid value: 0: may not be 0 when \`maxSurge\` is 0`]],
    [strategy('0%', '0%'), [`${rolling}.maxUnavailable: Invalid value: "0%": may not be 0 when \`maxSurge\` is 0`]],
    [
      strategy('x', -1),
      [
        `${rolling}.maxUnavailable: Invalid value: "x": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')`,
        `${rolling}.maxSurge: Invalid value: -1: must be greater than or equal to 0`,
      ],
    ],
    [strategy('101%', 1), [`${rolling}.maxUnavailable: Invalid value: "101%": must not be greater than 100%`]],
    [
      workload({ minReadySeconds: 600 }),
      ['spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds'],
    ],
    [
      workload({
        template: { ...template, spec: { containers: [container], ephemeralContainers: [{ name: 'e', image: 'e' }] } },
      }),
      ['spec.template.spec.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template'],
    ],
  ]);
  const other = { app: 'other' };
  t.deepEqual(
    updateErrors(
      kinds.deployment,
      workload({}),
      workload({ selector: { matchLabels: other }, template: { ...template, metadata: { labels: other } } }),
    ),
    ['spec.selector: Invalid value: {"matchLabels":{"app":"other"}}: field is immutable'],
  );
});

test('the other workloads', (t) => {
  const apps = (kind: string): Kind => ({ apiVersion: 'apps/v1', kind });
  check(t, apps('ReplicaSet'), [
    [workload({ replicas: -1 }), ['spec.replicas: Invalid value: -1: must be greater than or equal to 0']],
    [workload({ selector: { matchLabels: { a: 'b' } } }), [/does not match template/]],
  ]);
  check(t, apps('DaemonSet'), [
    [workload({}), []],
    [
      workload({ updateStrategy: { rollingUpdate: { maxUnavailable: 1, maxSurge: 1 } } }),
      [/may not be set when maxUnavailable is non-zero/],
    ],
    [workload({ updateStrategy: { rollingUpdate: { maxUnavailable: 0 } } }), [/cannot be 0 when maxSurge is 0/]],
  ]);
  check(t, apps('StatefulSet'), [
    [workload({}), []],
    [
      workload({ updateStrategy: { type: 'OnDelete', rollingUpdate: {} } }),
      [/only allowed for updateStrategy 'RollingUpdate'/],
    ],
    [workload({ updateStrategy: { rollingUpdate: { partition: -1 } } }), [/partition: Invalid value: -1/]],
    [
      workload({
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ ...container, volumeMounts: [{ name: 'data', mountPath: '/data' }] }] },
        },
        volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'] } }],
      }),
      [],
    ],
  ]);
  t.deepEqual(updateErrors(apps('StatefulSet'), workload({}), workload({ replicas: 3 })), []);
  t.regex(
    updateErrors(apps('StatefulSet'), workload({}), workload({ serviceName: 'x' }))[0]!,
    /^spec: Forbidden: updates to statefulset spec for fields other than/,
  );
  const job: Kind = { apiVersion: 'batch/v1', kind: 'Job' };
  const once = { spec: { template: { spec: { containers: [container], restartPolicy: 'Never' } } } };
  check(t, job, [
    [once, []],
    [
      { spec: { template: { spec: { containers: [container] } } } },
      ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
    ],
    [
      { spec: { ...once.spec, parallelism: 1, completionMode: 'Indexed' } },
      ['spec.completions: Required value: when completion mode is Indexed'],
    ],
    [{ spec: { ...once.spec, backoffLimit: -1 } }, [/backoffLimit: Invalid value: -1/]],
  ]);
  t.deepEqual(updateErrors(job, once, { spec: { ...once.spec, parallelism: 5, completions: 1 } }), []);
  t.regex(
    updateErrors(job, once, {
      spec: { template: { spec: { containers: [{ ...container, image: 'b' }], restartPolicy: 'Never' } } },
    })[0]!,
    /^spec\.template: Invalid value: .*: field is immutable$/,
  );
  check(t, { apiVersion: 'batch/v1', kind: 'CronJob' }, [
    [{ spec: { schedule: '@daily', jobTemplate: once } }, []],
    [
      { spec: { failedJobsHistoryLimit: -1, jobTemplate: once } },
      ['spec.schedule: Required value', /failedJobsHistoryLimit: Invalid value: -1/],
    ],
  ]);
  check(t, { apiVersion: 'v1', kind: 'ReplicationController' }, [
    [{ spec: { selector: labels, template } }, []],
    [{ spec: { selector: { a: 'b' }, template } }, [/does not match template/]],
    [{ spec: {} }, ['spec.selector: Required value', 'spec.template: Required value']],
  ]);
  check(t, { apiVersion: 'v1', kind: 'PodTemplate' }, [
    [{ template: { spec: { containers: [{ name: 'c' }] } } }, ['template.spec.containers[0].image: Required value']],
  ]);
});

test('services', (t) => {
  const service = (spec: Json): Json => ({ spec: { ports: [{ port: 80 }], ...spec } });
  const ports = (...list: Json[]): Json => service({ ports: list });
  check(t, kinds.service, [
    [service({}), []],
    [ports(), ['spec.ports: Required value']],
    [service({ ports: [], clusterIP: 'None' }), []],
    [
      ports({ port: 0 }),
      ['spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive', /targetPort: Invalid value: 0/],
    ],
    [ports({ port: 1 }, { port: 2 }), ['spec.ports[0].name: Required value', 'spec.ports[1].name: Required value']],
    [ports({ port: 1, name: 'a' }, { port: 2, name: 'a' }), ['spec.ports[1].name: Duplicate value: "a"']],
    [
      ports({ port: 1, name: 'a' }, { port: 1, name: 'b' }),
      [
        'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":1,"TargetPort":0,"NodePort":0}',
      ],
    ],
    [ports({ port: 1, name: 'A' }), [/^spec\.ports\[0\]\.name: Invalid value: "A": a lowercase RFC 1123 label must/]],
    [
      ports({ port: 1, targetPort: 'x--y' }),
      [/targetPort: Invalid value: "x--y": must not contain consecutive hyphens/],
    ],
    [
      ports({ port: 1, nodePort: 30000 }),
      ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
    ],
    [
      service({
        type: 'NodePort',
        ports: [
          { port: 1, name: 'a', nodePort: 7 },
          { port: 2, name: 'b', nodePort: 7 },
        ],
      }),
      [/^spec\.ports\[1\]\.nodePort: Duplicate value/],
    ],
    [service({ type: 'Magic' }), [/^spec\.type: Unsupported value: "Magic"/]],
    [service({ selector: { a: '-' } }), [/^spec\.selector: Invalid value: "-"/]],
    [
      service({ clusterIP: 'x' }),
      ['spec.clusterIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
    ],
    [service({ clusterIP: '1.2.3.4', clusterIPs: ['1.2.3.5'] }), [/first value must match `clusterIP`/]],
    [service({ clusterIP: 'None', type: 'LoadBalancer' }), [/may not be set to 'None' for LoadBalancer services/]],
    [service({ clusterIP: 'None', clusterIPs: ['None', '1.2.3.4'] }), [/'None' must be the first and only value/]],
    [service({ externalIPs: ['x'] }), [/^spec\.externalIPs\[0\]: Invalid value: "x"/]],
    [service({ type: 'ExternalName' }), ['spec.externalName: Required value']],
    [
      service({ type: 'ExternalName', externalName: 'A', clusterIP: '1.2.3.4' }),
      [/clusterIPs: Forbidden: may not be set for ExternalName services/, /externalName: Invalid value: "A"/],
    ],
    [
      service({ sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 0 } } }),
      [/must be greater than 0 and less than 86400/],
    ],
    [{ metadata: { name: '1a' }, ...service({}) }, [/^metadata\.name: Invalid value: "1a": a DNS-1035 label must/]],
  ]);
  const address = (clusterIP: string | undefined): Json =>
    service({ clusterIP, clusterIPs: clusterIP ? [clusterIP] : undefined });
  t.deepEqual(updateErrors(kinds.service, address('1.2.3.4'), address('1.2.3.4')), []);
  t.regex(
    updateErrors(kinds.service, address('1.2.3.4'), address('1.2.3.5'))[0]!,
    /^spec\.clusterIPs\[0\]: Invalid value: \["1\.2\.3\.5"\]: may not change once set$/,
  );
  t.regex(
    updateErrors(kinds.service, address('1.2.3.4'), address(undefined))[0]!,
    /primary clusterIP can not be unset/,
  );
});

test('config maps and secrets', (t) => {
  const big = 'x'.repeat(1024 * 1024 + 1);
  check(t, kinds.configMap, [
    [{ data: { a: 'b' }, binaryData: { c: 'eA==' } }, []],
    [{ data: { 'a b': '' } }, [/^data\[a b\]: Invalid value: "a b": a valid config key must consist of/]],
    [
      { data: { a: '' }, binaryData: { a: '' } },
      ['data[a]: Invalid value: "a": duplicate of key present in binaryData'],
    ],
    [{ data: { a: big } }, [': Too long: may not be more than 1048576 bytes']],
  ]);
  const frozen = { immutable: true, data: { a: 'b' } };
  t.deepEqual(updateErrors(kinds.configMap, frozen, { immutable: true, data: { a: 'c' } }), [
    'data: Forbidden: field is immutable when `immutable` is set',
  ]);
  t.deepEqual(updateErrors(kinds.configMap, frozen, { data: { a: 'b' } }), [
    'immutable: Forbidden: field is immutable when `immutable` is set',
  ]);
  t.deepEqual(updateErrors(kinds.configMap, { data: {} }, frozen), []);
  const encoded = (text: string): string => Buffer.from(text).toString('base64');
  check(t, kinds.secret, [
    [{ stringData: { a: 'b' } }, []],
    [{ data: { a: encoded(big) } }, ['data: Too long: may not be more than 1048576 bytes']],
    [{ type: 'kubernetes.io/tls', data: { 'tls.crt': '' } }, ['data[tls.key]: Required value']],
    [{ type: 'kubernetes.io/basic-auth' }, ['data[username]: Required value', 'data[password]: Required value']],
    [{ type: 'kubernetes.io/ssh-auth' }, ['data[ssh-privatekey]: Required value']],
    [
      { type: 'kubernetes.io/service-account-token' },
      ['metadata.annotations[kubernetes.io/service-account.name]: Required value'],
    ],
    [{ type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': encoded('{}') } }, []],
    [
      { type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': encoded('{') } },
      [/<secret contents redacted>/],
    ],
  ]);
  t.deepEqual(updateErrors(kinds.secret, {}, { type: 'x' }), ['type: Invalid value: "x": field is immutable']);
});

test('what makes up a cluster', (t) => {
  const taint = { key: 'a', effect: 'NoSchedule' };
  check(t, kinds.node, [
    [{ spec: { taints: [taint, { ...taint, effect: 'NoExecute' }] } }, []],
    [
      { spec: { taints: [taint, taint] } },
      [
        'metadata.taints[1]: Duplicate value: {"Key":"a","Value":"","Effect":"NoSchedule","TimeAdded":null}: taints must be unique by key and effect pair',
      ],
    ],
    [
      { spec: { taints: [{ key: '-', value: '-', effect: 'Never' }] } },
      [
        /^metadata\.taints\[0\]\.key: Invalid value/,
        /value: Invalid value/,
        'metadata.taints[0].effect: Unsupported value: "Never": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
      ],
    ],
  ]);
  t.regex(
    updateErrors(kinds.node, { spec: { providerID: 'a', podCIDR: '1.0.0.0/8' } }, { spec: {} }).join(),
    /podCIDR.*providerID/,
  );
  check(t, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' }, [
    [{ spec: { leaseDurationSeconds: 15, holderIdentity: 'me' } }, []],
    [
      { spec: { leaseDurationSeconds: 0, leaseTransitions: -1 } },
      [
        'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
        'spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0',
      ],
    ],
    [{ spec: { preferredHolder: 'x' } }, [/may only be specified if `strategy` is defined/]],
  ]);
  const event: Kind = { apiVersion: 'v1', kind: 'Event' };
  check(t, event, [
    [{ involvedObject: { namespace: 'default' } }, []],
    [{ involvedObject: {} }, []],
    [{ metadata: { namespace: 'kube-system' }, involvedObject: {} }, [/does not match event\.namespace/]],
    [
      { involvedObject: { namespace: 'other' } },
      ['involvedObject.namespace: Invalid value: "other": does not match event.namespace'],
    ],
  ]);
  const priority: Kind = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', cluster: true };
  check(t, priority, [
    [{ value: 7 }, []],
    [{ value: 1_000_000_001 }, [/maximum allowed value of a user defined priority is 1000000000/]],
    [
      { metadata: { name: 'system-mine' }, value: 1 },
      [
        "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: system-mine is not a known system priority class",
      ],
    ],
    [
      { metadata: { name: 'system-node-critical' }, value: 7 },
      [/error: value of system-node-critical PriorityClass must be 2000001000$/],
    ],
    [
      { metadata: { name: 'system-node-critical' }, value: 2_000_001_000, globalDefault: true },
      [/error: globalDefault of system-node-critical PriorityClass must be false$/],
    ],
    [{ metadata: { name: 'system-node-critical' }, value: 2_000_001_000 }, []],
  ]);
  t.deepEqual(updateErrors(priority, { value: 1 }, { value: 2 }), [
    'value: Forbidden: may not be changed in an update.',
  ]);
});

test('who may do what', (t) => {
  const group = 'rbac.authorization.k8s.io/v1';
  const role: Kind = { apiVersion: group, kind: 'Role' };
  check(t, role, [
    [{ rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }] }, []],
    [{ rules: [{}] }, [/verbs must contain at least one value/, /at least one api group/, /at least one resource/]],
    [
      { rules: [{ verbs: ['get'], nonResourceURLs: ['/x'], resources: ['pods'] }] },
      [
        'rules[0].nonResourceURLs: Invalid value: ["/x"]: namespaced rules cannot apply to non-resource URLs',
        'rules[0].nonResourceURLs: Invalid value: ["/x"]: rules cannot apply to both regular resources and non-resource URLs',
      ],
    ],
  ]);
  check(t, { apiVersion: group, kind: 'ClusterRole', cluster: true }, [
    [{ rules: [{ verbs: ['get'], nonResourceURLs: ['/x'] }] }, []],
    [
      { aggregationRule: {} },
      [
        'aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil',
      ],
    ],
    [
      { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: '-' } }] } },
      [/^aggregationRule\.clusterRoleSelectors\[0\]\.matchLabels: Invalid value: "-"/],
    ],
  ]);
  const binding: Kind = { apiVersion: group, kind: 'RoleBinding' };
  const bind = (name: string, subjects: Json[] = []): Json => ({ roleRef: { kind: 'Role', name }, subjects });
  check(t, binding, [
    [bind('a', [{ kind: 'User', name: 'jane' }]), []],
    [bind('', [{ kind: 'ServiceAccount', name: 's' }]), ['roleRef.name: Required value']],
    [
      { roleRef: { apiGroup: 'v1', kind: 'Rule', name: 'a' } },
      [
        'roleRef.apiGroup: Unsupported value: "v1": supported values: "rbac.authorization.k8s.io"',
        'roleRef.kind: Unsupported value: "Rule": supported values: "Role", "ClusterRole"',
      ],
    ],
    [
      bind('a', [
        { kind: 'ServiceAccount', name: 'S', apiGroup: 'x' },
        { kind: 'Robot', name: 'r' },
        { kind: 'User', name: 'u', apiGroup: 'x' },
      ]),
      [
        /^subjects\[0\]\.name: Invalid value: "S": a lowercase RFC 1123 subdomain/,
        'subjects[0].apiGroup: Unsupported value: "x": supported values: ""',
        'subjects[1].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"',
        'subjects[2].apiGroup: Unsupported value: "x": supported values: "rbac.authorization.k8s.io"',
      ],
    ],
  ]);
  check(t, { apiVersion: group, kind: 'ClusterRoleBinding', cluster: true }, [
    [
      bind('a', [{ kind: 'ServiceAccount', name: 's' }]),
      [
        'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"',
        'subjects[0].namespace: Required value',
      ],
    ],
  ]);
  t.regex(
    updateErrors(binding, bind('a'), bind('b'))[0]!,
    /^roleRef: Invalid value: \{"APIGroup":"rbac.authorization.k8s.io","Kind":"Role","Name":"b"\}: cannot change roleRef$/,
  );
  check(t, { apiVersion: 'v1', kind: 'Binding' }, [
    [{ target: { kind: 'Node', name: 'n' } }, []],
    [
      { target: { kind: 'Rock' } },
      ['target.kind: Unsupported value: "Rock": supported values: "Node", "<empty>"', 'target.name: Required value'],
    ],
  ]);
});

test('whatever an object holds, it is judged and not choked on', (t) => {
  for (const type of resourceTypes()) {
    fc.assert(
      fc.property(arbitraryKind(apiVersionOf(type), type.kind, 4), (object) => {
        const stored = { metadata: {}, ...object } as unknown as KubernetesObject;
        applyDefaults(stored);
        const errors = [...validate(stored, type), ...validateUpdate(stored, stored, type)];
        t.true(
          errors.every(({ field }) => !field.includes('undefined')),
          type.kind,
        );
      }),
      { numRuns: 5 },
    );
  }
});
