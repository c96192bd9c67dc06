import test from 'ava';
import type { v1 } from '../../../src/api/index.ts';
import { describe, policyOf, violationsOf } from '../../../src/apiserver/admission/pod-security/policy.ts';
import {
  at,
  createFixture,
  deployment,
  deployments,
  fields,
  namespaces,
  object,
  pod,
  pods,
  refused,
  typeOf,
} from '../registry/harness.ts';

const container = (name: string, rest: object = {}) => ({ name, image: 'host', ...rest });
const good = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
};

const baseline: readonly [text: string, spec: object][] = [
  ['', {}],
  ['host namespaces (hostNetwork=true, hostPID=true)', { hostNetwork: true, hostPID: true }],
  [
    'privileged (container "a" must not set securityContext.privileged=true)',
    { containers: [container('a', { securityContext: { privileged: true } })] },
  ],
  [
    'non-default capabilities (containers "i", "a" must not include "NET_ADMIN", "SYS_TIME" in securityContext.capabilities.add)',
    {
      initContainers: [container('i', { securityContext: { capabilities: { add: ['SYS_TIME', 'CHOWN'] } } })],
      containers: [container('a', { securityContext: { capabilities: { add: ['NET_ADMIN'] } } })],
    },
  ],
  [
    'hostPath volumes (volumes "x", "y")',
    {
      volumes: [
        { name: 'x', hostPath: { path: '/' } },
        { name: 'y', hostPath: { path: '/' } },
        { name: 'z', emptyDir: {} },
      ],
    },
  ],
  [
    'hostPort (container "a" uses hostPorts 80, 90)',
    {
      containers: [
        container('a', {
          ports: [
            { containerPort: 1, hostPort: 80 },
            { containerPort: 2, hostPort: 90 },
          ],
        }),
      ],
    },
  ],
  [
    'probe or lifecycle host (container "a" uses probe or lifecycle host "1.2.3.4")',
    { containers: [container('a', { livenessProbe: { httpGet: { host: '1.2.3.4', port: 1 } } })] },
  ],
  [
    'procMount (container "a" must not set securityContext.procMount to "Unmasked")',
    { containers: [container('a', { securityContext: { procMount: 'Unmasked' } })] },
  ],
  [
    'seLinuxOptions (pod and container "a" set forbidden securityContext.seLinuxOptions: type "odd"; user may not be set)',
    {
      securityContext: { seLinuxOptions: { type: 'odd' } },
      containers: [container('a', { securityContext: { seLinuxOptions: { user: 'u' } } })],
    },
  ],
  [
    'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
    { securityContext: { seccompProfile: { type: 'Unconfined' } } },
  ],
  [
    'forbidden sysctls (kernel.msgmax, vm.swappiness)',
    {
      securityContext: {
        sysctls: [
          { name: 'kernel.msgmax', value: '1' },
          { name: 'net.ipv4.tcp_rmem', value: '1' },
          { name: 'vm.swappiness', value: '1' },
        ],
      },
    },
  ],
];

const restricted: readonly [text: string, spec: object][] = [
  ['', { containers: [container('a', { securityContext: good })] }],
  [
    'allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
    { containers: [container('a')] },
  ],
  [
    'restricted volume types (volumes "x", "y" use restricted volume types "hostPath", "nfs")',
    {
      volumes: [
        { name: 'x', hostPath: { path: '/' } },
        { name: 'y', nfs: { server: 'a', path: '/' } },
      ],
      containers: [container('a', { securityContext: good })],
    },
  ],
  [
    'runAsNonRoot != true (pod must not set securityContext.runAsNonRoot=false)',
    { securityContext: { runAsNonRoot: false }, containers: [container('a', { securityContext: good })] },
  ],
  [
    'runAsUser=0 (container "a" must not set runAsUser=0)',
    { containers: [container('a', { securityContext: { ...good, runAsUser: 0 } })] },
  ],
  [
    'unrestricted capabilities (container "a" must not include "CHOWN" in securityContext.capabilities.add)',
    {
      containers: [
        container('a', {
          securityContext: { ...good, capabilities: { drop: ['ALL'], add: ['CHOWN', 'NET_BIND_SERVICE'] } },
        }),
      ],
    },
  ],
];

