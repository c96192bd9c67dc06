import test from 'ava';
import { checkChange, checkNew, checkPart, type Json, type Kind } from './support/validation.ts';

test('namespaces', (t) => {
  const kind: Kind = { apiVersion: 'v1', kind: 'Namespace', cluster: true };
  const finalized = (...finalizers: string[]): Json => ({ spec: { finalizers } });
  const unqualified = 'name is neither a standard finalizer name nor is it fully qualified';
  checkNew(t, kind, [
    [finalized('kubernetes', 'a.b/c'), []],
    [finalized('mine'), [`spec.finalizers: Invalid value: "mine": ${unqualified}`]],
  ]);
  checkPart(
    t,
    kind,
    [
      [finalized('kubernetes'), finalized(), []],
      [finalized('kubernetes'), finalized('mine'), [`spec.finalizers[0]: Invalid value: "mine": ${unqualified}`]],
    ],
    'finalize',
  );
  const phase = (name: string, metadata: Json = {}): Json => ({ metadata, status: { phase: name } });
  const deleted = { deletionTimestamp: '2026-01-01T00:00:00Z' };
  checkPart(t, kind, [
    [phase('Active'), phase('Active'), []],
    [
      phase('Active'),
      phase('Terminating'),
      ['status.Phase: Invalid value: "Terminating": may only be \'Active\' if `deletionTimestamp` is empty'],
    ],
    [
      phase('Active', deleted),
      phase('Active', deleted),
      ['status.Phase: Invalid value: "Active": may only be \'Terminating\' if `deletionTimestamp` is not empty'],
    ],
  ]);
});

test('nodes', (t) => {
  const kind: Kind = { apiVersion: 'v1', kind: 'Node', cluster: true };
  const ranges = (...podCIDRs: string[]): Json => ({ spec: { podCIDRs } });
  checkNew(t, kind, [
    [ranges('10.0.0.0/24', '2001:db8::/64'), []],
    [ranges('x'), [/^spec\.podCIDRs\[0\]: Invalid value: "x": must be a valid CIDR value/]],
    [
      ranges('10.0.0.0/24', '10.0.0.0/24'),
      [
        'spec.podCIDRs: Invalid value: ["10.0.0.0/24","10.0.0.0/24"]: may specify no more than one CIDR for each IP family',
        'spec.podCIDRs[1]: Duplicate value: "10.0.0.0/24"',
      ],
    ],
    [
      { spec: { taints: [{ key: '', effect: 'NoSchedule' }] } },
      [/^metadata\.taints\[0\]\.key: .*non-empty$/, /name part must consist/],
    ],
    [{ spec: { taints: [{ key: 'a' }] } }, ['metadata.taints[0].effect: Required value']],
    [
      { status: { capacity: { cpu: '-1' }, allocatable: { pods: '1500m' } } },
      [
        'status.capacity.cpu: Invalid value: "-1": must be greater than or equal to 0',
        'status.allocatable.pods: Invalid value: "1500m": must be an integer',
      ],
    ],
  ]);
  checkChange(t, kind, [
    [ranges(), ranges('10.0.0.0/24'), []],
    [
      ranges('10.0.0.0/24'),
      ranges('10.1.0.0/24'),
      ['spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid'],
    ],
  ]);
  const address = { type: 'InternalIP', address: '1.2.3.4' };
  checkPart(t, kind, [
    [{}, { status: { capacity: { cpu: '1' }, addresses: [address] } }, []],
    [
      {},
      { status: { capacity: { 'example.com/gpu': '500m' }, addresses: [address, address] } },
      [
        'status.capacity.example.com/gpu: Invalid value: "500m": must be an integer',
        'status.allocatable.example.com/gpu: Invalid value: "500m": must be an integer',
        'status.addresses[1]: Duplicate value: {"Type":"InternalIP","Address":"1.2.3.4"}',
      ],
    ],
  ]);
});

