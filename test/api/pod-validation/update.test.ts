import test from 'ava';
import { compare, container, type Json, podOf, updateErrors } from './support.ts';

type UpdateCase = [before: Json, after: Json, ...errors: (string | RegExp)[]];

const needed = 'requiredDuringSchedulingIgnoredDuringExecution';
const toNode = (...terms: Json[]): Json => ({ nodeAffinity: { [needed]: { nodeSelectorTerms: terms } } });
const expressions = (...keys: string[]): Json => ({
  matchExpressions: keys.map((key) => ({ key, operator: 'Exists' })),
});

test('a pod changes only where it may', (t) => {
  const toleration = { key: 'a', operator: 'Exists', effect: 'NoExecute' };
  const init = { name: 'i', image: 'i' };
  const gates = { schedulingGates: [{ name: 'g' }] };
  const kept = 'spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds';
  const cases: UpdateCase[] = [
    [{}, {}],
    [{}, { containers: [{ ...container, image: 'other' }] }],
    [{ initContainers: [init] }, { initContainers: [{ ...init, image: 'other' }] }],
    [
      { containers: [{ ...container, imagePullPolicy: 'Never' }] },
      { containers: [{ ...container, imagePullPolicy: 'Never', image: '' }] },
      'spec.containers[0].image: Required value',
    ],
    [
      {},
      { containers: [container, { ...container, name: 'd' }] },
      'spec.containers: Forbidden: pod updates may not add or remove containers',
    ],
    [{ initContainers: [init] }, {}, 'spec.initContainers: Forbidden: pod updates may not add or remove containers'],
    [{}, { activeDeadlineSeconds: 9 }],
    [{ activeDeadlineSeconds: 9 }, { activeDeadlineSeconds: 8 }],
    [
      { activeDeadlineSeconds: 9 },
      { activeDeadlineSeconds: 10 },
      'spec.activeDeadlineSeconds: Invalid value: 10: must be less than or equal to previous value',
    ],
    [
      { activeDeadlineSeconds: 9 },
      {},
      'spec.activeDeadlineSeconds: Invalid value: "null": must not update from a positive integer to nil value',
    ],
    [{ tolerations: [toleration] }, { tolerations: [{ ...toleration, tolerationSeconds: 5 }, { operator: 'Exists' }] }],
    [{ tolerations: [toleration] }, {}, kept],
    [{ tolerations: [toleration] }, { tolerations: [{ ...toleration, key: 'b' }] }, kept],
    [{ terminationGracePeriodSeconds: -1 }, { terminationGracePeriodSeconds: 1 }],
    [
      { terminationGracePeriodSeconds: 5 },
      { terminationGracePeriodSeconds: 1 },
      /^spec: Forbidden: pod updates may not change fields other than .*\n {2}core\.PodSpec\{/,
    ],
    [gates, {}],
    [
      gates,
      { schedulingGates: [{ name: 'h' }] },
      "spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'h'",
    ],
    // While it is held back, where it may go can be narrowed.
    [gates, { ...gates, nodeSelector: { a: 'b' }, affinity: toNode(expressions('a')) }],
    [{}, { nodeSelector: { a: 'b' } }, /pod updates may not change fields/],
    [
      { ...gates, nodeSelector: { a: 'b' } },
      { ...gates, nodeSelector: { a: 'c' } },
      'spec.nodeSelector: Invalid value: {"a":"c"}: only additions to spec.nodeSelector are allowed (no mutations or deletions)',
    ],
    [
      { ...gates, affinity: toNode(expressions('a')) },
      { ...gates, affinity: toNode(expressions('a', 'b')) },
    ],
    [
      { ...gates, affinity: toNode(expressions('a')) },
      { ...gates, affinity: toNode(expressions('b')) },
      /nodeSelectorTerms\[0\]: Invalid value: .*: only additions are allowed \(no mutations or deletions\)/,
    ],
    [
      { ...gates, affinity: toNode(expressions('a')) },
      { ...gates, affinity: toNode(expressions('a'), expressions('b')) },
      /nodeSelectorTerms: Invalid value: .*: no additions\/deletions to non-empty NodeSelectorTerms list are allowed/,
    ],
    [
      gates,
      { ...gates, affinity: { podAffinity: { [needed]: [{ topologyKey: 'k' }] } } },
      /pod updates may not change fields/,
    ],
  ];
  for (const [before, after, ...expected] of cases) {
    compare(t, updateErrors(podOf(after), podOf(before)), expected, JSON.stringify([before, after]));
  }
});

test('what changed is told as a difference', (t) => {
  const before = { nodeSelector: { app: 'a', b: 'c' }, containers: [{ ...container, command: ['a', 'b'] }] };
  const after = {
    nodeSelector: { app: 'x', b: 'c' },
    containers: [{ ...container, command: ['a', 'c'] }],
    nodeName: 'n',
  };
  const [error] = updateErrors(podOf(after), podOf(before));
  const lines = error!.split('\n').slice(1);
  t.is(lines[0], '  core.PodSpec{');
  t.true(lines.includes('  \tNodeSelector: {'), error);
  t.true(lines.includes('+ \t\t"app": "x",'), error);
  t.true(lines.includes('  \t\t... // 1 identical entries'), error);
  t.true(lines.includes('- \t\t\t\t"b",'), error);
  t.true(lines.includes('+ \t\t\t\t"c",'), error);
  t.true(lines.includes('+ \tNodeName: "n",'), error);
  t.true(
    lines.some((line) => /^ {2}\t\.\.\. \/\/ \d+ identical fields$/.test(line)),
    error,
  );
  t.true(lines.includes('  \t\t\t\t... // 1 identical elements'), error);
});

test('ephemeral containers come and stay', (t) => {
  const e = { name: 'e', image: 'e' };
  const pod = (...ephemeralContainers: Json[]): Json => ({ ephemeralContainers });
  const list = 'spec.ephemeralContainers';
  const cases: UpdateCase[] = [
    [{}, pod(e)],
    [pod(e), pod(e, { ...e, name: 'f', targetContainerName: 'c' })],
    [pod(e), {}, `${list}: Forbidden: existing ephemeral containers "e" may not be removed\n`],
    [
      pod(e),
      pod({ ...e, image: 'f' }),
      /^spec\.ephemeralContainers: Forbidden: existing ephemeral containers "e" may not be changed\n {2}core\.Ephem/,
    ],
    [{}, pod(e, e), `${list}[1].name: Duplicate value: "e"`],
    [{}, pod({ ...e, name: 'c' }), `${list}[0].name: Duplicate value: "c"`],
    [{}, pod({ ...e, targetContainerName: 'x' }), `${list}[0].targetContainerName: Not found: "x"`],
    [
      {},
      pod({ ...e, image: ' e' }),
      `${list}[0].image: Invalid value: " e": must not have leading or trailing whitespace`,
    ],
    [
      {},
      pod({ ...e, ports: [{ containerPort: 1 }], resources: { limits: { cpu: '1' } }, lifecycle: { preStop: {} } }),
      ...['ports', 'resources', 'lifecycle'].map(
        (field) => `${list}[0].${field}: Forbidden: cannot be set for an Ephemeral Container`,
      ),
    ],
    [
      { volumes: [{ name: 'v' }] },
      { volumes: [{ name: 'v' }], ...pod({ ...e, volumeMounts: [{ name: 'v', mountPath: '/v', subPath: 's' }] }) },
      `${list}[0].volumeMounts[0].subPath: Forbidden: cannot be set for an Ephemeral Container`,
    ],
  ];
  for (const [before, after, ...expected] of cases) {
    const errors = updateErrors(podOf(after), podOf(before), 'ephemeralcontainers');
    compare(t, errors, expected, JSON.stringify([before, after]));
  }
  const mirrored = (spec: Json) =>
    podOf({ nodeName: 'n', ...spec }, { annotations: { 'kubernetes.io/config.mirror': 'x' } });
  t.deepEqual(updateErrors(mirrored(pod(e)), mirrored({}), 'ephemeralcontainers'), [
    ': Forbidden: static pods do not support ephemeral containers',
  ]);
});

test('resizes', (t) => {
  const sized = (requests: Json, limits: Json = {}, parts: Json = {}): Json => ({
    containers: [{ ...container, resources: { requests, limits }, ...parts }],
  });
  const cpu = (amount: string): Json => sized({ cpu: amount });
  const sidecar = (requests: Json, restartPolicy?: string): Json => ({
    initContainers: [{ name: 'i', image: 'i', restartPolicy, resources: { requests } }],
  });
  const cases: UpdateCase[] = [
    [cpu('1'), cpu('2')],
    [sized({ memory: '2Gi' }, { memory: '2Gi' }), sized({ memory: '1Gi' }, { memory: '1Gi' })],
    [
      sized({ cpu: '1', memory: '1' }),
      cpu('1'),
      'spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed',
    ],
    [
      cpu('1'),
      sized({ cpu: '1', 'ephemeral-storage': '1' }),
      'spec: Forbidden: only cpu and memory resources are mutable',
    ],
    [{}, cpu('1'), 'spec: Invalid value: "": Pod QOS Class may not change as a result of resizing'],
    [sidecar({ cpu: '1' }, 'Always'), sidecar({ cpu: '2' }, 'Always')],
    [
      sidecar({ cpu: '1' }),
      sidecar({ cpu: '2' }),
      'spec: Forbidden: resources for non-sidecar init containers are immutable',
    ],
    [
      { ...cpu('1'), resources: { requests: { cpu: '1' } } },
      { ...cpu('1'), resources: { requests: { cpu: '2' } } },
      ': Forbidden: pods with pod-level resources cannot be resized',
    ],
    [{ os: { name: 'windows' } }, { os: { name: 'windows' } }, ': Forbidden: windows pods cannot be resized'],
    [cpu('1'), sized({ cpu: '1' }, {}, { image: 'j' }), 'spec: Forbidden: only cpu and memory resources are mutable'],
  ];
  for (const [before, after, ...expected] of cases) {
    compare(t, updateErrors(podOf(after), podOf(before), 'resize'), expected, JSON.stringify([before, after]));
  }
  const running = (resources?: Json) =>
    podOf(cpu('1'), {}, { containerStatuses: [{ name: 'c', state: { running: {} }, resources }] });
  t.deepEqual(updateErrors(podOf(cpu('2')), running({}), 'resize'), []);
  t.deepEqual(updateErrors(podOf(cpu('2')), running(), 'resize'), [
    'spec: Forbidden: Pod running on node without support for resize',
  ]);
});
