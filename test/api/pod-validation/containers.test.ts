import test from 'ava';
import { type Case, checkCases, container, type Json, ofContainer, podOf, under } from './support.ts';

const at = under('spec.containers[0].');

test('a container', (t) => {
  checkCases(t, ofContainer, [
    [{}],
    [{ name: '' }, ...at('name: Required value')],
    [{ name: 'a.b' }, ...at('name: Invalid value: "a.b": must not contain dots')],
    [{ image: '' }, ...at('image: Required value')],
    [{ image: ' i' }, ...at('image: Invalid value: " i": must not have leading or trailing whitespace')],
    [
      { imagePullPolicy: 'Now' },
      ...at('imagePullPolicy: Unsupported value: "Now": supported values: "Always", "IfNotPresent", "Never"'),
    ],
    [
      { terminationMessagePolicy: 'Mail' },
      ...at('terminationMessagePolicy: Unsupported value: "Mail": supported values: "File", "FallbackToLogsOnError"'),
    ],
  ]);
});

test('lists of containers', (t) => {
  const init = { name: 'i', image: 'i' };
  checkCases(t, podOf, [
    [{ containers: [] }, 'spec.containers: Required value'],
    [{ containers: [container, container] }, 'spec.containers[1].name: Duplicate value: "c"'],
    [{ initContainers: [container] }, 'spec.initContainers[0].name: Duplicate value: "c"'],
    [{ initContainers: [init, init] }, 'spec.initContainers[1].name: Duplicate value: "i"'],
    [{ initContainers: [{ ...init, restartPolicy: 'Always', readinessProbe: { exec: { command: ['x'] } } }] }],
    [
      {
        initContainers: [
          { ...init, lifecycle: { preStop: {} }, livenessProbe: {}, readinessProbe: {}, startupProbe: {} },
        ],
      },
      ...['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'].map(
        (field) =>
          `spec.initContainers[0].${field}: Forbidden: may not be set for init containers without restartPolicy=Always`,
      ),
    ],
    [
      { ephemeralContainers: [{ name: 'e', image: 'e' }] },
      'spec.ephemeralContainers: Forbidden: cannot be set on create',
    ],
  ]);
});

test('ports', (t) => {
  const ports = (...list: Json[]): Json => ({ ports: list });
  const place = (change: Json) => ofContainer(change);
  const range = 'must be between 1 and 65535, inclusive';
  checkCases(t, place, [
    [ports({ containerPort: 1 }, { containerPort: 1, protocol: 'UDP', hostPort: 5, hostIP: '1.2.3.4' })],
    [ports({}), ...at('ports[0].containerPort: Required value')],
    [ports({ containerPort: 65536 }), ...at(`ports[0].containerPort: Invalid value: 65536: ${range}`)],
    [ports({ containerPort: 1, hostPort: -1 }), ...at(`ports[0].hostPort: Invalid value: -1: ${range}`)],
    [
      ports({ containerPort: 1, protocol: 'X' }),
      ...at('ports[0].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"'),
    ],
    [
      ports({ containerPort: 1, name: '1' }),
      ...at('ports[0].name: Invalid value: "1": must contain at least one letter (a-z)'),
    ],
    [
      ports({ containerPort: 1, name: 'a' }, { containerPort: 2, name: 'a' }),
      ...at('ports[1].name: Duplicate value: "a"'),
    ],
    [
      ports({ containerPort: 1, hostPort: 9 }, { containerPort: 2, hostPort: 9 }),
      ...at('ports[1].hostPort: Duplicate value: "TCP//9"'),
    ],
  ]);
  checkCases(t, podOf, [
    [{ hostNetwork: true, containers: [{ ...container, ports: [{ containerPort: 1 }] }] }],
    [
      { hostNetwork: true, containers: [{ ...container, ports: [{ containerPort: 1, hostPort: 2 }] }] },
      ...at('ports[0].hostPort: Invalid value: 2: must match `containerPort` when `hostNetwork` is true'),
    ],
    // Init containers run one after another.
    [
      {
        initContainers: ['a', 'b'].map((name) => ({ name, image: 'i', ports: [{ containerPort: 1, hostPort: 9 }] })),
      },
    ],
  ]);
});