test('quotas', (t) => {
  const kind: Kind = { apiVersion: 'v1', kind: 'ResourceQuota' };
  const quota = (hard: Json, parts: Json = {}): Json => ({ spec: { hard, ...parts } });
  const scoped = (hard: Json, ...expressions: Json[]): Json =>
    quota(hard, { scopeSelector: { matchExpressions: expressions } });
  const at = 'spec.scopeSelector.matchExpressions';
  checkNew(t, kind, [
    [
      quota({ 'count/pods': '1', 'requests.example.com/gpu': '2', 'hugepages-2Mi': '1Gi', 'services.nodeports': '1' }),
      [],
    ],
    [
      quota({ oranges: '1' }),
      [
        'spec.hard[oranges]: Invalid value: "oranges": must be a standard resource type or fully qualified',
        'spec.hard[oranges]: Invalid value: "oranges": must be a standard resource for quota',
      ],
    ],
    [quota({ storage: '1' }), ['spec.hard[storage]: Invalid value: "storage": must be a standard resource for quota']],
    [quota({ 'a b/c': '1' }), [/^spec\.hard\[a b\/c\]: Invalid value: "a b\/c": prefix part/]],
    [quota({ pods: '1' }, { scopes: ['Odd'] }), ['spec.scopes: Invalid value: ["Odd"]: unsupported scope']],
    [
      quota({ services: '1' }, { scopes: ['Terminating'] }),
      ['spec.scopes: Invalid value: ["Terminating"]: unsupported scope applied to resource'],
    ],
    [
      quota({ cpu: '1' }, { scopes: ['BestEffort'] }),
      ['spec.scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource'],
    ],
    [
      quota({ pods: '1' }, { scopes: ['BestEffort', 'NotBestEffort'] }),
      ['spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes'],
    ],
    [scoped({ pods: '1' }, { scopeName: 'PriorityClass', operator: 'In', values: ['high'] }), []],
    [
      scoped({ pods: '1' }, { scopeName: 'PriorityClass', operator: 'In' }),
      [
        `${at}.values: Required value: must be at least one value when \`operator\` is 'In' or 'NotIn' for scope selector`,
      ],
    ],
    [
      scoped({ pods: '1' }, { scopeName: 'PriorityClass', operator: 'Exists', values: ['a'] }),
      [
        `${at}.values: Invalid value: ["a"]: must be no value when \`operator\` is 'Exist' or 'DoesNotExist' for scope selector`,
      ],
    ],
    [
      scoped({ pods: '1' }, { scopeName: 'Terminating', operator: 'DoesNotExist' }),
      [
        /^spec\.scopeSelector\.matchExpressions\.operator: Invalid value: "DoesNotExist": must be 'Exist' when scope is any of/,
      ],
    ],
    [
      scoped({ pods: '1' }, { scopeName: 'PriorityClass', operator: 'Is' }),
      [`${at}.operator: Invalid value: "Is": not a valid selector operator`],
    ],
    [
      scoped({ pods: '1' }, { scopeName: 'Odd', operator: 'Exists' }),
      [`${at}.scopeName: Invalid value: "Odd": unsupported scope`],
    ],
    [
      scoped({ secrets: '1' }, { scopeName: 'PriorityClass', operator: 'Exists' }),
      [/: unsupported scope applied to resource$/],
    ],
    [
      scoped(
        { pods: '1' },
        { scopeName: 'Terminating', operator: 'Exists' },
        { scopeName: 'NotTerminating', operator: 'Exists' },
      ),
      [`${at}: Invalid value: "null": conflicting scopes`],
    ],
  ]);
  checkPart(t, kind, [
    [quota({}), { status: { hard: { pods: '1' }, used: { pods: '0' } } }, []],
    [
      quota({}),
      { status: { used: { pods: '-1' } } },
      ['status.used[pods]: Invalid value: "-1": must be greater than or equal to 0'],
    ],
  ]);
});

test('limits', (t) => {
  const kind: Kind = { apiVersion: 'v1', kind: 'LimitRange' };
  const limit = (item: Json): Json => ({ spec: { limits: [{ type: 'Container', ...item }] } });
  const at = 'spec.limits[0]';
  checkNew(t, kind, [
    [limit({ type: 'a b' }), [/^spec\.limits\[0\]\.type: Invalid value: "a b"/]],
    [limit({ type: 'Room' }), [`${at}.type: Invalid value: "Room": must be a standard limit type or fully qualified`]],
    [limit({ type: 'a/b' }), []],
    [
      limit({ type: 'Pod', max: { storage: '1' } }),
      [`${at}.max[storage]: Invalid value: "storage": must be a standard resource for containers`],
    ],
    [
      limit({ type: 'Pod', max: { 'requests.a/b': '1' } }),
      [`${at}.max[requests.a/b]: Invalid value: "requests.a/b": doesn't follow extended resource name standard`],
    ],
    [
      limit({ type: 'PersistentVolumeClaim', max: {} }),
      [`${at}.limits: Required value: either minimum or maximum storage value is required, but neither was provided`],
    ],
    [
      limit({ min: { cpu: '1' }, max: { cpu: '2' }, maxLimitRequestRatio: { cpu: '3' } }),
      [`${at}.maxLimitRequestRatio[cpu]: Invalid value: "3": ratio 3 is greater than max/min = 2.000000`],
    ],
    [
      limit({ default: { 'hugepages-2Mi': '4Mi' }, defaultRequest: { 'hugepages-2Mi': '2Mi' } }),
      [
        `${at}.defaultRequest[hugepages-2Mi]: Invalid value: "2Mi": default value 4Mi must equal to defaultRequest value 2Mi in hugepages-2Mi`,
      ],
    ],
  ]);
});

test('secrets and maps that are frozen or of a type', (t) => {
  const secret: Kind = { apiVersion: 'v1', kind: 'Secret' };
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const docker = (text: string): Json => ({
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': base64(text) },
  });
  const at = 'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>"';
  checkNew(t, secret, [
    [docker('{}'), []],
    [docker(''), [`${at}: unexpected end of JSON input`]],
    [docker('x'), [`${at}: invalid character 'x' looking for beginning of value`]],
    [docker('[]'), [`${at}: json: cannot unmarshal array into Go value of type map[string]interface {}`]],
    [{ type: 'kubernetes.io/ssh-auth', data: { 'ssh-privatekey': '' } }, ['data[ssh-privatekey]: Required value']],
  ]);
  const frozen = 'field is immutable when `immutable` is set';
  checkChange(t, secret, [
    [
      { type: 'Opaque', immutable: true, data: { a: 'YQ==' } },
      { type: 'Other', immutable: false, data: {} },
      [
        'type: Invalid value: "Other": field is immutable',
        `immutable: Forbidden: ${frozen}`,
        `data: Forbidden: ${frozen}`,
      ],
    ],
  ]);
  checkChange(t, { apiVersion: 'v1', kind: 'ConfigMap' }, [
    [{ immutable: true, data: { a: 'b' } }, { immutable: true, data: { a: 'b' } }, []],
    [
      { immutable: true, data: { a: 'b' } },
      { immutable: true, binaryData: { a: 'YQ==' } },
      [`data: Forbidden: ${frozen}`, `binaryData: Forbidden: ${frozen}`],
    ],
  ]);
});
