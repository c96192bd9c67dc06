import type { Clock, Logger, Random } from '../base/index.ts';
import {
  type Client,
  type Controller,
  type ControllerMetrics,
  EventBroadcaster,
  type InformerFactory,
} from '../client/index.ts';
import type { ControllerContext } from './context.ts';
import { deploymentController } from './deployment/index.ts';
import { disruptionController } from './disruption/index.ts';
import { endpointsController } from './endpoints/endpoints.ts';
import { endpointSliceController } from './endpoints/endpointslice.ts';
import { garbageCollector } from './garbage-collector/index.ts';
import { namespaceController } from './namespace.ts';
import { nodeLifecycleController } from './node-lifecycle/index.ts';
import { type ControllerOptions, defaultControllerOptions } from './options.ts';
import { podGarbageCollector } from './pod-garbage-collector.ts';
import { replicaSetController } from './replicaset.ts';
import { rootCaCertificatePublisher } from './root-ca-certificate-publisher.ts';
import { serviceAccountController } from './serviceaccount.ts';
import { taintEvictionController } from './taint-eviction.ts';

export { type ControllerOptions, defaultControllerOptions } from './options.ts';

export interface StartControllersOptions {
  /** Fenced by the lease under which the controllers run. */
  client: Client;
  /** Started by the controllers, stopped by its owner. */
  informers: InformerFactory;
  clock: Clock;
  random: Random;
  logger: Logger;
  metrics?: ControllerMetrics;
  /** PEM, published in every namespace; absent: nothing is published. */
  rootCa?: string;
  /** What differs from `defaultControllerOptions`. */
  options?: Partial<ControllerOptions>;
}

export interface RunningControllers {
  /** Settles when the controllers work, or have been stopped before they could. */
  readonly ready: Promise<void>;
  /** Ends what is under way and lets go of the informers. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Runs all controllers until stopped. They begin when the caches hold everything that was written before, so
 * that what another peer's controllers did last is not done again.
 */
export async function startControllers(options: StartControllersOptions): Promise<RunningControllers> {
  const { client, informers, clock, random, logger, metrics, rootCa } = options;
  const broadcaster = new EventBroadcaster({ client, clock, logger });
  const context: ControllerContext = {
    client,
    informers,
    clock,
    random,
    logger,
    metrics,
    recorder: (component) => broadcaster.recorderFor(component),
    options: { ...defaultControllerOptions, ...options.options },
  };
  const controllers: Controller[] = [
    deploymentController,
    replicaSetController,
    garbageCollector,
    namespaceController,
    nodeLifecycleController,
    taintEvictionController,
    podGarbageCollector,
    serviceAccountController,
    endpointSliceController,
    endpointsController,
    disruptionController,
  ].map((create) => create(context));
  if (rootCa !== undefined) controllers.push(rootCaCertificatePublisher(context, rootCa));

  let stopped = false;
  const begin = async (): Promise<void> => {
    informers.start();
    await informers.refresh();
    if (!stopped) for (const controller of controllers) controller.start();
  };
  // Stopping the informers is the only way for this to fail, and then there is nothing to do.
  const ready = begin().catch(() => {});
  return {
    ready,
    async stop() {
      stopped = true;
      await Promise.all(controllers.map((controller) => controller.stop()));
      await broadcaster.stop();
    },
  };
}
