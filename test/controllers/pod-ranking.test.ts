import test from 'ava';
import fc from 'fast-check';
import { formatTime, type v1 } from '../../src/api/index.ts';
import { rankForDeletion } from '../../src/controllers/pod-ranking.ts';

const now = Date.UTC(2026, 0, 2);

interface Options {
  node?: string | undefined;
  phase?: string;
  ready?: boolean;
  readyForMs?: number;
  cost?: string;
  restarts?: number;
  ageMs?: number;
}

function pod(name: string, options: Options = {}): v1.Pod {
  const { phase = 'Running', ready = true, readyForMs = 60_000, cost, restarts = 0, ageMs = 60_000 } = options;
  const node = 'node' in options ? options.node : 'n1';
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      uid: name,
      creationTimestamp: formatTime(now - ageMs),
      ...(cost === undefined ? {} : { annotations: { 'controller.kubernetes.io/pod-deletion-cost': cost } }),
    },
    spec: { containers: [], ...(node === undefined ? {} : { nodeName: node }) },
    status: {
      phase: phase as 'Running',
      conditions: [
        { type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: formatTime(now - readyForMs) },
      ],
      containerStatuses: [{ name: 'c', image: '', imageID: '', ready, restartCount: restarts }],
    },
  };
}

const names = (pods: readonly v1.Pod[]): string[] => pods.map(({ metadata }) => metadata.name!);

for (const [what, first, second] of [
  ['one without a node', { node: undefined, ageMs: 9_000_000 }, {}],
  ['a pending one', { phase: 'Pending' }, { restarts: 9 }],
  ['one of unknown state', { phase: 'Unknown' }, {}],
  ['one that is not ready', { ready: false, cost: '100' }, { cost: '-100' }],
  ['the cheaper one', { cost: '-5' }, { cost: '1', restarts: 9 }],
  ['one without a price is worth nothing', {}, { cost: '1' }],
  ['a price that is none is none', { cost: 'x' }, { cost: '1' }],
  ['one that is ready for much less', { readyForMs: 1_000 }, { readyForMs: 100_000 }],
  ['one that was restarted more', { restarts: 3 }, { restarts: 2 }],
  ['a much younger one', { ageMs: 1_000 }, { ageMs: 100_000 }],
] as const) {
  test(`goes first: ${what}`, (t) => {
    const pods = [pod('b-second', second), pod('z-first', first)];
    t.deepEqual(names(rankForDeletion(pods, pods, now)), ['z-first', 'b-second']);
  });
}

test('goes first: one of many on the same node, counting its siblings', (t) => {
  const pods = [pod('a', { node: 'n1' }), pod('z', { node: 'n2' })];
  const siblings = [...pods, pod('s1', { node: 'n2' }), pod('s2', { node: 'n2' })];
  t.deepEqual(names(rankForDeletion(pods, siblings, now)), ['z', 'a']);
});

test('ages of the same magnitude count as the same', (t) => {
  const pods = [pod('a', { readyForMs: 100_000, ageMs: 100_000 }), pod('z', { readyForMs: 90_000, ageMs: 90_000 })];
  t.deepEqual(names(rankForDeletion(pods, pods, now)), ['a', 'z']);
});

test('the order does not depend on the order before', (t) => {
  const arbitrary = fc.record({
    node: fc.constantFrom(undefined, 'n1', 'n2'),
    phase: fc.constantFrom('Pending', 'Running', 'Unknown'),
    ready: fc.boolean(),
    cost: fc.constantFrom('0', '1', '-1'),
    restarts: fc.nat(2),
    ageMs: fc.constantFrom(1_000, 5_000, 500_000),
    readyForMs: fc.constantFrom(1_000, 5_000, 500_000),
  });
  fc.assert(
    fc.property(fc.array(arbitrary, { maxLength: 8 }), fc.nat(), (list, seed) => {
      const pods = list.map((options, index) => pod(`p${index}`, options));
      const shuffled = pods.toSorted((a, b) => (a.metadata.name! + seed < b.metadata.name! + seed ? 1 : -1));
      t.deepEqual(names(rankForDeletion(shuffled, shuffled, now)), names(rankForDeletion(pods, pods, now)));
    }),
  );
});
