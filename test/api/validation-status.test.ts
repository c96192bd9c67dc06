import test from 'ava';
import { checkPart, type Json, type Kind } from './support/validation.ts';

const status = (parts: Json): Json => ({ status: parts });
const negative = 'must be greater than or equal to 0';
const tooMany = 'cannot be greater than status.replicas';

test('what is reported of workloads', (t) => {
  const apps = (kind: string): Kind => ({ apiVersion: 'apps/v1', kind });
  checkPart(t, apps('Deployment'), [
    [{}, status({ replicas: 2, readyReplicas: 2, availableReplicas: 2, updatedReplicas: 1 }), []],
    [{}, status({ unavailableReplicas: -1 }), [`status.unavailableReplicas: Invalid value: -1: ${negative}`]],
    [{}, status({ collisionCount: -1 }), [`status.collisionCount: Invalid value: -1: ${negative}`]],
    [
      {},
      status({ replicas: 1, updatedReplicas: 2, readyReplicas: 3, availableReplicas: 4 }),
      [
        `status.updatedReplicas: Invalid value: 2: ${tooMany}`,
        `status.readyReplicas: Invalid value: 3: ${tooMany}`,
        `status.availableReplicas: Invalid value: 4: ${tooMany}`,
        'status.availableReplicas: Invalid value: 4: cannot be greater than readyReplicas',
      ],
    ],
    [
      status({ collisionCount: 2 }),
      status({ collisionCount: 1 }),
      ['status.collisionCount: Invalid value: 1: cannot be decremented'],
    ],
    [status({ collisionCount: 2 }), status({}), ['status.collisionCount: Invalid value: 0: cannot be decremented']],
  ]);
  for (const kind of [apps('ReplicaSet'), { apiVersion: 'v1', kind: 'ReplicationController' }]) {
    checkPart(t, kind, [
      [
        {},
        status({ replicas: 1, fullyLabeledReplicas: 2 }),
        [`status.fullyLabeledReplicas: Invalid value: 2: ${tooMany}`],
      ],
      [
        {},
        status({ replicas: 2, readyReplicas: 1, availableReplicas: 2 }),
        ['status.availableReplicas: Invalid value: 2: cannot be greater than readyReplicas'],
      ],
    ]);
  }
  checkPart(t, apps('StatefulSet'), [
    [{}, status({ replicas: 1, currentReplicas: 2 }), [`status.currentReplicas: Invalid value: 2: ${tooMany}`]],
    [
      {},
      status({ replicas: 2, readyReplicas: 1, availableReplicas: 2 }),
      ['status.availableReplicas: Invalid value: 2: cannot be greater than status.readyReplicas'],
    ],
    [status({ collisionCount: 2 }), status({}), ['status.collisionCount: Invalid value: 0: cannot be decremented']],
  ]);
  checkPart(t, apps('DaemonSet'), [
    [{}, status({ numberReady: -1 }), [`status.numberReady: Invalid value: -1: ${negative}`]],
    [
      status({ collisionCount: 2 }),
      status({ collisionCount: 1 }),
      ['status.collisionCount: Invalid value: 1: cannot be decremented'],
    ],
  ]);
});

test('what is reported of autoscalers and budgets', (t) => {
  checkPart(t, { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' }, [
    [{}, status({ desiredReplicas: -1 }), [`status.desiredReplicas: Invalid value: -1: ${negative}`]],
  ]);
  checkPart(t, { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget' }, [
    [{}, status({ disruptionsAllowed: -1 }), [`status.disruptionsAllowed: Invalid value: -1: ${negative}`]],
  ]);
});