test('environment', (t) => {
  const from = (valueFrom: Json, value?: string): Json => ({ env: [{ name: 'A', value, valueFrom }] });
  const secret = { secretKeyRef: { name: 's', key: 'k' } };
  const source = 'env[0].valueFrom';
  checkCases(t, ofContainer, [
    [{ env: [{ name: 'A', value: 'x' }, { name: '1 b' }, { name: 'C', valueFrom: secret }] }],
    [{ env: [{ value: 'x' }] }, ...at('env[0].name: Required value')],
    [
      { env: [{ name: 'a=b' }] },
      ...at(
        `env[0].name: Invalid value: "a=b": a valid environment variable name must consist only of printable ASCII characters other than '='`,
      ),
    ],
    [
      from({}),
      ...at(
        `${source}: Invalid value: "": must specify one of: \`fieldRef\`, \`resourceFieldRef\`, \`configMapKeyRef\`, \`secretKeyRef\` or \`fileKeyRef\``,
      ),
    ],
    [from(secret, 'x'), ...at(`${source}: Invalid value: "": may not be specified when \`value\` is not empty`)],
    [
      from({ ...secret, configMapKeyRef: { name: 'c', key: 'k' } }),
      ...at(`${source}: Invalid value: "": may not have more than one field specified at a time`),
    ],
    [from({ secretKeyRef: { name: 's' } }), ...at(`${source}.secretKeyRef.key: Required value`)],
    [from({ secretKeyRef: { name: 'S', key: 'k' } }), /secretKeyRef\.name: Invalid value: "S": a lowercase RFC 1123/],
    [
      from({ configMapKeyRef: { name: 's', key: 'a b' } }),
      /configMapKeyRef\.key: Invalid value: "a b": a valid config/,
    ],
    [from({ fileKeyRef: { volumeName: 'v', path: 'f', key: 'K' } })],
    [
      from({ fileKeyRef: {} }),
      ...at(`${source}.fileKeyRef.key: Required value`),
      ...at(`${source}.fileKeyRef.volumeName: Required value`),
      ...at(`${source}.fileKeyRef.path: Required value`),
    ],
    [
      from({ fileKeyRef: { volumeName: 'v', path: '/f', key: 'k'.repeat(129) } }),
      ...at(`${source}.fileKeyRef.key: Too long: may not be more than 128 bytes`),
      ...at(`${source}.fileKeyRef.path: Invalid value: "/f": must be a relative path`),
    ],
    [{ envFrom: [{ prefix: 'P_', configMapRef: { name: 'c' } }] }],
    // Kubernetes names the list, not the item.
    [{ envFrom: [{}] }, ...at('envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`')],
    [
      { envFrom: [{ configMapRef: { name: 'c' }, secretRef: {} }] },
      ...at('envFrom[0].secretRef.name: Required value'),
      ...at('envFrom: Invalid value: "": may not have more than one field specified at a time'),
    ],
    [{ envFrom: [{ secretRef: { name: 's' }, prefix: '=' }] }, /envFrom\[0\]\.prefix: Invalid value: "="/],
  ]);
});

test('fields of the pod in the environment', (t) => {
  const field = (fieldPath: string, apiVersion?: string): Json => ({
    env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath, apiVersion } } }],
  });
  const amount = (ref: Json): Json => ({ env: [{ name: 'A', valueFrom: { resourceFieldRef: ref } }] });
  const path = 'env[0].valueFrom.fieldRef';
  const supported =
    '"metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"';
  checkCases(t, ofContainer, [
    [field('metadata.name')],
    [field('spec.host')],
    [field("metadata.labels['app']")],
    [field("metadata.annotations['Example.com/A']")],
    [field(''), ...at(`${path}.fieldPath: Required value`)],
    [
      field('metadata.labels'),
      ...at(`${path}.fieldPath: Unsupported value: "metadata.labels": supported values: ${supported}`),
    ],
    [
      field('spec.containers'),
      ...at(
        `${path}.fieldPath: Invalid value: "spec.containers": error converting fieldPath: field label not supported: spec.containers`,
      ),
    ],
    [
      field("metadata.name['x']"),
      ...at(
        `${path}.fieldPath: Invalid value: "metadata.name['x']": error converting fieldPath: field label does not support subscript: metadata.name['x']`,
      ),
    ],
    [
      field('metadata.name', 'v2'),
      ...at(
        `${path}.fieldPath: Invalid value: "metadata.name": error converting fieldPath: unsupported pod version: v2`,
      ),
    ],
    [field("metadata.labels['-']"), /fieldRef: Invalid value: "-": name part must consist of/],
    [amount({ resource: 'limits.cpu', divisor: '1m' })],
    [amount({ resource: 'requests.hugepages-2Mi', divisor: '1Mi' })],
    [amount({}), ...at('env[0].valueFrom.resourceFieldRef.resource: Required value')],
    [
      amount({ resource: 'limits.gold' }),
      ...at(
        'env[0].valueFrom.resourceFieldRef.resource: Unsupported value: "limits.gold": supported values: "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"',
      ),
    ],
    [
      amount({ resource: 'limits.cpu', divisor: '10m' }),
      ...at(
        `env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor's values 1m and 1 are supported with the cpu resource`,
      ),
    ],
    [amount({ resource: 'limits.memory', divisor: '2Mi' }), /1Ei are supported with the memory resource/],
    [amount({ resource: 'limits.ephemeral-storage', divisor: '3' }), /the local ephemeral storage resource/],
    [amount({ resource: 'limits.hugepages-2Mi', divisor: '3' }), /the hugepages resource/],
  ]);
});

