import type { KubernetesObject } from '../api/index.ts';
import { type Clock, errorMessage, type Logger } from '../base/index.ts';
import { keyOf } from './key.ts';
import type { Change, Informer, Key, Reconciler } from './types.ts';
import { type RateLimiter, WorkQueue } from './work-queue.ts';

export interface ControllerOptions {
  /** As Kubernetes names it, for logs and metrics. */
  name: string;
  reconciler: Reconciler;
  clock: Clock;
  logger: Logger;
  /** What makes it look, each made by `source`. */
  sources: readonly Source[];
  /** Keys reconciled at once (default 5). */
  concurrency?: number;
  rateLimiter?: RateLimiter;
  metrics?: ControllerMetrics;
}

/** Connects an informer with a queue. Returns the way to end it. */
export type Source = (enqueue: (key: Key) => void) => () => void;

export interface ControllerMetrics {
  reconciled(controller: string, result: ReconcileOutcome, durationMs: number): void;
  queued(controller: string, depth: number): void;
}

export type ReconcileOutcome = 'success' | 'requeue_after' | 'error';

export interface Controller {
  /** Asks for a key to be reconciled, now or after a while. */
  enqueue(key: Key, delayMs?: number): void;
  /** Starts the workers; what was enqueued before waits until then. */
  start(): void;
  /** Aborts what is under way, waits for it, and lets go of the informers. Idempotent. */
  stop(): Promise<void>;
  /** Nothing waits, is under way or will be retried. */
  readonly idle: boolean;
}

/** The keys to reconcile after a change of an informer's object; by default the object's own. */
export function source<T extends KubernetesObject>(
  informer: Informer<T>,
  keys: (change: Change<T>) => readonly Key[] = (change) => [keyOf(change.object)],
): Source {
  return (enqueue) =>
    informer.onChange((change) => {
      for (const key of keys(change)) enqueue(key);
    });
}

/**
 * Runs one reconciler: keys from informers through a work queue to `reconcile`. Whatever a
 * reconciler throws concerns that key alone: it is logged and tried again with back-off.
 */
export function createController(options: ControllerOptions): Controller {
  const { name, reconciler, clock, metrics } = options;
  const logger = options.logger.child({ controller: name });
  const abort = new AbortController();

  const reconcile = async (key: Key): Promise<void> => {
    const startedAt = clock.monotonic();
    let outcome: ReconcileOutcome = 'success';
    try {
      const result = await reconciler.reconcile(key, abort.signal);
      queue.forget(key);
      if (result?.requeueAfterMs !== undefined) {
        outcome = 'requeue_after';
        queue.addAfter(key, result.requeueAfterMs);
      }
    } catch (error) {
      if (abort.signal.aborted) return;
      outcome = 'error';
      queue.addRateLimited(key);
      const fields = { key, failures: queue.failures(key), error: errorMessage(error) };
      // The first failures are mostly conflicts with a newer version that is on its way here.
      if (queue.failures(key) < 5) logger.debug(fields, 'reconcile failed, will be retried');
      else logger.warn(fields, 'reconcile keeps failing');
    }
    metrics?.reconciled(name, outcome, clock.monotonic() - startedAt);
  };

  const queue = new WorkQueue({
    clock,
    process: reconcile,
    concurrency: options.concurrency ?? 5,
    ...(options.rateLimiter === undefined ? {} : { rateLimiter: options.rateLimiter }),
  });
  const add = (key: Key): void => {
    queue.add(key);
    metrics?.queued(name, queue.depth);
  };
  const ends = options.sources.map((connect) => connect(add));

  return {
    enqueue: (key, delayMs = 0) => queue.addAfter(key, delayMs),
    start: () => queue.start(),
    async stop() {
      for (const end of ends.splice(0)) end();
      abort.abort(new DOMException(`${name} was stopped`, 'AbortError'));
      await queue.stop();
    },
    get idle() {
      return queue.idle;
    },
  };
}