const judged = (spec: object, level: 'baseline' | 'restricted', version = 'latest') =>
  describe(
    violationsOf(
      { annotations: {}, spec: { containers: [container('a')], ...spec } as v1.PodSpec },
      { level, version },
    ),
  );

test('what the levels do not allow is told as Kubernetes tells it', (t) => {
  for (const [text, spec] of baseline) t.is(judged(spec, 'baseline'), text);
  for (const [text, spec] of restricted) t.is(judged(spec, 'restricted'), text);
});

test('a version holds pods to what was then', (t) => {
  t.is(
    judged(
      { containers: [container('a', { livenessProbe: { tcpSocket: { host: 'x', port: 1 } } })] },
      'baseline',
      'v1.33',
    ),
    '',
  );
  t.is(
    judged({ securityContext: { sysctls: [{ name: 'net.ipv4.tcp_rmem', value: '1' }] } }, 'baseline', 'v1.31'),
    'forbidden sysctls (net.ipv4.tcp_rmem)',
  );
  t.is(judged({ os: { name: 'windows' }, securityContext: { runAsNonRoot: true } }, 'restricted'), '');
});

test('labels say the levels', (t) => {
  const label = (name: string) => `pod-security.kubernetes.io/${name}`;
  const latest = (level: string) => ({ level, version: 'latest' });
  t.deepEqual(policyOf({}).policy, {
    enforce: latest('privileged'),
    audit: latest('privileged'),
    warn: latest('privileged'),
  } as never);
  t.deepEqual(policyOf({ [label('enforce')]: 'baseline', [label('enforce-version')]: 'v1.30' }).policy.warn, {
    level: 'baseline',
    version: 'v1.30',
  });
  t.deepEqual(
    policyOf({ [label('enforce')]: 'baseline', [label('warn')]: 'restricted' }).policy.warn,
    latest('restricted') as never,
  );
  const { policy, problems } = policyOf({ [label('enforce')]: 'odd', [label('audit-version')]: 'x' });
  t.is(policy.enforce.level, 'restricted');
  t.is(problems.length, 2);
});

test('pods are refused, their makers warned of', async (t) => {
  const { registry } = await createFixture(t);
  const labelled = (labels: Record<string, string>) => ({
    ...object('v1', 'Namespace', 'held'),
    metadata: { name: 'held', labels },
  });
  const wrong = await refused(
    t,
    registry.create({ ...at(namespaces), object: labelled({ 'pod-security.kubernetes.io/enforce': 'odd' }) }),
    'Invalid',
  );
  t.is(
    wrong.message,
    'Namespace "held" is invalid: metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "odd": must be one of privileged, baseline, restricted',
  );
  await registry.create({ ...at(namespaces), object: labelled({}) });
  await registry.create({
    ...at(typeOf('serviceaccounts'), 'held'),
    object: object('v1', 'ServiceAccount', 'default'),
  });
  await registry.create({ ...at(pods, 'held'), object: pod('old', { hostNetwork: true }) });
  const warnings: string[] = [];
  await registry.update({
    ...at(namespaces),
    warnings,
    name: 'held',
    object: labelled({ 'pod-security.kubernetes.io/enforce': 'baseline' }),
  });
  t.deepEqual(warnings, [
    'existing pods in namespace "held" violate the new PodSecurity enforce level "baseline:latest"',
    'old: host namespaces',
  ]);
  const status = await refused(
    t,
    registry.create({ ...at(pods, 'held'), object: pod('new', { hostPID: true }) }),
    'Forbidden',
  );
  t.is(
    status.message,
    'pods "new" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostPID=true)',
  );
  const maker = deployment('web');
  Object.assign((maker as never as { spec: { template: { spec: object } } }).spec.template.spec, { hostPID: true });
  const told = { ...at(deployments, 'held'), object: maker, auditAnnotations: {} };
  await t.notThrowsAsync(registry.create(told));
  t.deepEqual(told.warnings, ['would violate PodSecurity "baseline:latest": host namespaces (hostPID=true)']);
  const relabel = { metadata: { labels: { a: 'b' } } };
  const changed = registry.patch({
    ...at(pods, 'held'),
    name: 'old',
    patchType: 'application/merge-patch+json',
    patch: relabel,
  });
  t.is(fields((await changed).result).metadata.labels.a, 'b', 'a change that does not matter is let through');
});