test('probes and hooks', (t) => {
  const http = { httpGet: { port: 80 } };
  const live = under('spec.containers[0].livenessProbe');
  checkCases(t, ofContainer, [
    [{ livenessProbe: http, startupProbe: { tcpSocket: { port: 'web' } }, readinessProbe: { grpc: { port: 1 } } }],
    [{ livenessProbe: {} }, ...live(': Required value: must specify a handler type')],
    [
      { livenessProbe: { ...http, exec: { command: ['x'] } } },
      ...live('.httpGet: Forbidden: may not specify more than 1 handler type'),
    ],
    [{ readinessProbe: { exec: {} } }, ...at('readinessProbe.exec.command: Required value')],
    [
      { startupProbe: { httpGet: { port: 0 } } },
      ...at('startupProbe.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive'),
    ],
    [
      { livenessProbe: { httpGet: { port: 1, scheme: 'FTP' } } },
      ...live('.httpGet.scheme: Unsupported value: "FTP": supported values: "HTTP", "HTTPS"'),
    ],
    [{ startupProbe: { tcpSocket: { port: 'A' } } }, /tcpSocket\.port: Invalid value: "A"/, /at least one letter/],
    [{ startupProbe: { grpc: { port: 70000 } } }, /grpc\.port: Invalid value: 70000/],
    [
      { livenessProbe: { httpGet: { port: 1, httpHeaders: [{ name: 'a b', value: '' }] } } },
      /livenessProbe\.httpGet\.httpHeaders: Invalid value: "a b": a valid HTTP header must/,
    ],
    [{ livenessProbe: { ...http, successThreshold: 2 } }, ...live('.successThreshold: Invalid value: 2: must be 1')],
    [
      { readinessProbe: { ...http, periodSeconds: -1 } },
      ...at('readinessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0'),
    ],
    [
      { livenessProbe: { ...http, terminationGracePeriodSeconds: 0 } },
      ...live('.terminationGracePeriodSeconds: Invalid value: 0: must be greater than 0'),
    ],
    [
      { readinessProbe: { ...http, terminationGracePeriodSeconds: 5 } },
      ...at('readinessProbe.terminationGracePeriodSeconds: Invalid value: 5: must not be set for readinessProbes'),
    ],
    [{ lifecycle: { postStart: { exec: { command: ['x'] } }, preStop: { sleep: { seconds: 0 } } } }],
    [{ lifecycle: { preStop: {} } }, ...at('lifecycle.preStop: Required value: must specify a handler type')],
    [
      { lifecycle: { preStop: { sleep: { seconds: 31 } } } },
      ...at(
        'lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)',
      ),
    ],
  ]);
});

