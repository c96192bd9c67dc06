import type { v1 } from '../api/index.ts';
import { containerEvent, type PodContext } from './pod-context.ts';
import { runHandler } from './probes/index.ts';

/** Always left to a container after its preStop hook. */
const graceMsMin = 2000;

export interface HookTarget {
  pod: v1.Pod;
  container: v1.Container;
  containerId: string;
  podIP: string;
}

/** Runs the container's postStart hook, if any; returns what went wrong. */
export async function runPostStart(
  context: PodContext,
  target: HookTarget,
  signal: AbortSignal,
): Promise<string | undefined> {
  const hook = target.container.lifecycle?.postStart;
  if (!hook) return undefined;
  const { outcome, message } = await runHandler(hook, undefined, { ...context, ...target, signal });
  if (outcome === 'success') return undefined;
  containerEvent(context, target.pod, target.container, 'Warning', 'FailedPostStartHook', 'PostStartHook failed');
  return `PostStartHook failed: ${message}`;
}

/**
 * Ends a container: its preStop hook, TERM, KILL, all within the grace period. Resolves when it has exited.
 * `signal` ends the hook early.
 */
export async function endContainer(
  context: PodContext,
  target: HookTarget,
  graceMs: number,
  message: string,
  signal: AbortSignal,
): Promise<void> {
  const { clock, runtime } = context;
  containerEvent(context, target.pod, target.container, 'Normal', 'Killing', message);
  const deadline = clock.monotonic() + graceMs;
  const hook = target.container.lifecycle?.preStop;
  if (hook && graceMs > 0) {
    const { outcome } = await runHandler(hook, graceMs, { ...context, ...target, signal });
    if (outcome === 'failure') {
      containerEvent(context, target.pod, target.container, 'Warning', 'FailedPreStopHook', 'PreStopHook failed');
    }
  }
  await runtime.stopContainer(target.containerId, Math.max(graceMsMin, deadline - clock.monotonic()));
}

/** How long a container is given: what the deletion says, else the failed probe, else the pod. */
export function gracePeriodMs(pod: v1.Pod, container?: v1.Container, failedProbe?: 'startup' | 'liveness'): number {
  const { metadata, spec } = pod;
  const ofProbe = failedProbe && container?.[`${failedProbe}Probe`]?.terminationGracePeriodSeconds;
  const seconds = metadata.deletionGracePeriodSeconds ?? ofProbe ?? spec?.terminationGracePeriodSeconds ?? 30;
  return Math.max(graceMsMin, seconds * 1000);
}
