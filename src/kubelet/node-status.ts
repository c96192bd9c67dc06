import { canonicalQuantity, formatTime, kubernetesVersion, type v1 } from '../api/index.ts';
import type { NodeCapacity, RuntimeInfo, RuntimeVersion } from '../runtime/index.ts';
import type { MachineFacts, MachineState } from './machine.ts';

export interface NodeInput {
  nodeName: string;
  address: string;
  port: number;
  podCIDR: string;
  podsMax: number;
  labels: Readonly<Record<string, string>>;
  capacity: NodeCapacity;
  facts: MachineFacts;
  state: MachineState;
  runtime: { version: RuntimeVersion; info: RuntimeInfo };
  /** Conditions as they were told last. */
  previous: readonly v1.NodeCondition[];
  nowMs: number;
}

/** The Node object that the kubelet registers. Pure. */
export function nodeObject(input: NodeInput): v1.Node {
  const { nodeName, facts, podCIDR, runtime } = input;
  const { cgroups, mode } = runtime.info;
  const limits = cgroups.controllers.length > 0 ? cgroups.controllers.join(',') : 'none';
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: nodeName,
      labels: {
        'kubernetes.io/arch': facts.architecture,
        'kubernetes.io/hostname': nodeName,
        'kubernetes.io/os': 'linux',
        ...input.labels,
      },
      annotations: {
        'keelson.dev/node-mode': mode,
        'keelson.dev/cgroups': cgroups.version,
        'keelson.dev/enforced-limits': limits,
      },
    },
    spec: { podCIDR, podCIDRs: [podCIDR] },
    status: nodeStatus(input),
  };
}

/** What the node says of itself. Pure. */
export function nodeStatus(input: NodeInput): v1.NodeStatus {
  const { facts, address, port, runtime } = input;
  const { name, version } = runtime.version;
  return {
    addresses: [
      { type: 'InternalIP', address },
      { type: 'Hostname', address: input.nodeName },
    ],
    ...resourcesOf(input),
    conditions: conditionsOf(input),
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
    nodeInfo: {
      ...facts.info,
      containerRuntimeVersion: `${name}://${version}`,
      kubeletVersion: kubernetesVersion,
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: facts.architecture,
    },
    images: [{ names: ['host'] }],
  };
}

/** Kept free of pods, as the kubelet's default for `memory.available`. */
const reservedMemoryBytes = 100 * 1024 * 1024;
/** Pressure below these parts, as the kubelet's defaults for `nodefs`. */
const diskAvailableMin = 0.1;
const inodesAvailableMin = 0.05;
const pidsAvailableMin = 0.05;

function resourcesOf({ capacity, state, podsMax }: NodeInput): Pick<v1.NodeStatus, 'capacity' | 'allocatable'> {
  const { disk } = state;
  const cpu = capacity.cpuMillicores % 1000 === 0 ? `${capacity.cpuMillicores / 1000}` : `${capacity.cpuMillicores}m`;
  const rest = { cpu, pods: `${podsMax}` };
  // As the API keeps it: else each look at the Node would find a difference.
  const kibibytes = (bytes: number): string => canonicalQuantity(`${Math.floor(bytes / 1024)}Ki`)!;
  return {
    capacity: { ...rest, memory: kibibytes(capacity.memoryBytes), 'ephemeral-storage': kibibytes(disk.bytes) },
    allocatable: {
      ...rest,
      memory: kibibytes(Math.max(0, capacity.memoryBytes - reservedMemoryBytes)),
      'ephemeral-storage': canonicalQuantity(Math.floor(disk.bytes * (1 - diskAvailableMin)))!,
    },
  };
}

type Verdict = Pick<v1.NodeCondition, 'type' | 'status' | 'reason' | 'message'>;

function conditionsOf({ capacity, state, previous, nowMs }: NodeInput): v1.NodeCondition[] {
  const { disk } = state;
  const lacksDisk =
    disk.availableBytes < disk.bytes * diskAvailableMin || disk.availableInodes < disk.inodes * inodesAvailableMin;
  const verdicts: Verdict[] = [
    pressure('Memory', 'InsufficientMemory', 'SufficientMemory', state.memoryAvailableBytes < reservedMemoryBytes, [
      'sufficient memory available',
      'insufficient memory available',
    ]),
    pressure('Disk', 'DiskPressure', 'NoDiskPressure', lacksDisk, ['no disk pressure', 'disk pressure']),
    pressure(
      'PID',
      'InsufficientPID',
      'SufficientPID',
      capacity.pids - state.threads < capacity.pids * pidsAvailableMin,
      ['sufficient PID available', 'insufficient PID available'],
    ),
    { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
  ];
  const now = formatTime(nowMs);
  return verdicts.map((verdict) => {
    const before = previous.find(({ type }) => type === verdict.type);
    const lastTransitionTime = before?.status === verdict.status ? (before.lastTransitionTime ?? now) : now;
    return { ...verdict, lastHeartbeatTime: now, lastTransitionTime };
  });
}

function pressure(
  what: 'Memory' | 'Disk' | 'PID',
  badReason: string,
  goodReason: string,
  bad: boolean,
  [good, worse]: readonly [string, string],
): Verdict {
  return {
    type: `${what}Pressure`,
    status: bad ? 'True' : 'False',
    reason: `KubeletHas${bad ? badReason : goodReason}`,
    message: `kubelet has ${bad ? worse : good}`,
  };
}
