import test from 'ava';
import { autoscalerV1Of, autoscalerV2Of, checkFields, type UnstructuredObject } from '../../src/api/index.ts';

const metrics = [
  { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } } },
  {
    type: 'Object',
    object: {
      describedObject: { kind: 'Ingress', name: 'main', apiVersion: 'networking.k8s.io/v1' },
      target: { type: 'Value', value: '2k' },
      metric: { name: 'requests-per-second', selector: { matchLabels: { a: 'b' } } },
    },
  },
  { type: 'Pods', pods: { metric: { name: 'packets' }, target: { type: 'AverageValue', averageValue: '1k' } } },
  {
    type: 'ContainerResource',
    containerResource: { name: 'cpu', container: 'a', target: { type: 'Utilization', averageUtilization: 60 } },
  },
  { type: 'External', external: { metric: { name: 'queue' }, target: { type: 'AverageValue', averageValue: '30' } } },
  { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
];
const v2 = {
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'web', annotations: { note: 'mine' } },
  spec: {
    scaleTargetRef: { kind: 'Deployment', name: 'web', apiVersion: 'apps/v1' },
    minReplicas: 2,
    maxReplicas: 5,
    metrics,
    behavior: { scaleDown: { stabilizationWindowSeconds: 60 } },
  },
  status: {
    currentReplicas: 3,
    desiredReplicas: 3,
    currentMetrics: [
      { type: 'Pods', pods: { metric: { name: 'packets' }, current: { averageValue: '900' } } },
      { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 40, averageValue: '80m' } } },
    ],
    conditions: [{ type: 'AbleToScale', status: 'True' }],
  },
} as unknown as UnstructuredObject;

test('v1 always says how many there are', (t) => {
  const fresh = autoscalerV1Of({ ...v2, status: { desiredReplicas: 0, currentMetrics: null } } as never);
  t.deepEqual(fresh['status'], { currentReplicas: 0, desiredReplicas: 0 });
});

test('v1 shows the CPU target in its field and the rest in annotations', (t) => {
  const before = structuredClone(v2);
  const v1 = autoscalerV1Of(v2);
  t.deepEqual(v2, before);
  t.like(v1, {
    apiVersion: 'autoscaling/v1',
    spec: { minReplicas: 2, maxReplicas: 5, targetCPUUtilizationPercentage: 50 },
    status: { currentReplicas: 3, currentCPUUtilizationPercentage: 40 },
  });
  t.is(v1.metadata.annotations?.['note'], 'mine');
  const others = JSON.parse(v1.metadata.annotations?.['autoscaling.alpha.kubernetes.io/metrics'] ?? '[]') as unknown[];
  t.deepEqual(others[0], { type: 'Resource', resource: { name: 'memory', targetAverageValue: '1Gi' } });
  t.deepEqual(others[1], {
    type: 'Object',
    object: {
      target: { kind: 'Ingress', name: 'main', apiVersion: 'networking.k8s.io/v1' },
      metricName: 'requests-per-second',
      selector: { matchLabels: { a: 'b' } },
      targetValue: '2k',
    },
  });
  t.notThrows(() => checkFields(v1, { fieldValidation: 'Strict' }));
});

test('what went to v1 comes back from it', (t) => {
  const back = autoscalerV2Of(autoscalerV1Of(v2));
  // v1 has no place for the average beside the utilization of CPU.
  const expected = structuredClone(v2) as unknown as {
    status: { currentMetrics: { resource?: { current: object } }[] };
  };
  expected.status.currentMetrics[1]!.resource!.current = { averageUtilization: 40 };
  t.deepEqual(back as unknown, expected);
  t.notThrows(() => checkFields(back, { fieldValidation: 'Strict' }));
});

test('a plain v1 autoscaler becomes one with a CPU metric', (t) => {
  const v1 = {
    apiVersion: 'autoscaling/v1',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'web', annotations: { 'autoscaling.alpha.kubernetes.io/metrics': 'nonsense' } },
    spec: { scaleTargetRef: { kind: 'Deployment', name: 'web' }, maxReplicas: 5, targetCPUUtilizationPercentage: 80 },
  };
  t.deepEqual(autoscalerV2Of(v1) as unknown, {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'web' },
    spec: {
      scaleTargetRef: { kind: 'Deployment', name: 'web' },
      maxReplicas: 5,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
      ],
    },
    status: {},
  });
});
