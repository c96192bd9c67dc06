import test from 'ava';
import { compare, container, type Json, podOf, updateErrors } from './support.ts';

type StatusCase = [before: Json, after: Json, ...errors: (string | RegExp)[]];

test('what may be reported of a pod', (t) => {
  const ended = (exitCode: number): Json => ({
    containerStatuses: [{ name: 'c', state: { terminated: { exitCode } } }],
  });
  const running = { containerStatuses: [{ name: 'c', state: { running: {} } }] };
  const address = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
  const again = 'status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state';
  const ips = (...list: string[]): Json => ({ podIPs: list.map((ip) => ({ ip })) });
  const cases: StatusCase[] = [
    [
      {},
      {
        phase: 'Running',
        conditions: [
          { type: 'Ready', status: 'True' },
          { type: 'a.io/b', status: 'True' },
        ],
      },
    ],
    [{}, { conditions: [{ type: 'a b', status: 'True' }] }, /^status\.conditions\[0\]\.Type: Invalid value: "a b"/],
    [
      {},
      { conditions: [{ type: 'Ready', status: 'True', observedGeneration: -1 }] },
      'status.conditions[0].observedGeneration: Invalid value: -1: must be a non-negative integer',
    ],
    [{}, { observedGeneration: -1 }, 'status.observedGeneration: Invalid value: -1: must be a non-negative integer'],
    [{}, { nominatedNodeName: 'A' }, /^status\.nominatedNodeName: Invalid value: "A"/],
    [
      { qosClass: 'Burstable' },
      { qosClass: 'BestEffort' },
      'status.qosClass: Invalid value: "BestEffort": field is immutable',
    ],
    [{}, ips('1.2.3.4', '::1')],
    [{}, ips('x'), `status.podIPs[0]: Invalid value: "x": ${address}`],
    [
      {},
      ips('1.2.3.4', '1.2.3.5'),
      'status.podIPs: Invalid value: [{"ip":"1.2.3.4"},{"ip":"1.2.3.5"}]: may specify no more than one IP for each IP family',
    ],
    [
      {},
      { hostIP: '1.2.3.4', hostIPs: [{ ip: '1.2.3.5' }] },
      'status.hostIPs[0].ip: Invalid value: "1.2.3.5": must be equal to `hostIP`',
    ],
    [ended(1), running, again],
    [ended(0), running, again],
    [
      {},
      { containerStatuses: [{ name: 'c', user: { linux: { uid: -1, gid: 0 } } }] },
      'status.containerStatuses[0].linux.uid: Invalid value: -1: must be between 0 and 2147483647, inclusive',
    ],
    [
      {},
      { resourceClaimStatuses: [{ name: 'a' }] },
      'status.resourceClaimStatuses[0].name: Invalid value: "a": must match the name of an entry in `spec.resourceClaims`',
    ],
    [
      {},
      { ephemeralContainerStatuses: [{ name: 'e', allocatedResourcesStatus: [{ name: 'r' }] }] },
      'status.ephemeralContainerStatuses[0].allocatedResourcesStatus: Forbidden: must not be specified in container status',
    ],
  ];
  const spec = { restartPolicy: 'Never' };
  for (const [before, after, ...expected] of cases) {
    const errors = updateErrors(podOf(spec, {}, after), podOf(spec, {}, before), 'status');
    compare(t, errors, expected, JSON.stringify([before, after]));
  }
});

test('a container that ended runs again where it may', (t) => {
  const ended = (exitCode: number): Json => ({
    containerStatuses: [{ name: 'c', state: { terminated: { exitCode } } }],
  });
  const running = { containerStatuses: [{ name: 'c', state: { running: {} } }] };
  const rules = [{ action: 'Restart', exitCodes: { operator: 'In', values: [7] } }];
  const own = { containers: [{ ...container, restartPolicy: 'Never', restartPolicyRules: rules }] };
  const cases: [spec: Json, exitCode: number, mayRestart: boolean][] = [
    [{ restartPolicy: 'Always' }, 0, true],
    [{ restartPolicy: 'OnFailure' }, 1, true],
    [{ restartPolicy: 'OnFailure' }, 0, false],
    [{ restartPolicy: 'Never' }, 1, false],
    [{ restartPolicy: 'Always', ...own }, 1, false],
    [{ restartPolicy: 'Never', ...own }, 7, true],
  ];
  for (const [spec, code, mayRestart] of cases) {
    const errors = updateErrors(podOf(spec, {}, running), podOf(spec, {}, ended(code)), 'status');
    t.is(errors.length, mayRestart ? 0 : 1, JSON.stringify([spec, code]));
  }
});

test('a bound pod has no other node in view', (t) => {
  const bound = { nodeName: 'n' };
  t.deepEqual(updateErrors(podOf(bound, {}, { nominatedNodeName: 'm' }), podOf(bound), 'status'), [
    'status.nominatedNodeName: Forbidden: may not be set on pods that are already bound to a node',
  ]);
  t.deepEqual(updateErrors(podOf({ nodeName: 'm' }), podOf(bound), 'status'), [
    'status.nodeName: Forbidden: may not be changed directly',
  ]);
});
