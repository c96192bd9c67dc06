import test from 'ava';
import { type KubernetesObject, warningsOf } from '../../../src/api/index.ts';
import { compare, container, type Json, podOf } from './support.ts';

const type = { group: '', kind: 'Pod' };
const ofPod = (spec: Json, metadata?: Json): string[] => warningsOf(podOf(spec, metadata), undefined, type);
const needed = 'requiredDuringSchedulingIgnoredDuringExecution';
const wanted = 'preferredDuringSchedulingIgnoredDuringExecution';

test('what is probably not meant in a pod is said', (t) => {
  const env = (...list: Json[]): Json => ({ containers: [{ ...container, env: list }] });
  const ports = (...list: Json[]): Json => ({ containers: [{ ...container, ports: list }] });
  const port = 'spec.containers[0].ports';
  const a = { name: 'A', value: '1' };
  const nothing = 'a null labelSelector results in matching no pod';
  const spread = { maxSkew: 1, whenUnsatisfiable: 'ScheduleAnyway' };
  const cases: [spec: Json, ...warnings: string[]][] = [
    [{}],
    [
      { nodeSelector: { 'beta.kubernetes.io/os': 'linux' } },
      'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
    ],
    [
      {
        affinity: {
          nodeAffinity: {
            [wanted]: [
              {
                weight: 1,
                preference: {
                  matchExpressions: [{ key: 'failure-domain.beta.kubernetes.io/zone', operator: 'Exists' }],
                },
              },
            ],
          },
        },
      },
      `spec.affinity.nodeAffinity.${wanted}[0].preference.matchExpressions[0].key: failure-domain.beta.kubernetes.io/zone is deprecated since v1.17; use "topology.kubernetes.io/zone" instead`,
    ],
    [
      { affinity: { podAntiAffinity: { [needed]: [{ topologyKey: 'k' }] } } },
      `spec.affinity.podAntiAffinity.${needed}[0].labelSelector: ${nothing}`,
    ],
    [
      { topologySpreadConstraints: [{ ...spread, topologyKey: 'zone' }] },
      `spec.topologySpreadConstraints[0].labelSelector: ${nothing}`,
    ],
    [
      { volumes: [{ name: 'v', cephfs: { monitors: ['m'] } }] },
      'spec.volumes[0].cephfs: deprecated in v1.28, non-functional in v1.31+',
    ],
    [
      {
        volumes: [
          {
            name: 'v',
            projected: {
              sources: [
                { serviceAccountToken: { path: 't' } },
                { secret: { name: 's', items: [{ key: 'k', path: 't' }] } },
              ],
            },
          },
        ],
      },
      'spec.volumes[0].projected.sources.secrets[0]: has duplicated path with ServiceAccountToken "t"',
    ],
    [{ hostAliases: [{ ip: '1.2.3.4' }, { ip: '1.2.3.4' }] }, 'spec.hostAliases[1].ip: duplicate ip "1.2.3.4"'],
    [
      { imagePullSecrets: [{ name: 'a' }, { name: 'a' }, { name: '' }] },
      'spec.imagePullSecrets[1].name: duplicate name "a"',
      'spec.imagePullSecrets[2].name: invalid empty name ""',
    ],
    [
      { containers: [{ ...container, resources: { requests: { memory: '1500m' } } }] },
      'spec.containers[0].resources.requests[memory]: fractional byte value "1500m" is invalid, must be an integer',
    ],
    [env(a, { name: 'A', value: '$(A)2' })],
    [
      env(a, { name: 'A', value: '2' }),
      'spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply',
    ],
    [
      ports({ containerPort: 80, hostIP: '1.2.3.4' }),
      `${port}[0]: hostIP set without hostPort: {Name: HostPort:0 ContainerPort:80 Protocol:TCP HostIP:1.2.3.4}`,
    ],
    [ports({ containerPort: 80 }, { containerPort: 80, protocol: 'UDP' })],
    [
      ports({ containerPort: 80 }, { containerPort: 80, name: 'x' }),
      `${port}[1]: duplicate port definition with ${port}[0]`,
    ],
    [
      ports({ containerPort: 80 }, { containerPort: 80, hostPort: 8 }),
      `${port}[1]: overlapping port definition with ${port}[0]`,
    ],
    [
      ports({ containerPort: 80, hostPort: 8 }, { containerPort: 80, hostPort: 8, hostIP: '1.2.3.4' }),
      `${port}[1]: dangerously ambiguous port definition with ${port}[0]`,
    ],
    [
      { terminationGracePeriodSeconds: -1 },
      'spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1',
    ],
  ];
  for (const [spec, ...expected] of cases) compare(t, ofPod(spec), expected, JSON.stringify(spec));
  t.deepEqual(ofPod({}, { name: 'a.b' }), [
    "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]",
  ]);
  t.deepEqual(ofPod({}, { annotations: { 'seccomp.security.alpha.kubernetes.io/pod': 'unconfined' } }), [
    'metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]: non-functional in v1.27+; use the "seccompProfile" field instead',
  ]);
  const changed = podOf({ terminationGracePeriodSeconds: -1 });
  t.deepEqual(warningsOf(changed, changed, type), []);
});

test('and in a template, when it is new or the object changed', (t) => {
  const job = (generation: number) =>
    ({
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'a.b', generation },
      spec: {
        jobTemplate: { spec: { template: { spec: { nodeSelector: { 'app.kubernetes.io/created-by': 'x' } } } } },
      },
    }) as unknown as KubernetesObject;
  const type = { group: 'batch', kind: 'CronJob' };
  const label = 'spec.jobTemplate.spec.template.spec.nodeSelector[app.kubernetes.io/created-by]: deprecated since v1.9';
  t.deepEqual(warningsOf(job(1), undefined, type), [
    'metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]',
    label,
  ]);
  t.deepEqual(warningsOf(job(2), job(1), type), [label]);
  t.deepEqual(warningsOf(job(1), job(1), type), []);
});