test('restarts and resizes', (t) => {
  const rule = (exitCodes?: Json, action = 'Restart'): Json => ({ action, exitCodes });
  const codes = { operator: 'In', values: [1] };
  const rules = (...restartPolicyRules: Json[]): Json => ({ restartPolicy: 'Never', restartPolicyRules });
  checkCases(t, ofContainer, [
    [rules(rule(codes))],
    [
      { restartPolicyRules: [rule(codes)] },
      ...at('restartPolicy: Required value: must specify restartPolicy when restart rules are used'),
    ],
    [
      { restartPolicy: 'Now' },
      ...at('restartPolicy: Unsupported value: "Now": supported values: "Always", "Never", "OnFailure"'),
    ],
    [
      rules(rule(codes, 'Stop')),
      ...at('restartPolicyRules[0].action: Unsupported value: "Stop": supported values: "Restart"'),
    ],
    [rules(rule()), ...at('restartPolicyRules[0].exitCodes: Required value: must be specified')],
    [
      rules(rule({ operator: 'Near' })),
      ...at('restartPolicyRules[0].exitCodes.operator: Unsupported value: "Near": supported values: "In", "NotIn"'),
    ],
    [
      rules(rule({ operator: 'In', values: Array.from({ length: 256 }, (_, code) => code) })),
      ...at('restartPolicyRules[0].exitCodes.values: Too many: 256: must have at most 255 items'),
    ],
    [
      rules(...Array.from({ length: 21 }, () => rule(codes))),
      ...at('restartPolicyRules: Too many: 21: must have at most 20 items'),
    ],
    [{ resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'NotRequired' }] }],
    [
      { resizePolicy: [{ resourceName: 'disk', restartPolicy: 'Maybe' }] },
      ...at('resizePolicy: Unsupported value: "disk": supported values: "cpu", "memory"'),
      ...at('resizePolicy: Unsupported value: "Maybe": supported values: "NotRequired", "RestartContainer"'),
    ],
    [
      { resizePolicy: [1, 2].map(() => ({ resourceName: 'cpu', restartPolicy: 'NotRequired' })) },
      ...at('resizePolicy[1]: Duplicate value: "cpu"'),
    ],
  ]);
  checkCases(t, podOf, [
    [
      {
        restartPolicy: 'Never',
        containers: [{ ...container, resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }] }],
      },
      ...at(`resizePolicy: Invalid value: "RestartContainer": must be 'NotRequired' when \`restartPolicy\` is 'Never'`),
    ],
    [
      { initContainers: [{ name: 'i', image: 'i', ...rules(rule(codes)), restartPolicy: 'Always' }] },
      'spec.initContainers[0].restartPolicyRules: Forbidden: restartPolicyRules are not allowed for init containers with restart policy Always',
    ],
  ]);
});

test('resources', (t) => {
  const resources = (limits: Json, requests: Json = {}): Json => ({ resources: { limits, requests } });
  const claims = (...list: Json[]): Json => ({ resources: { claims: list } });
  const gpu = 'example.com/gpu';
  checkCases(t, ofContainer, [
    [resources({ cpu: '1', memory: '1Gi', [gpu]: '1', 'hugepages-2Mi': '4Mi' })],
    [
      resources({ cpu: '1' }, { cpu: '2' }),
      ...at('resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1'),
    ],
    [
      resources({ [gpu]: '2' }, { [gpu]: '1' }),
      ...at(`resources.requests: Invalid value: "1": must be equal to ${gpu} limit of 2`),
    ],
    [
      resources({}, { [gpu]: '1' }),
      ...at('resources.limits: Required value: Limit must be set for non overcommitable resources'),
    ],
    [
      resources({ cpu: '-1' }, { cpu: '-1' }),
      ...at('resources.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0'),
      ...at('resources.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0'),
    ],
    [resources({ [gpu]: '1500m' }), /limits.*must be an integer/, /requests.*must be an integer/],
    [
      resources({ gold: '1' }, { gold: '1' }),
      ...at('resources.limits[gold]: Invalid value: "gold": must be a standard resource type or fully qualified'),
      ...at('resources.limits[gold]: Invalid value: "gold": must be a standard resource for containers'),
      /requests\[gold\]/,
      /requests\[gold\]/,
    ],
    [resources({ pods: '1' }, { pods: '1' }), /limits\[pods\].*a standard resource for containers/, /requests\[pods\]/],
    [resources({ 'requests.x.com/y': '1' }, { 'requests.x.com/y': '1' }), /doesn't follow extended/, /doesn't follow/],
    [resources({ cpu: 'much' }, { cpu: '1' }), /quantities must match the regular expression/],
    [resources({ 'hugepages-2Mi': '2Mi' }), ...at('resources: Forbidden: HugePages require cpu or memory')],
    [
      resources({ cpu: '1', 'hugepages-2Mi': '3Mi' }),
      ...at(
        'resources.limits[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi',
      ),
      /requests/,
    ],
    [
      claims({ name: 'g' }),
      ...at('resources.claims[0]: Not found: "g": must be one of the names in pod.spec.resourceClaims which is empty'),
    ],
    [claims({}), ...at('resources.claims[0]: Required value')],
  ]);
  const claimed = (...list: Json[]) =>
    podOf({
      resourceClaims: ['a', 'b'].map((name) => ({ name, resourceClaimName: 'r' })),
      containers: [{ ...container, resources: { claims: list } }],
    });
  const cases: [Json[], ...string[]][] = [
    [
      [
        { name: 'a', request: 'x' },
        { name: 'a', request: 'y' },
      ],
    ],
    [[{ name: 'a' }, { name: 'a' }], 'resources.claims[1]: Duplicate value: "a"'],
    [[{ name: 'a' }, { name: 'a', request: 'x' }], 'resources.claims[1]: Duplicate value: "a"'],
    [[{ name: 'a', request: 'x' }, { name: 'a' }], 'resources.claims[1]: Duplicate value: "a"'],
    [
      [
        { name: 'a', request: 'x' },
        { name: 'a', request: 'x' },
      ],
      'resources.claims[1]: Duplicate value: "a/x"',
    ],
    [[{ name: 'c' }], 'resources.claims[0]: Not found: "c": must be one of the names in pod.spec.resourceClaims: a, b'],
  ];
  for (const [list, ...errors] of cases) checkCases(t, () => claimed(...list), [[{ list }, ...at(...errors)]]);
});

