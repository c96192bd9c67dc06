import test from 'ava';
import { checkNew, type Json, type Kind } from './support/validation.ts';

const workload = (spec: Json = {}): Json => ({
  spec: {
    selector: { matchLabels: { app: 'a' } },
    template: { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    ...spec,
  },
});
const rolling = 'spec.updateStrategy.rollingUpdate';

test('stateful sets', (t) => {
  const kind: Kind = { apiVersion: 'apps/v1', kind: 'StatefulSet' };
  const updated = (rollingUpdate: Json): Json => workload({ updateStrategy: { type: 'RollingUpdate', rollingUpdate } });
  checkNew(t, kind, [
    [workload(), []],
    [{ metadata: { name: 'a.b' }, ...workload() }, ['metadata.name: Invalid value: "a.b": must not contain dots']],
    [
      workload({ podManagementPolicy: 'Odd' }),
      [`spec.podManagementPolicy: Invalid value: "Odd": must be 'OrderedReady' or 'Parallel'`],
    ],
    [
      workload({ updateStrategy: { type: 'Odd' } }),
      [
        `spec.updateStrategy: Invalid value: {"Type":"Odd","RollingUpdate":null}: must be 'RollingUpdate' or 'OnDelete'`,
      ],
    ],
    [updated({ maxUnavailable: 0 }), [`${rolling}.maxUnavailable: Invalid value: 0: cannot be 0`]],
    [
      updated({ maxUnavailable: '101%' }),
      [`${rolling}.maxUnavailable: Invalid value: "101%": must not be greater than 100%`],
    ],
    [updated({ partition: -1 }), [`${rolling}.partition: Invalid value: -1: must be greater than or equal to 0`]],
    [
      workload({ persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Odd', whenScaled: 'Retain' } }),
      [
        'spec.persistentVolumeClaimRetentionPolicy.whenDeleted: Unsupported value: "Odd": supported values: "Retain", "Delete"',
      ],
    ],
    [
      workload({ ordinals: { start: -1 } }),
      ['spec.ordinals.start: Invalid value: -1: must be greater than or equal to 0'],
    ],
  ]);
});

test('daemon sets', (t) => {
  const kind: Kind = { apiVersion: 'apps/v1', kind: 'DaemonSet' };
  checkNew(t, kind, [
    [workload(), []],
    [
      workload({ updateStrategy: { type: 'Odd' } }),
      [
        'spec.updateStrategy: Unsupported value: {"Type":"Odd","RollingUpdate":null}: supported values: "RollingUpdate", "OnDelete"',
      ],
    ],
    [
      workload({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '101%', maxUnavailable: 0 } } }),
      [`${rolling}.maxSurge: Invalid value: "101%": must not be greater than 100%`],
    ],
  ]);
});

test('jobs', (t) => {
  const kind: Kind = { apiVersion: 'batch/v1', kind: 'Job' };
  const job = (spec: Json, name = 'x'): Json => ({
    metadata: { name },
    spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } }, ...spec },
  });
  const rule = (parts: Json): Json => job({ podFailurePolicy: { rules: [parts] } });
  const at = 'spec.podFailurePolicy.rules[0]';
  const long = 'x'.repeat(62);
  checkNew(t, kind, [
    [
      job({ completionMode: 'Indexed', completions: 11 }, long),
      [`metadata.name: Invalid value: "${long}": will not able to create pod with invalid DNS label: ${long}-10`],
    ],
    [
      rule({ onExitCodes: { values: [1] } }),
      [
        `${at}.action: Required value: valid values: ["Count" "FailIndex" "FailJob" "Ignore"]`,
        `${at}.onExitCodes.operator: Required value: valid values: ["In" "NotIn"]`,
      ],
    ],
  ]);
});
