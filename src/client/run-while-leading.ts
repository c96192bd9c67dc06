import type { Clock, Logger, Random } from '../base/index.ts';
import { EventBroadcaster } from './events.ts';
import { createInformerFactory } from './informer-factory.ts';
import { type LeaderElectionTiming, startLeaderElection } from './leader-election.ts';
import type { Client, EventRecorder, InformerFactory } from './types.ts';

/** What a component gets while it leads. */
export interface ComponentContext {
  /** Every write is fenced by the Lease under which the component leads. */
  client: Client;
  informers: InformerFactory;
  recorder: EventRecorder;
  clock: Clock;
  random: Random;
  logger: Logger;
}

export interface ComponentOptions {
  /** Name of the Lease in kube-system, and of the component's logger. */
  name: string;
  /** Name under which it records events. */
  source: string;
  /** Unique to this peer. */
  nodeName: string;
  client: Client;
  clock: Clock;
  random: Random;
  logger: Logger;
  timing?: LeaderElectionTiming;
  /** Starts the component; it works until it is stopped. */
  start(context: ComponentContext): Promise<{ stop(): Promise<void> }>;
}

const IDENTITY_BYTES = 16;

/** Runs a component on this peer whenever it holds the component's Lease. */
export function runWhileLeading(options: ComponentOptions): { leading(): boolean; stop(): Promise<void> } {
  const { name, nodeName, clock, random, timing, start } = options;
  const logger = options.logger.child({ component: name });
  const election = startLeaderElection({
    client: options.client,
    clock,
    random,
    logger,
    namespace: 'kube-system',
    name,
    // Each process is another holder, even on the same node.
    identity: `${nodeName}_${Buffer.from(random.bytes(IDENTITY_BYTES)).toString('hex')}`,
    ...(timing === undefined ? {} : { timing }),
    async onStartedLeading(fence, signal) {
      logger.info({ transitions: fence.leaseTransitions }, 'leading');
      const client = options.client.fenced(fence);
      const informers = createInformerFactory({ client, clock, random, logger });
      const broadcaster = new EventBroadcaster({ client: options.client, clock, logger });
      const component = await start({
        client,
        informers,
        recorder: broadcaster.recorderFor(options.source),
        clock,
        random,
        logger,
      });
      await aborted(signal);
      await component.stop();
      await informers.stop();
      await broadcaster.stop();
    },
    onStoppedLeading: () => logger.info({}, 'no longer leading'),
  });
  return { leading: () => election.leading, stop: () => election.stop() };
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
