import type { v1 } from '../api/index.ts';
import { errorMessage } from '../base/index.ts';
import type { ContainerStatus } from '../runtime/index.ts';
import { formatSeconds } from './back-off.ts';
import { containerConfig } from './container-config.ts';
import type { WaitingReason } from './container-statuses.ts';
import type { PodPlace } from './downward-api.ts';
import { containerEnvironment } from './env.ts';
import { ensureImage } from './images.ts';
import { runPostStart } from './lifecycle.ts';
import { containerEvent, type PodContext } from './pod-context.ts';
import { podTitle } from './pod-view.ts';
import { ConfigurationError, type References } from './references.ts';
import { containerMounts, tokenInstead } from './volumes/index.ts';

export interface StartRequest {
  pod: v1.Pod;
  container: v1.Container;
  sandboxId: string;
  /** The newest container of that name, if there is one. */
  last: ContainerStatus | undefined;
  /** How often it was restarted, as the API has it: counts when the runtime knows of no container. */
  restartCountBefore: number | undefined;
  place: PodPlace;
  references: References;
  /** Where the pod's volumes lie. */
  volumes: ReadonlyMap<string, string>;
  signal: AbortSignal;
}

/** Not started: why, and when to try again. */
export interface StartProblem extends WaitingReason {
  retryAfterMs: number;
}

/** How long what is wrong with a pod's configuration is left alone. */
const configurationRetryMs = 5_000;

/** Starts a container, or says why it waits. */
export async function startContainer(context: PodContext, request: StartRequest): Promise<StartProblem | undefined> {
  const { pod, container, last } = request;
  const waiting = crashLoop(context, request);
  if (waiting) return waiting;
  // Prepared by a peer that died before, or while, it was started: starting it is safe, again is not.
  if (last?.state === 'created') return run(context, request, last.id);
  const image = await ensureImage(context, pod, container);
  if (image) return image;
  const failed = (reason: string, error: unknown): StartProblem => {
    const message = errorMessage(error);
    containerEvent(context, pod, container, 'Warning', 'Failed', `Error: ${message}`);
    return { reason, message, retryAfterMs: configurationRetryMs };
  };
  const config = await configure(context, request).catch((error: unknown) => {
    if (error instanceof ConfigurationError) return failed('CreateContainerConfigError', error);
    throw error;
  });
  if ('reason' in config) return config;
  let id: string;
  try {
    id = await context.runtime.createContainer(request.sandboxId, config);
  } catch (error) {
    return failed('CreateContainerError', error);
  }
  containerEvent(context, pod, container, 'Normal', 'Created', 'Container created');
  return run(context, request, id);
}

/** A container that has ended lately waits, longer each time. */
function crashLoop(context: PodContext, { pod, container, last }: StartRequest): StartProblem | undefined {
  if (last?.state !== 'exited') return undefined;
  const key = `${pod.metadata.uid}/${container.name}`;
  const waitMs = context.crashBackOff.remaining(key, last.finishedAtMs!);
  if (waitMs === 0) {
    context.crashBackOff.next(key, last.finishedAtMs!);
    return undefined;
  }
  const delay = formatSeconds(context.crashBackOff.delay(key));
  const title = podTitle(pod);
  const text = `Back-off restarting failed container ${container.name} in pod ${title}`;
  containerEvent(context, pod, container, 'Warning', 'BackOff', text);
  const message = `back-off ${delay} restarting failed container=${container.name} pod=${title}`;
  return { reason: 'CrashLoopBackOff', message, retryAfterMs: waitMs };
}

async function configure(context: PodContext, request: StartRequest): Promise<ReturnType<typeof containerConfig>> {
  const { pod, container, last, place, references, volumes, restartCountBefore } = request;
  const env = await containerEnvironment({
    pod,
    container,
    place,
    references,
    services: context.services(),
    apiServer: context.apiServer,
  });
  const values = new Map(env.map(({ name, value }) => [name, value]));
  const all = await containerMounts(container, volumes, (name) => values.get(name));
  const { mounts, env: instead } = context.runtime.info().mounts ? { mounts: all, env: [] } : tokenInstead(all);
  const attempt = last ? last.attempt + 1 : restartCountBefore === undefined ? 0 : restartCountBefore + 1;
  const { memoryCapacityBytes, podPidsLimit: pidsLimit } = context;
  const imageCommand = (await context.runtime.imageStatus(container.image ?? ''))?.command;
  return containerConfig({
    pod,
    container,
    attempt,
    env: [...env, ...instead],
    mounts,
    imageCommand,
    memoryCapacityBytes,
    pidsLimit,
  });
}

async function run(context: PodContext, request: StartRequest, id: string): Promise<StartProblem | undefined> {
  const { pod, container, place, signal } = request;
  try {
    await context.runtime.startContainer(id);
  } catch (error) {
    const message = errorMessage(error);
    containerEvent(context, pod, container, 'Warning', 'Failed', `Error: ${message}`);
    return { reason: 'RunContainerError', message, retryAfterMs: 0 };
  }
  containerEvent(context, pod, container, 'Normal', 'Started', 'Container started');
  const target = { pod, container, containerId: id, podIP: place.podIP };
  const problem = await runPostStart(context, target, signal);
  if (problem === undefined) return undefined;
  await context.runtime.stopContainer(id, 0);
  return { reason: 'PostStartHookError', message: problem, retryAfterMs: 0 };
}