test('mounts and devices', (t) => {
  const volumes = [{ name: 'v' }, { name: 'b', persistentVolumeClaim: { claimName: 'b' } }];
  const place = (change: Json) => podOf({ volumes, containers: [{ ...container, ...change }] });
  const mounts = (...volumeMounts: Json[]): Json => ({ volumeMounts });
  const devices = (...volumeDevices: Json[]): Json => ({ volumeDevices });
  const v = { name: 'v', mountPath: '/a' };
  const b = { name: 'b', devicePath: '/d' };
  const cases: Case[] = [
    [mounts(v)],
    [mounts({ ...v, name: 'w' }), ...at('volumeMounts[0].name: Not found: "w"')],
    [mounts({ name: 'v' }), ...at('volumeMounts[0].mountPath: Required value')],
    [mounts(v, v), ...at('volumeMounts[1].mountPath: Invalid value: "/a": must be unique')],
    [
      mounts({ ...v, subPath: '/x/../y' }),
      ...at('volumeMounts.subPath: Invalid value: "/x/../y": must be a relative path'),
      ...at(`volumeMounts.subPath: Invalid value: "/x/../y": must not contain '..'`),
    ],
    [
      mounts({ ...v, subPath: 'x', subPathExpr: 'y' }),
      ...at('volumeMounts[0].subPathExpr: Invalid value: "y": subPathExpr and subPath are mutually exclusive'),
    ],
    [
      mounts({ ...v, mountPropagation: 'Up' }),
      ...at(
        'volumeMounts.mountPropagation: Unsupported value: "Up": supported values: "Bidirectional", "HostToContainer", "None"',
      ),
    ],
    [
      mounts({ ...v, mountPropagation: 'Bidirectional' }),
      ...at(
        'volumeMounts.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers',
      ),
    ],
    [{ ...mounts({ ...v, mountPropagation: 'Bidirectional' }), securityContext: { privileged: true } }],
    [mounts({ ...v, readOnly: true, recursiveReadOnly: 'Enabled' })],
    [
      mounts({ ...v, recursiveReadOnly: 'IfPossible', mountPropagation: 'HostToContainer' }),
      ...at('volumeMounts.recursiveReadOnly: Forbidden: may only be specified when readOnly is true'),
      ...at(
        'volumeMounts.recursiveReadOnly: Forbidden: may only be specified when mountPropagation is None or not specified',
      ),
    ],
    [
      mounts({ ...v, recursiveReadOnly: 'Half' }),
      ...at(
        'volumeMounts.recursiveReadOnly: Unsupported value: "Half": supported values: "Disabled", "Enabled", "IfPossible"',
      ),
    ],
    [devices(b)],
    [
      devices({ ...b, name: 'v' }),
      ...at(
        'volumeDevices[0].name: Invalid value: "v": can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode',
      ),
    ],
    [devices({ name: 'b' }), ...at('volumeDevices[0].devicePath: Required value')],
    [devices({ ...b, name: 'x' }), ...at('volumeDevices[0].name: Not found: "x"')],
    [
      devices(b, b),
      ...at('volumeDevices[1].name: Invalid value: "b": must be unique'),
      ...at('volumeDevices[1].devicePath: Invalid value: "/d": must be unique'),
    ],
    [
      devices({ ...b, devicePath: '/d/../e' }),
      ...at(`volumeDevices[0].devicePath: Invalid value: "/d/../e": can not contain backsteps ('..')`),
    ],
    [
      { ...mounts({ name: 'b', mountPath: '/d' }), ...devices(b) },
      ...at('volumeMounts[0].name: Invalid value: "b": must not already exist in volumeDevices'),
      ...at('volumeMounts[0].mountPath: Invalid value: "/d": must not already exist as a path in volumeDevices'),
      ...at('volumeDevices[0].name: Invalid value: "b": must not already exist in volumeMounts'),
      ...at('volumeDevices[0].devicePath: Invalid value: "/d": must not already exist as a path in volumeMounts'),
    ],
  ];
  checkCases(t, place, cases);
});
