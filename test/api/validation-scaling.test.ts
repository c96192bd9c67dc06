import test from 'ava';
import { checkNew, type Json, type Kind } from './support/validation.ts';

const autoscaler: Kind = { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' };
const scale = (spec: Json): Json => ({
  spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' }, maxReplicas: 5, ...spec },
});
const metric = (parts: Json): Json => scale({ metrics: [parts] });
const at = 'spec.metrics[0]';

test('horizontal pod autoscalers', (t) => {
  const utilization = { type: 'Utilization', averageUtilization: 50 };
  const cpu = (target: Json): Json => metric({ type: 'Resource', resource: { name: 'cpu', target } });
  checkNew(t, autoscaler, [
    [scale({}), []],
    [
      scale({ minReplicas: 0, maxReplicas: -1 }),
      [
        'spec.minReplicas: Invalid value: 0: must be greater than or equal to 1',
        'spec.maxReplicas: Invalid value: -1: must be greater than 0',
        'spec.maxReplicas: Invalid value: -1: must be greater than or equal to `minReplicas`',
      ],
    ],
    [scale({ minReplicas: 6 }), ['spec.maxReplicas: Invalid value: 5: must be greater than or equal to `minReplicas`']],
    [
      scale({ scaleTargetRef: {} }),
      ['spec.scaleTargetRef.kind: Required value', 'spec.scaleTargetRef.name: Required value'],
    ],
    [cpu(utilization), []],
    [
      cpu({ type: 'Utilization' }),
      [
        `${at}.resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization`,
      ],
    ],
    [
      cpu({ ...utilization, averageValue: '-1' }),
      [
        `${at}.resource.target.averageValue: Invalid value: "-1": must be positive`,
        `${at}.resource.target.averageValue: Forbidden: may not set both a target raw value and a target utilization`,
      ],
    ],
    [
      metric({ type: 'Cpu', resource: { name: 'cpu', target: utilization } }),
      [
        `${at}.type: Unsupported value: "Cpu": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"`,
      ],
    ],
    [
      metric({ type: 'Pods', resource: { name: 'cpu', target: utilization } }),
      [`${at}.pods: Required value: must populate information for the given metric source`],
    ],
    [
      metric({ type: 'Pods', pods: { metric: {}, target: { type: 'Value' } } }),
      [
        `${at}.pods.metric.name: Required value: must specify a metric name`,
        `${at}.pods.target.averageValue: Required value: must specify a positive target averageValue`,
      ],
    ],
    [
      metric({
        type: 'External',
        external: { metric: { name: 'm' }, target: { type: 'Value', value: '1', averageValue: '1' } },
      }),
      [`${at}.external.target.value: Forbidden: may not set both a target value for metric and a per-pod target`],
    ],
  ]);
});

test('how fast autoscalers go', (t) => {
  const down = (rules: Json): Json => scale({ behavior: { scaleDown: rules } });
  const policy = { type: 'Pods', value: 1, periodSeconds: 15 };
  const path = 'spec.behavior.scaleDown';
  checkNew(t, autoscaler, [
    [down({ policies: [policy] }), []],
    [
      down({ stabilizationWindowSeconds: 3601, selectPolicy: 'Best' }),
      [
        `${path}.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600`,
        `${path}.selectPolicy: Unsupported value: "Best": supported values: "Disabled", "Max", "Min"`,
      ],
    ],
    [
      down({ policies: [{ type: 'Pods', value: 0, periodSeconds: 1801 }] }),
      [
        `${path}.policies[0].value: Invalid value: 0: must be greater than zero`,
        `${path}.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800`,
      ],
    ],
  ]);
});

test('pod disruption budgets', (t) => {
  checkNew(t, { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget' }, [
    [{ spec: { minAvailable: '50%' } }, []],
    [
      { spec: { minAvailable: 1, maxUnavailable: 1 } },
      [/^spec: Invalid value: .*: minAvailable and maxUnavailable cannot be both set$/],
    ],
    [{ spec: { minAvailable: '101%' } }, ['spec.minAvailable: Invalid value: "101%": must not be greater than 100%']],
    [{ spec: { maxUnavailable: -1 } }, ['spec.maxUnavailable: Invalid value: -1: must be greater than or equal to 0']],
    [{ spec: { unhealthyPodEvictionPolicy: 'Never' } }, [/supported values: "AlwaysAllow", "IfHealthyBudget"$/]],
  ]);
});
