import { type coordinationv1, formatMicroTime, reasonOf, resources } from '../api/index.ts';
import { type Clock, errorMessage, type Logger, type Random, sleep } from '../base/index.ts';
import { ListWatchInformer } from './informer.ts';
import { compareResourceVersions } from './key.ts';
import type { Client, Fence } from './types.ts';

type Lease = coordinationv1.Lease;

export interface LeaderElectionOptions {
  client: Client;
  clock: Clock;
  random: Random;
  logger: Logger;
  /** The Lease that is fought for. */
  namespace: string;
  name: string;
  /** Unique to this process. */
  identity: string;
  timing?: LeaderElectionTiming;
  /**
   * Leads until `signal` is aborted, then ends soon. Write through `client.fenced(fence)`. When it
   * ends or fails before, leadership is given up and sought again.
   */
  onStartedLeading(fence: Fence, signal: AbortSignal): Promise<void>;
  /** Called after `onStartedLeading` has ended. */
  onStoppedLeading?(): void;
  /** Another (or '' for nobody) holds the Lease now. */
  onNewLeader?(identity: string): void;
}

export interface LeaderElectionTiming {
  /** Others take over when they saw no renewal for so long. A Lease holds whole seconds. */
  leaseDurationMs: number;
  /** A leader that could not renew for so long stops. Shorter than `leaseDurationMs`. */
  renewDeadlineMs: number;
  /** Between renewals, and between attempts to take the Lease. A renewal that failed is tried again after a third of it. */
  retryPeriodMs: number;
}

/**
 * Shorter than client-go's 15 s, 10 s and 2 s: the Lease lives in the same process group as its
 * holder, so a renewal takes milliseconds, and a store that elects a new Raft leader answers again
 * within a second. A renewal that just missed such a moment has another before the deadline, and
 * a killed leader's work is taken over after five seconds. A leader that stalls for longer than
 * that is harmless: its writes are fenced.
 */
export const defaultTiming: LeaderElectionTiming = {
  leaseDurationMs: 5_000,
  renewDeadlineMs: 3_500,
  retryPeriodMs: 1_500,
};

export interface LeaderElection {
  readonly leading: boolean;
  /** Who holds the Lease, as far as known; '' for nobody. */
  readonly leader: string;
  /** Ends leading, waits for it, and releases the Lease so that another can take over at once. Idempotent. */
  stop(): Promise<void>;
}

/** Takes part in the election until stopped. */
export function startLeaderElection(options: LeaderElectionOptions): LeaderElection {
  const elector = new Elector(options);
  const abort = new AbortController();
  const running = elector.run(abort.signal);
  return {
    get leading() {
      return elector.leading;
    },
    get leader() {
      return elector.observed?.spec?.holderIdentity ?? '';
    },
    async stop() {
      abort.abort(new DOMException('the election was stopped', 'AbortError'));
      await running;
    },
  };
}

/**
 * Who doesn't lead watches the Lease rather than asking for it again and again. Whether it has run
 * out is judged by the own monotonic clock from the moment its last change was seen here, so the
 * clocks of other machines don't matter.
 */
