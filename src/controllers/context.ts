import type { KubernetesObject } from '../api/index.ts';
import type { Clock, Logger, Random } from '../base/index.ts';
import type { Client, ControllerMetrics, EventRecorderFactory, InformerFactory } from '../client/index.ts';
import type { ControllerOptions } from './options.ts';

/** What every controller is given. */
export interface ControllerContext {
  /** Fenced by the lease under which the controllers run. */
  client: Client;
  informers: InformerFactory;
  clock: Clock;
  random: Random;
  logger: Logger;
  recorder: EventRecorderFactory;
  metrics?: ControllerMetrics | undefined;
  options: ControllerOptions;
}

/** An object as the API returns it: what the server fills in is there. */
export function uidOf(object: KubernetesObject): string {
  return object.metadata.uid!;
}
