import type { v1 } from '../api/index.ts';
import { errorMessage } from '../base/index.ts';
import type { WaitingReason } from './container-statuses.ts';
import { containerEvent, type PodContext } from './pod-context.ts';

/** Why the container's image is not there, and when it will be tried again. */
export interface ImageProblem extends WaitingReason {
  retryAfterMs: number;
}

const neverRetryMs = 60_000;

/** Sees to it that a container's image is on the node, as its pull policy says. */
export async function ensureImage(
  context: PodContext,
  pod: v1.Pod,
  container: v1.Container,
): Promise<ImageProblem | undefined> {
  const { runtime, imageBackOff, clock } = context;
  const image = container.image ?? '';
  const event = (type: 'Normal' | 'Warning', reason: string, message: string): void =>
    containerEvent(context, pod, container, type, reason, message);
  const present = (await runtime.imageStatus(image)) !== undefined;
  const policy = container.imagePullPolicy ?? 'IfNotPresent';
  if (present && policy !== 'Always') {
    event('Normal', 'Pulled', `Container image "${image}" already present on machine and can be accessed by the pod`);
    return undefined;
  }
  if (policy === 'Never') {
    const message = `Container image "${image}" is not present with pull policy of Never`;
    event('Warning', 'ErrImageNeverPull', message);
    event('Warning', 'Failed', 'Error: ErrImageNeverPull');
    return { reason: 'ErrImageNeverPull', message, retryAfterMs: neverRetryMs };
  }
  const key = `${pod.metadata.uid}/${image}`;
  const waitMs = imageBackOff.remainingSinceUpdate(key);
  if (waitMs > 0) {
    const message = `Back-off pulling image "${image}"`;
    event('Normal', 'BackOff', message);
    event('Warning', 'Failed', 'Error: ImagePullBackOff');
    return { reason: 'ImagePullBackOff', message, retryAfterMs: waitMs };
  }
  event('Normal', 'Pulling', `Pulling image "${image}"`);
  const startedAt = clock.monotonic();
  try {
    await runtime.pullImage(image);
    const took = `${Math.round(clock.monotonic() - startedAt)}ms`;
    event('Normal', 'Pulled', `Successfully pulled image "${image}" in ${took} (${took} including waiting)`);
    return undefined;
  } catch (error) {
    const message = errorMessage(error);
    event('Warning', 'Failed', `Failed to pull image "${image}": ${message}`);
    event('Warning', 'Failed', 'Error: ErrImagePull');
    imageBackOff.next(key, clock.now());
    // Looked at again at once would say ImagePullBackOff at once: people should see the reason first.
    return { reason: 'ErrImagePull', message, retryAfterMs: imageBackOff.delay(key) / 2 };
  }
}
