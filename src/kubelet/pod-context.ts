import type { v1 } from '../api/index.ts';
import type { Clock, Logger, Random } from '../base/index.ts';
import type { Client, EventRecorder } from '../client/index.ts';
import type { Runtime } from '../runtime/index.ts';
import type { FailureBackOff } from './back-off.ts';
import type { PodAddresses } from './pod-addresses.ts';
import type { StatusWriter } from './status-writer.ts';
import type { TokenCache } from './token-cache.ts';
import type { PodVolumes } from './volumes/index.ts';

/** What all pods of a node share. */
export interface PodContext {
  nodeName: string;
  /** The node's address. */
  address: string;
  client: Client;
  runtime: Runtime;
  /** The scheme of container ids. */
  runtimeName: string;
  clock: Clock;
  random: Random;
  logger: Logger;
  recorder: EventRecorder;
  statuses: StatusWriter;
  volumes: PodVolumes;
  tokens: TokenCache;
  addresses: PodAddresses;
  /** Of containers that end and are started again. */
  crashBackOff: FailureBackOff;
  /** Of images that can't be pulled. */
  imageBackOff: FailureBackOff;
  services(): Iterable<v1.Service>;
  /** Where pods reach the API; undefined: as the Service `kubernetes` says. */
  apiServer: { host: string; port: number } | undefined;
  allocatable(): Readonly<Record<string, string>>;
  memoryCapacityBytes: number;
  podPidsLimit: number;
}

/** The event's `involvedObject.fieldPath` for a container. */
export function fieldPathOf(pod: v1.Pod, container: v1.Container): string {
  const lists = ['initContainers', 'ephemeralContainers'] as const;
  const list = lists.find((field) => pod.spec?.[field]?.some(({ name }) => name === container.name)) ?? 'containers';
  return `spec.${list}{${container.name}}`;
}

/** Records an event about one container of a pod. */
export function containerEvent(
  context: Pick<PodContext, 'recorder'>,
  pod: v1.Pod,
  container: v1.Container,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
): void {
  context.recorder.event(pod, type, reason, message, { fieldPath: fieldPathOf(pod, container) });
}
