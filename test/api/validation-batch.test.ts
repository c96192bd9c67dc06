import test from 'ava';
import { checkChange, checkNew, type Json, type Kind } from './support/validation.ts';

const job: Kind = { apiVersion: 'batch/v1', kind: 'Job' };
const cronJob: Kind = { apiVersion: 'batch/v1', kind: 'CronJob' };
const pod = { containers: [{ name: 'c', image: 'i' }], restartPolicy: 'Never' };
const once = (spec: Json = {}): Json => ({ spec: { template: { spec: pod }, ...spec } });
const indexed = (spec: Json): Json => once({ completionMode: 'Indexed', completions: 5, ...spec });
const onExit = (onExitCodes: Json, action = 'FailJob'): Json =>
  once({ podFailurePolicy: { rules: [{ action, onExitCodes }] } });
const success = (...rules: Json[]): Json => indexed({ successPolicy: { rules } });
const rule = 'spec.podFailurePolicy.rules[0]';

test('jobs', (t) => {
  checkNew(t, job, [
    [once(), []],
    [once({ managedBy: 'example.com/jobs' }), []],
    [
      once({ managedBy: 'jobs' }),
      ['spec.managedBy: Invalid value: "jobs": must be a domain-prefixed path (such as "acme.io/foo")'],
    ],
    [once({ managedBy: `example.com/${'x'.repeat(60)}` }), ['spec.managedBy: Too long: may not be more than 63 bytes']],
    [
      once({ template: { spec: { ...pod, restartPolicy: 'Sometimes' } } }),
      [/^spec\.template\.spec\.restartPolicy: Unsupported value: "Sometimes"/, /"OnFailure", "Never"$/],
    ],
    [
      once({ backoffLimitPerIndex: 1 }),
      ['spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode'],
    ],
    [
      indexed({ maxFailedIndexes: 6 }),
      [
        'spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified',
        'spec.maxFailedIndexes: Invalid value: 6: must be less than or equal to completions',
      ],
    ],
    [
      indexed({ parallelism: 100_001 }),
      ['spec.parallelism: Invalid value: 100001: must be less than or equal to 100000 when completion mode is Indexed'],
    ],
    [
      indexed({ completions: 200_000, backoffLimitPerIndex: 1, parallelism: 20_000 }),
      [
        'spec.maxFailedIndexes: Required value: must be specified when completions is above 100000',
        'spec.parallelism: Invalid value: 20000: must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index',
      ],
    ],
    [
      once({ selector: { matchLabels: { a: 'b' } }, manualSelector: true }),
      ['spec.template.metadata.labels: Invalid value: {}: `selector` does not match template `labels`'],
    ],
    [once({ manualSelector: true }), ['spec.selector: Required value']],
    [
      once({ selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'x' } }, manualSelector: true }),
      ['spec.template.metadata.labels: Invalid value: {}: `selector` does not match template `labels`'],
    ],
  ]);
});

test('what jobs make of failed and finished pods', (t) => {
  checkNew(t, job, [
    [onExit({ operator: 'In', values: [1, 2] }), []],
    [
      onExit({ operator: 'In', values: [2, 1, 0, 2], containerName: 'other' }),
      [
        `${rule}.onExitCodes.containerName: Invalid value: "other": must be one of the container or initContainer names in the pod template`,
        `${rule}.onExitCodes.values[2]: Invalid value: 0: must not be 0 for the In operator`,
        `${rule}.onExitCodes.values[3]: Duplicate value: 2`,
        `${rule}.onExitCodes.values: Invalid value: [2,1,0,2]: must be ordered`,
      ],
    ],
    [
      onExit({ operator: 'In', values: [1] }, 'FailIndex'),
      [`${rule}.action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set`],
    ],
    [
      once({ podFailurePolicy: { rules: [{ action: 'Ignore' }] } }),
      [`${rule}: Invalid value: specifying one of OnExitCodes and OnPodConditions is required`],
    ],
    [
      once({ podReplacementPolicy: 'TerminatingOrFailed', podFailurePolicy: { rules: [] } }),
      [/^spec\.podFailurePolicy\.rules: Required/, /podReplacementPolicy: Unsupported value: .* "Failed"$/],
    ],
    [
      {
        spec: {
          ...(onExit({ operator: 'In', values: [1] })['spec'] as Json),
          template: { spec: { ...pod, restartPolicy: 'OnFailure' } },
        },
      },
      [
        'spec.template.spec.restartPolicy: Invalid value: "OnFailure": only "Never" is supported when podFailurePolicy is specified',
      ],
    ],
    [success({ succeededIndexes: '0-2', succeededCount: 3 }), []],
    [
      success({}),
      [
        'spec.successPolicy.rules[0]: Required value: at least one of succeededCount or succeededIndexes must be specified',
      ],
    ],
    [
      success({ succeededCount: 6 }),
      [
        'spec.successPolicy.rules[0].succeededCount: Invalid value: 6: must be less than or equal to 5 (the number of specified completions)',
      ],
    ],
    [
      success({ succeededIndexes: '0-2', succeededCount: 4 }),
      [
        'spec.successPolicy.rules[0].succeededCount: Invalid value: 4: must be less than or equal to 3 (the number of indexes in the specified succeededIndexes field)',
      ],
    ],
    [
      success({ succeededIndexes: '3-1' }),
      [/^spec\.successPolicy\.rules\[0\]\.succeededIndexes: Invalid value: "3-1"/],
    ],
    [success({ succeededIndexes: '7' }), [/too large index: "7"$/]],
  ]);
});

