import test from 'ava';
import fc from 'fast-check';
import type { v1 } from '../../src/api/index.ts';
import { seededRandom } from '../../src/base/index.ts';
import { SchedulerCache } from '../../src/scheduler/cache.ts';
import { diagnosis } from '../../src/scheduler/diagnosis.ts';
import { findNode, type Plugin } from '../../src/scheduler/framework.ts';
import { nodeAffinity } from '../../src/scheduler/plugins/node-affinity.ts';
import { nodePorts } from '../../src/scheduler/plugins/node-ports.ts';
import { nodeResourcesBalancedAllocation, nodeResourcesFit } from '../../src/scheduler/plugins/node-resources-fit.ts';
import { nodeUnschedulable } from '../../src/scheduler/plugins/node-unschedulable.ts';
import { podTopologySpread } from '../../src/scheduler/plugins/pod-topology-spread.ts';
import { taintToleration, tolerates } from '../../src/scheduler/plugins/taint-toleration.ts';
import { podInfo } from '../../src/scheduler/pod-info.ts';
import { podRequests } from '../../src/scheduler/resources.ts';
import { node, pod } from './objects.ts';

const plugins: Plugin[] = [
  nodeUnschedulable,
  taintToleration,
  nodeAffinity,
  nodePorts,
  nodeResourcesFit,
  podTopologySpread(({ metadata }) => metadata.labels),
  nodeResourcesBalancedAllocation,
];

/** Schedules pods one after another; each one's node, or the text of its failure. */
function schedule(
  nodes: v1.Node[],
  pods: v1.Pod[],
  seed = 1,
): { placed: Map<string, string>; texts: string[]; cache: SchedulerCache } {
  const cache = new SchedulerCache();
  for (const each of nodes) cache.setNode(each);
  const random = seededRandom(seed);
  const placed = new Map<string, string>();
  const texts: string[] = [];
  for (const each of pods) {
    const info = podInfo(each);
    const result = findNode(plugins, info, cache.nodes(), () => random.next());
    if ('node' in result) {
      cache.assume(info, result.node.name);
      placed.set(each.metadata.name ?? '', result.node.name);
    } else texts.push(diagnosis(cache.nodes().length, result.rejections));
  }
  return { placed, texts, cache };
}

test('a node is never given more than it has, whatever comes', (t) => {
  const size = fc.integer({ min: 1, max: 16 });
  fc.assert(
    fc.property(
      fc.array(fc.record({ cpu: size, memory: size, pods: size }), { minLength: 1, maxLength: 5 }),
      fc.array(fc.record({ cpu: size, memory: size }), { maxLength: 60 }),
      fc.integer(),
      (nodes, pods, seed) => {
        const { placed, texts, cache } = schedule(
          nodes.map(({ cpu, memory, pods: max }, i) =>
            node(`n${i}`, { cpu: String(cpu), memory: `${memory}Gi`, pods: String(max) }),
          ),
          pods.map(({ cpu, memory }, i) => pod(`p${i}`, { cpu: `${cpu * 250}m`, memory: `${memory * 256}Mi` })),
          seed,
        );
        t.is(placed.size + texts.length, pods.length);
        for (const info of cache.nodes()) {
          for (const [name, amount] of info.requested) t.true(amount <= (info.allocatable.get(name) ?? 0));
          t.true(info.pods.size <= (info.allocatable.get('pods') ?? 0));
        }
      },
    ),
  );
});

test('a pod that fits somewhere is placed: only full nodes refuse', (t) => {
  const { placed, texts } = schedule(
    [node('a', { cpu: '1' }), node('b', { cpu: '1' })],
    Array.from({ length: 5 }, (_, i) => pod(`p${i}`, { cpu: '500m' })),
  );
  t.is(placed.size, 4);
  t.deepEqual(texts, [
    '0/2 nodes are available: 2 Insufficient cpu. no new claims to deallocate, preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.',
  ]);
});

test('replicas spread over nodes', (t) => {
  const pods = Array.from({ length: 9 }, (_, i) => pod(`p${i}`, { labels: { app: 'web' } }));
  const { placed } = schedule([node('a'), node('b'), node('c')], pods);
  for (const name of ['a', 'b', 'c']) t.is([...placed.values()].filter((value) => value === name).length, 3);
});

test('a hard spread constraint is never broken', (t) => {
  const spec: Partial<v1.PodSpec> = {
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'zone',
        whenUnsatisfiable: 'DoNotSchedule',
        labelSelector: { matchLabels: { app: 'web' } },
      },
    ],
  };
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.integer(), (count, seed) => {
      const nodes = [
        node('a', { labels: { zone: '1' } }),
        node('b', { labels: { zone: '1' } }),
        node('c', { labels: { zone: '2' } }),
        node('d'),
      ];
      const { placed } = schedule(
        nodes,
        Array.from({ length: count }, (_, i) => pod(`p${i}`, { labels: { app: 'web' }, spec })),
        seed,
      );
      const inZone1 = [...placed.values()].filter((name) => name !== 'c').length;
      const inZone2 = placed.size - inZone1;
      t.true(Math.abs(inZone1 - inZone2) <= 1);
      t.false([...placed.values()].includes('d'));
    }),
    { numRuns: 30 },
  );
});