class Elector {
  readonly #options: LeaderElectionOptions;
  readonly #timing: LeaderElectionTiming;
  observed: Lease | undefined;
  leading = false;
  #observedAt = 0;
  /** When the last write that made or kept us the holder was sent; others count from when they saw it, which is later. */
  #renewedAt = 0;
  /** The highest count seen; it goes on from there when the Lease is made anew. */
  #transitions = -1;
  /** Wakes who waits for a change of the Lease. */
  #changed = Promise.withResolvers<void>();

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#timing = options.timing ?? defaultTiming;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { namespace, name } = this.#options;
    const informer = new ListWatchInformer<Lease>(this.#options, resources.leases, {
      namespace,
      fieldSelector: `metadata.name=${name}`,
    });
    informer.onChange(({ type, object }) => this.#observe(type === 'deleted' ? undefined : object));
    const watching = informer.run(signal);
    try {
      await informer.synced();
      while (!signal.aborted) {
        await this.#vacant(signal);
        const fence = await this.#acquire(signal);
        if (fence === undefined) await this.#pause(signal);
        else await this.#lead(fence, signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    await watching;
  }

  #observe(lease: Lease | undefined): void {
    const before = this.observed?.spec?.holderIdentity ?? '';
    // The watch may still deliver what an own write superseded already.
    if (lease !== undefined && this.observed !== undefined && isOlder(lease, this.observed)) return;
    if (lease?.metadata.resourceVersion === this.observed?.metadata.resourceVersion) return;
    this.observed = lease;
    this.#transitions = Math.max(this.#transitions, lease === undefined ? -1 : (lease.spec?.leaseTransitions ?? 0));
    this.#observedAt = this.#options.clock.monotonic();
    const now = lease?.spec?.holderIdentity ?? '';
    if (now !== before) this.#options.onNewLeader?.(now);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** How long the Lease is still another's, by what was seen here. */
  #remainingMs(): number {
    const spec = this.observed?.spec;
    // It is our own when the answer to our write was lost.
    if (!spec?.holderIdentity || spec.holderIdentity === this.#options.identity) return 0;
    const durationMs = (spec.leaseDurationSeconds ?? 0) * 1_000;
    return this.#observedAt + durationMs - this.#options.clock.monotonic();
  }

  /** Waits until nobody else holds the Lease. */
  async #vacant(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    for (let left = this.#remainingMs(); left > 0; left = this.#remainingMs()) {
      const wake = new AbortController();
      // Those who wait must not all try in the same instant.
      const spread = random.next() * this.#timing.retryPeriodMs * 0.2;
      const timeout = sleep(clock, left + spread, AbortSignal.any([signal, wake.signal])).catch(() => {});
      await Promise.race([timeout, this.#changed.promise]);
      wake.abort();
      signal.throwIfAborted();
    }
  }

  async #pause(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    await sleep(clock, this.#timing.retryPeriodMs * (1 + random.next() * 0.2), signal);
  }

  /** Tries once to become the holder. */
  async #acquire(signal: AbortSignal): Promise<Fence | undefined> {
    const { client, namespace, name, identity, clock, logger } = this.#options;
    const time = formatMicroTime(clock.now());
    const spec = {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(this.#timing.leaseDurationMs / 1_000),
      acquireTime: time,
      renewTime: time,
    };
    try {
      const current = await this.#within(this.#timing.renewDeadlineMs, signal, (signal) =>
        client.get<Lease>(resources.leases, namespace, name, { signal }).catch(undefinedIfNotFound),
      );
      this.#observe(current);
      if (this.#remainingMs() > 0) return undefined;
      // Every take-over counts, an own earlier one too: its writes may still be under way.
      const leaseTransitions = this.#transitions + 1;
      const lease: Lease = {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        ...current,
        metadata: current?.metadata ?? { namespace, name },
        spec: { ...current?.spec, ...spec, leaseTransitions },
      };
      await this.#write(lease, current === undefined ? 'create' : 'update', this.#timing.renewDeadlineMs, signal);
      return { namespace, name, holderIdentity: identity, leaseTransitions };
    } catch (error) {
      signal.throwIfAborted();
      logger.debug({ lease: name, error: errorMessage(error) }, 'could not take the lease');
      return undefined;
    }
  }

  async #write(lease: Lease, verb: 'create' | 'update', timeoutMs: number, signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#options;
    const sentAt = clock.monotonic();
    const written = await this.#within(timeoutMs, signal, (signal) =>
      client[verb]<Lease>(resources.leases, lease, { signal }),
    );
    this.#renewedAt = sentAt;
    this.#observe(written);
  }

  async #lead(fence: Fence, signal: AbortSignal): Promise<void> {
    const { logger, name, identity } = this.#options;
    logger.info({ lease: name, identity, transitions: fence.leaseTransitions }, 'started leading');
    this.leading = true;
    const term = new AbortController();
    const ended = this.#options.onStartedLeading(fence, term.signal).catch((error: unknown) => {
      if (!term.signal.aborted) logger.error({ lease: name, error }, 'leading failed');
    });
    const stopRenewing = new AbortController();
    void ended.then(() => stopRenewing.abort());
    const lost = await this.#keep(fence, AbortSignal.any([signal, stopRenewing.signal]));
    this.leading = false;
    term.abort(new DOMException('no longer leading', 'AbortError'));
    await ended;
    this.#options.onStoppedLeading?.();
    logger.info({ lease: name, identity, lost }, 'stopped leading');
    if (!lost) await this.#release(fence);
    if (!signal.aborted) await this.#pause(signal);
  }

  /** Renews the Lease until it is lost (true), or the signal is aborted (false). */
  async #keep(fence: Fence, signal: AbortSignal): Promise<boolean> {
    const { clock, logger } = this.#options;
    const { renewDeadlineMs, retryPeriodMs } = this.#timing;
    const leftMs = (): number => this.#renewedAt + renewDeadlineMs - clock.monotonic();
    let pauseMs = retryPeriodMs;
    for (;;) {
      await sleep(clock, Math.min(pauseMs, Math.max(0, leftMs())), signal).catch(() => {});
      if (signal.aborted) return false;
      const timeoutMs = Math.min(renewDeadlineMs / 2, leftMs());
      if (timeoutMs <= 0) return true;
      try {
        await this.#renew(fence, timeoutMs, signal);
        pauseMs = retryPeriodMs;
      } catch (error) {
        if (signal.aborted) return false;
        if (error instanceof LeaseLost) return true;
        logger.warn({ lease: fence.name, error: errorMessage(error) }, 'could not renew the lease');
        pauseMs = retryPeriodMs / 3;
      }
    }
  }

  async #renew(fence: Fence, timeoutMs: number, signal: AbortSignal): Promise<void> {
    const { client, namespace, name } = this.#options;
    try {
      await this.#extend(fence, timeoutMs, signal);
    } catch (error) {
      if (reasonOf(error) !== 'Conflict' && reasonOf(error) !== 'NotFound') throw error;
      // The object changed, be it by a write of ours whose answer was lost: see whether it is still ours.
      const current = await this.#within(timeoutMs, signal, (signal) =>
        client.get<Lease>(resources.leases, namespace, name, { signal }).catch(undefinedIfNotFound),
      );
      this.#observe(current);
      await this.#extend(fence, timeoutMs, signal);
    }
  }

  async #extend(fence: Fence, timeoutMs: number, signal: AbortSignal): Promise<void> {
    const lease = this.observed;
    if (!isHeldUnder(lease, fence)) throw new LeaseLost();
    const spec = { ...lease.spec, renewTime: formatMicroTime(this.#options.clock.now()) };
    await this.#write({ ...lease, spec }, 'update', timeoutMs, signal);
  }

  /** Lets others take over without waiting. If it fails, they wait. */
  async #release(fence: Fence): Promise<void> {
    const { clock, logger } = this.#options;
    if (!isHeldUnder(this.observed, fence)) return;
    const time = formatMicroTime(clock.now());
    const spec = {
      ...this.observed.spec,
      holderIdentity: '',
      leaseDurationSeconds: 1,
      renewTime: time,
      acquireTime: time,
    };
    try {
      await this.#write(
        { ...this.observed, spec },
        'update',
        this.#timing.renewDeadlineMs,
        new AbortController().signal,
      );
    } catch (error) {
      logger.warn({ lease: fence.name, error: errorMessage(error) }, 'could not release the lease');
    }
  }

  /** Waits for a call no longer than that, be it deaf to its signal: what it does later is for the fence to judge. */
  async #within<R>(timeoutMs: number, signal: AbortSignal, call: (signal: AbortSignal) => Promise<R>): Promise<R> {
    const timeout = new AbortController();
    const timer = this.#options.clock.setTimer(timeoutMs, () => timeout.abort(new Error('no answer in time')));
    const either = AbortSignal.any([signal, timeout.signal]);
    const aborted = Promise.withResolvers<never>();
    const onAbort = (): void => aborted.reject(either.reason);
    either.addEventListener('abort', onAbort, { once: true });
    if (either.aborted) onAbort();
    try {
      return await Promise.race([call(either), aborted.promise]);
    } finally {
      timer.cancel();
      either.removeEventListener('abort', onAbort);
    }
  }
}

class LeaseLost extends Error {
  override name = 'LeaseLost';
}

function isHeldUnder(lease: Lease | undefined, fence: Fence): lease is Lease {
  return lease?.spec?.holderIdentity === fence.holderIdentity && lease.spec.leaseTransitions === fence.leaseTransitions;
}

function isOlder(lease: Lease, than: Lease): boolean {
  return (
    lease.metadata.uid === than.metadata.uid &&
    compareResourceVersions(lease.metadata.resourceVersion!, than.metadata.resourceVersion!) < 0
  );
}

function undefinedIfNotFound(error: unknown): undefined {
  if (reasonOf(error) !== 'NotFound') throw error;
  return undefined;
}