test('changes of jobs', (t) => {
  const labelled = (labels: Json, spec: Json = {}): Json =>
    once({ ...spec, template: { metadata: { labels }, spec: pod } });
  checkChange(t, job, [
    [indexed({ parallelism: 5 }), indexed({ parallelism: 3, completions: 3 }), []],
    [
      indexed({ parallelism: 5 }),
      indexed({ parallelism: 5, completions: 3 }),
      ['spec.completions: Invalid value: 3: can only be modified in tandem with spec.parallelism'],
    ],
    [once({ completions: 1 }), once({ completions: 2 }), ['spec.completions: Invalid value: 2: field is immutable']],
    [once(), indexed({ completions: 1 }), ['spec.completionMode: Invalid value: "Indexed": field is immutable']],
    [once(), once({ managedBy: 'a.b/c' }), ['spec.managedBy: Invalid value: "a.b/c": field is immutable']],
    [once(), labelled({ a: 'b' }), [/^spec\.template: Invalid value: .*: field is immutable$/]],
    [once({ suspend: true }), labelled({ a: 'b' }, { suspend: true }), []],
    [
      once({ suspend: true }),
      once({
        suspend: true,
        template: { spec: { ...pod, nodeSelector: { a: 'b' }, tolerations: [{ operator: 'Exists' }] } },
      }),
      [],
    ],
    [
      once({ suspend: true }),
      once({ suspend: true, template: { spec: { ...pod, hostNetwork: true } } }),
      [/^spec\.template: Invalid value: .*: field is immutable$/],
    ],
  ]);
});

test('schedules', (t) => {
  const on = (schedule: string, more: Json = {}): Json => ({ spec: { schedule, jobTemplate: once(), ...more } });
  const wrong = (schedule: string, problem: string): [Json, string[]] => [
    on(schedule),
    [`spec.schedule: Invalid value: ${JSON.stringify(schedule)}: ${problem}`],
  ];
  const good = ['* * * * *', '*/15 0-6,12 1 JAN-dec mon', '0 0 ? * 0', '5/10 * * * *', '@hourly', '@every 1h30m'];
  checkNew(t, cronJob, [
    ...good.map((schedule): [Json, string[]] => [on(schedule), []]),
    wrong('* * *', 'expected exactly 5 fields, found 3: [* * *]'),
    wrong('60 * * * *', 'end of range (60) above maximum (59): 60'),
    wrong('* * 0 * *', 'beginning of range (0) below minimum (1): 0'),
    wrong('* * * * 7', 'end of range (7) above maximum (6): 7'),
    wrong('5-1 * * * *', 'beginning of range (5) beyond end of range (1): 5-1'),
    wrong('*/0 * * * *', 'step of range should be a positive number: */0'),
    wrong('1-2-3 * * * *', 'too many hyphens: 1-2-3'),
    wrong('1/2/3 * * * *', 'too many slashes: 1/2/3'),
    wrong('x * * * *', 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'),
    wrong('@fortnightly', 'unrecognized descriptor: @fortnightly'),
    wrong('@every week', 'failed to parse duration @every week: time: invalid duration "week"'),
    wrong('TZ=UTC 0 0 * * *', 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'),
    [on('@daily', { timeZone: 'Europe/Berlin' }), []],
    [
      on('@daily', { timeZone: 'Mars/North' }),
      ['spec.timeZone: Invalid value: "Mars/North": unknown time zone Mars/North'],
    ],
    [
      on('@daily', { timeZone: 'Local' }),
      [
        'spec.timeZone: Invalid value: "Local": timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones',
      ],
    ],
    [
      on('@daily', { jobTemplate: once({ selector: { matchLabels: { a: 'b' } }, manualSelector: true }) }),
      [/selector: Invalid value: .*: `selector` will be auto-generated$/, /manualSelector: Unsupported value: true/],
    ],
  ]);
  checkChange(t, cronJob, [
    [on('TZ=UTC 0 0 * * *'), on('TZ=UTC 0 1 * * *'), []],
    [on('@daily'), on('TZ=UTC 0 1 * * *'), [/cannot use TZ or CRON_TZ in schedule, use timeZone/]],
    [on('TZ=UTC 0 0 * * *'), on('TZ=UTC 0 0 * * *', { timeZone: 'UTC' }), [/cannot use both timeZone field and TZ/]],
  ]);
});