test('reasons are counted over the nodes, in Kubernetes’ words', (t) => {
  const taints: v1.Taint[] = [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }];
  const nodes = [
    node('a', { taints }),
    node('b', { taints }),
    node('c', { unschedulable: true }),
    node('d', { cpu: '100m' }),
    node('e', { labels: { disk: 'hdd' } }),
  ];
  const { texts } = schedule(nodes, [
    pod('p', { cpu: '1', spec: { nodeSelector: { disk: 'ssd' } } }),
    pod('q', { cpu: '5' }),
  ]);
  t.is(
    texts[0],
    "0/5 nodes are available: 1 node(s) were unschedulable, 2 node(s) didn't match Pod's node affinity/selector, 2 node(s) had untolerated taint(s). no new claims to deallocate, preemption: 0/5 nodes are available: 5 Preemption is not helpful for scheduling.",
  );
  t.regex(texts[1] ?? '', /2 Insufficient cpu.*5 Preemption is not helpful/);
  t.is(diagnosis(0, new Map()), 'no nodes available to schedule pods');
});

test('tolerations', (t) => {
  const taint = { key: 'k', value: 'v', effect: 'NoSchedule' } as const;
  t.false(tolerates(undefined, taint));
  t.true(tolerates([{ operator: 'Exists' }], taint));
  t.true(tolerates([{ key: 'k', operator: 'Exists', effect: 'NoSchedule' }], taint));
  t.true(tolerates([{ key: 'k', operator: 'Equal', value: 'v' }], taint));
  t.true(tolerates([{ key: 'k', value: 'v' }], taint));
  t.false(tolerates([{ key: 'k', value: 'w' }], taint));
  t.false(tolerates([{ key: 'k', operator: 'Exists', effect: 'NoExecute' }], taint));
  t.false(tolerates([{ key: 'x', operator: 'Exists' }], taint));
});

test('soft taints are avoided, affinity preferred', (t) => {
  const soft: v1.Taint[] = [{ key: 'k', effect: 'PreferNoSchedule' }];
  t.is(schedule([node('a', { taints: soft }), node('b')], [pod('p')]).placed.get('p'), 'b');
  const preferred = {
    nodeAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        { weight: 100, preference: { matchExpressions: [{ key: 'disk', operator: 'In' as const, values: ['ssd'] }] } },
      ],
    },
  };
  t.is(
    schedule(
      [node('a'), node('b', { labels: { disk: 'ssd' } })],
      [pod('p', { spec: { affinity: preferred } })],
    ).placed.get('p'),
    'b',
  );
});

for (const [operator, values, matching] of [
  ['In', ['5', '7'], ['five']],
  ['NotIn', ['5'], ['nine', 'none']],
  ['Exists', [], ['five', 'nine']],
  ['DoesNotExist', [], ['none']],
  ['Gt', ['6'], ['nine']],
  ['Lt', ['6'], ['five']],
] as const) {
  test(`required node affinity: ${operator}`, (t) => {
    const nodes = [node('five', { labels: { size: '5' } }), node('nine', { labels: { size: '9' } }), node('none')];
    const requiredDuringSchedulingIgnoredDuringExecution = {
      nodeSelectorTerms: [{ matchExpressions: [{ key: 'size', operator, values: [...values] }] }],
    };
    for (const each of nodes) {
      const { placed } = schedule(
        [each],
        [pod('p', { spec: { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution } } } })],
      );
      t.is(placed.has('p'), (matching as readonly string[]).includes(each.metadata.name ?? ''));
    }
  });
}

test('one host port, one pod a node', (t) => {
  const { placed, texts } = schedule(
    [node('a'), node('b')],
    [1, 2, 3].map((i) => pod(`p${i}`, { hostPort: 80 })),
  );
  t.is(placed.size, 2);
  t.regex(texts[0] ?? '', /2 node\(s\) didn't have free ports for the requested pod ports/);
});

test('requests: containers add up, the greediest init container counts, sidecars run along', (t) => {
  const container = (name: string, cpu: string, restartPolicy?: 'Always') => ({
    name,
    resources: { requests: { cpu } },
    ...(restartPolicy === undefined ? {} : { restartPolicy }),
  });
  const cpu = (spec: Partial<v1.PodSpec>) => podRequests({ containers: [], ...spec }).get('cpu');
  t.is(cpu({ containers: [container('a', '100m'), container('b', '200m')] }), 300);
  t.is(cpu({ containers: [container('a', '100m')], initContainers: [container('i', '1')] }), 1_000);
  t.is(
    cpu({
      containers: [container('a', '100m')],
      initContainers: [container('s', '50m', 'Always'), container('i', '200m')],
    }),
    250,
  );
  t.is(cpu({ containers: [container('a', '100m')], overhead: { cpu: '10m' } }), 110);
});
