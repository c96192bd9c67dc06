import { ApiError, formatTime, type KubernetesObject, reasonOf, resources, type v1 } from '../api/index.ts';
import { type Clock, errorMessage, type Logger, sleep } from '../base/index.ts';
import { type Correlated, EventCorrelator } from './event-correlator.ts';
import type { Client, EventOptions, EventRecorder } from './types.ts';

export interface EventBroadcasterOptions {
  client: Client;
  clock: Clock;
  logger: Logger;
  /** The node that the component runs on, if it speaks for a node. */
  host?: string;
}

/** Events that wait to be written; more are dropped. */
const MAX_WAITING = 1_000;
const MAX_TRIES = 12;
const RETRY_MS = 10_000;

/**
 * Writes Events one after the other, behind the back of those who record them: they neither wait
 * nor learn of failures, for an Event is never worth more than the work it tells of.
 */
export class EventBroadcaster {
  readonly #options: EventBroadcasterOptions;
  readonly #correlator: EventCorrelator;
  readonly #abort = new AbortController();
  #waiting: v1.Event[] = [];
  #writing: Promise<void> | undefined;
  /** Keeps names apart that fall into one millisecond. */
  #sequence = 0;

  constructor(options: EventBroadcasterOptions) {
    this.#options = options;
    this.#correlator = new EventCorrelator(options.clock);
  }

  /** The recorder of a component, named as Kubernetes names it. */
  recorderFor(component: string): EventRecorder {
    return {
      event: (about, type, reason, message, options) => {
        if (this.#abort.signal.aborted || this.#waiting.length >= MAX_WAITING) return;
        this.#waiting.push(this.#make(component, about, type, reason, message, options));
        this.#writing ??= this.#drain();
      },
    };
  }

  /** Resolves when nothing waits any more. */
  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  /** Drops what waits. */
  async stop(): Promise<void> {
    this.#abort.abort(new DOMException('events are no longer recorded', 'AbortError'));
    await this.flush();
  }

  #make(
    component: string,
    about: KubernetesObject,
    type: string,
    reason: string,
    message: string,
    options?: EventOptions,
  ): v1.Event {
    const { clock, host } = this.#options;
    const now = clock.now();
    const { name, namespace, uid, resourceVersion } = about.metadata;
    // Kubernetes names them by the time in nanoseconds.
    this.#sequence = (this.#sequence + 1) % 1_000_000;
    const stamp = (BigInt(Math.trunc(now)) * 1_000_000n + BigInt(this.#sequence)).toString(16);
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${name}.${stamp}`, namespace: namespace ?? 'default' },
      involvedObject: {
        apiVersion: about.apiVersion,
        kind: about.kind,
        ...(namespace === undefined ? {} : { namespace }),
        name: name!,
        uid: uid!,
        resourceVersion: resourceVersion!,
        ...(options?.fieldPath === undefined ? {} : { fieldPath: options.fieldPath }),
      },
      reason,
      message,
      source: { component, ...(host === undefined ? {} : { host }) },
      firstTimestamp: formatTime(now),
      lastTimestamp: formatTime(now),
      count: 1,
      type,
      reportingComponent: component,
      reportingInstance: host ?? '',
    };
  }

  async #drain(): Promise<void> {
    // The caller's turn ends first: several events of one turn then go out together.
    await Promise.resolve();
    while (this.#waiting.length > 0 && !this.#abort.signal.aborted) {
      const batch = this.#waiting;
      this.#waiting = [];
      for (const event of batch) {
        const correlated = this.#correlator.correlate(event);
        if (correlated !== undefined) await this.#write(correlated);
        if (this.#abort.signal.aborted) break;
      }
    }
    this.#waiting = [];
    this.#writing = undefined;
  }

  async #write(correlated: Correlated): Promise<void> {
    const { clock, logger } = this.#options;
    const { signal } = this.#abort;
    for (let tries = 1; !signal.aborted; tries++) {
      try {
        if (correlated.type === 'create') await this.#create(correlated.event);
        else await this.#update(correlated);
        return;
      } catch (error) {
        if (signal.aborted) return;
        const final = isRefusal(error) || tries >= MAX_TRIES;
        const fields = {
          reason: correlated.event.reason,
          about: correlated.event.involvedObject.name,
          error: errorMessage(error),
        };
        logger.debug(fields, final ? 'an event was not recorded' : 'an event could not be recorded yet');
        if (final) return;
        await sleep(clock, RETRY_MS, signal).catch(() => {});
      }
    }
  }

  async #create(event: v1.Event): Promise<void> {
    await this.#options.client.create<v1.Event>(resources.events, event, { signal: this.#abort.signal });
  }

  async #update({ event }: Correlated): Promise<void> {
    const { name, namespace } = event.metadata;
    const { count, message, lastTimestamp } = event;
    const body = { count, message, lastTimestamp };
    try {
      const patch = { type: 'strategic', body } as const;
      await this.#options.client.patch(resources.events, namespace, name!, patch, { signal: this.#abort.signal });
    } catch (error) {
      if (reasonOf(error) !== 'NotFound') throw error;
      // It expired meanwhile.
      await this.#create(event);
    }
  }
}

/** Trying again would not help: the namespace is going, or the Event is refused or there already. */
function isRefusal(error: unknown): boolean {
  return error instanceof ApiError && error.httpCode < 500 && error.reason !== 'TooManyRequests';
}
