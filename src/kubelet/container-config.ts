import { milliValueOf, type v1, wholeValueOf } from '../api/index.ts';
import type { ContainerConfig, ContainerResources, ContainerUser, EnvVar, Mount } from '../runtime/index.ts';
import { expand } from './expansion.ts';
import { definitionAnnotation, definitionOf } from './pod-actions.ts';
import { ConfigurationError } from './references.ts';

export interface ContainerConfigInput {
  pod: v1.Pod;
  container: v1.Container;
  attempt: number;
  env: readonly EnvVar[];
  mounts: readonly Mount[];
  /** What the image runs by itself. */
  imageCommand?: readonly string[] | undefined;
  memoryCapacityBytes: number;
  pidsLimit: number;
}

/** What the runtime is told of a container. Pure; throws a ConfigurationError for what must not be. */
export function containerConfig(input: ContainerConfigInput): ContainerConfig {
  const { pod, container, attempt, env, mounts } = input;
  const values = new Map(env.map(({ name, value }) => [name, value]));
  const lookup = (name: string): string | undefined => values.get(name);
  const asked = [...(container.command ?? []), ...(container.args ?? [])].map((text) => expand(text, lookup));
  const command = asked.length > 0 ? asked : (input.imageCommand ?? []);
  return {
    name: container.name,
    attempt,
    image: container.image ?? '',
    command,
    env,
    ...(container.workingDir ? { workingDir: container.workingDir } : {}),
    ...(mounts.length > 0 ? { mounts } : {}),
    resources: containerResources(input),
    user: containerUser(pod, container),
    ...(container.stdin ? { stdin: true } : {}),
    ...(container.stdin && container.stdinOnce ? { stdinOnce: true } : {}),
    ...(container.tty ? { tty: true } : {}),
    annotations: { [definitionAnnotation]: definitionOf(container) },
  };
}

function containerResources(input: ContainerConfigInput): ContainerResources {
  const { limits = {}, requests = {} } = input.container.resources ?? {};
  const cpuRequest = requests.cpu ?? limits.cpu;
  return {
    ...(limits.memory === undefined ? {} : { memoryLimitBytes: wholeValueOf(limits.memory) }),
    ...(limits.cpu === undefined ? {} : { cpuLimitMillicores: milliValueOf(limits.cpu) }),
    cpuRequestMillicores: cpuRequest === undefined ? 0 : milliValueOf(cpuRequest),
    pidsLimit: input.pidsLimit,
    oomScoreAdj: oomScoreAdj(input),
  };
}

/** How soon the kernel ends the container when the node runs out of memory, by the pod's quality of service. */
function oomScoreAdj({ pod, container, memoryCapacityBytes }: ContainerConfigInput): number {
  switch (pod.status?.qosClass) {
    case 'Guaranteed':
      // Not below the peer itself, which carries the cluster's state.
      return 0;
    case 'Burstable': {
      const request = wholeValueOf(container.resources?.requests?.memory ?? 0);
      return Math.min(999, Math.max(2, Math.floor(1000 - (1000 * request) / memoryCapacityBytes)));
    }
    default:
      return 1000;
  }
}

function containerUser({ spec }: v1.Pod, { securityContext = {} }: v1.Container): ContainerUser {
  const common = spec?.securityContext ?? {};
  const uid = securityContext.runAsUser ?? common.runAsUser;
  const gid = securityContext.runAsGroup ?? common.runAsGroup;
  if ((securityContext.runAsNonRoot ?? common.runAsNonRoot) && uid === 0) {
    throw new ConfigurationError("container's runAsUser breaks non-root policy");
  }
  const groups = [...(common.supplementalGroups ?? []), ...(common.fsGroup === undefined ? [] : [common.fsGroup])];
  return {
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
    ...(groups.length > 0 ? { supplementalGroups: groups } : {}),
    ...(securityContext.privileged ? { privileged: true } : {}),
  };
}