test('what is reported of jobs', (t) => {
  const kind: Kind = { apiVersion: 'batch/v1', kind: 'Job' };
  const [start, end] = ['2026-01-01T00:00:00Z', '2026-01-01T00:01:00Z'];
  const job = (parts: Json, types: string[] = [], spec: Json = {}): Json => ({
    spec: { template: { spec: {} }, ...spec },
    status: { ...parts, conditions: types.map((type) => ({ type, status: 'True' })) },
  });
  const none = job({});
  const done = ['SuccessCriteriaMet', 'Complete'];
  const refused = (text: string): string => `status.conditions: Invalid value: ${text}`;
  checkPart(t, kind, [
    [none, job({ startTime: start, completionTime: end, succeeded: 1 }, done), []],
    [none, job({ startTime: start, failed: 1 }, ['FailureTarget', 'Failed']), []],
    [none, job({ active: -1 }), [`status.active: Invalid value: -1: ${negative}`]],
    [
      none,
      job({ uncountedTerminatedPods: { succeeded: ['a', ''], failed: ['a'] } }),
      [
        'status.uncountedTerminatedPods.succeeded[1]: Invalid value: "": must not be empty',
        'status.uncountedTerminatedPods.failed[0]: Duplicate value: "a"',
      ],
    ],
    [
      none,
      job({ startTime: start, completionTime: end }, ['Complete']),
      [refused('cannot set Complete=True condition without the SuccessCriteriaMet=true condition')],
    ],
    [
      none,
      job({ startTime: start }, ['Failed']),
      [refused('cannot set Failed=True condition without the FailureTarget=true condition')],
    ],
    [
      none,
      job({ startTime: start, completionTime: end }, [...done, 'Failed', 'FailureTarget']),
      [
        refused('cannot set Complete=True and Failed=true conditions'),
        refused('cannot set Complete=True and FailureTarget=true conditions'),
        refused('cannot set SuccessCriteriaMet=True and Failed=true conditions'),
        refused('cannot set SuccessCriteriaMet=True and FailureTarget=true conditions'),
      ],
    ],
    [
      none,
      job(
        {
          startTime: start,
          completionTime: end,
          active: 1,
          terminating: 1,
          uncountedTerminatedPods: { failed: ['a'] },
        },
        done,
      ),
      [
        'status.active: Invalid value: 1: active>0 is invalid for finished job',
        'status.uncountedTerminatedPods: Invalid value: {"failed":["a"]}: uncountedTerminatedPods needs to be empty for finished job',
        'status.terminating: Invalid value: 1: terminating>0 is invalid for finished job',
      ],
    ],
    [
      none,
      job({ completionTime: end }, done),
      ['status.startTime: Required value: startTime is required for finished job'],
    ],
    [
      none,
      job({ startTime: start }, done),
      ['status.completionTime: Required value: completionTime is required for Complete jobs'],
    ],
    [none, job({ completionTime: end }), [/cannot set completionTime when there is no Complete=True condition$/]],
    [none, job({ startTime: end, completionTime: start }, done), [/completionTime cannot be set before startTime$/]],
    [
      job({ startTime: start, completionTime: end }, done),
      job({ startTime: start, completionTime: '2026-01-01T00:02:00Z' }, done),
      [/completionTime cannot be mutated$/],
    ],
    [
      job({ startTime: start }),
      none,
      ['status.startTime: Required value: startTime cannot be removed for unsuspended job'],
    ],
    [job({ startTime: start }), job({}, [], { suspend: true }), []],
    [none, job({ active: 1, ready: 2 }), ['status.ready: Invalid value: 2: cannot set more ready pods than active']],
    [job({ failed: 2 }), job({ failed: 1 }), ['status.failed: Invalid value: 1: cannot decrease the failed counter']],
    [
      job({ succeeded: 2 }),
      job({ succeeded: 1 }),
      ['status.succeeded: Invalid value: 1: cannot decrease the succeeded counter'],
    ],
    [
      job({ startTime: start }, ['FailureTarget', 'Failed']),
      job({ startTime: start }, ['FailureTarget']),
      [refused('cannot disable the terminal Failed=True condition')],
    ],
    [job({}, ['SuccessCriteriaMet']), none, [refused('cannot disable the SuccessCriteriaMet=True condition')]],
    [
      none,
      job({ completedIndexes: '0' }, [], { completions: 2 }),
      [/cannot set non-empty completedIndexes when non-indexed completion mode$/],
    ],
    [
      none,
      job({ completedIndexes: '7', failedIndexes: '0' }, [], { completions: 2, completionMode: 'Indexed' }),
      [
        'status.completedIndexes: Invalid value: "7": error parsing completedIndexes: too large index: "7"',
        'status.failedIndexes: Invalid value: "0": cannot set non-null failedIndexes when backoffLimitPerIndex is null',
      ],
    ],
    [
      none,
      job({ failedIndexes: '0-1-2' }, [], { completions: 9, completionMode: 'Indexed', backoffLimitPerIndex: 1 }),
      [/^status\.failedIndexes: .*: error parsing failedIndexes: the fragment "0-1-2" violates/],
    ],
  ]);
});
