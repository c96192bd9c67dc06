import { errorMessage, KeelsonError } from '../base/index.ts';
import type { PeerId } from '../raft/index.ts';
import { encodeBatch, estimateBytes } from './batch.ts';
import type { ReplicaLimits } from './options.ts';

/** Commands that go together, with those who wait for them; arrays side by side. */
interface Gathered {
  commands: unknown[];
  resolves: ((result: unknown) => void)[];
  rejects: ((error: unknown) => void)[];
  /** In ticks, ascending. */
  expires: number[];
  bytes: number;
  /** Of the first so many, the promise is settled already. */
  settled: number;
}

interface Sent extends Gathered {
  sequence: number;
  data: Uint8Array;
}

type SessionLimits = Pick<
  ReplicaLimits,
  | 'maxBatchBytes'
  | 'maxBatchCommands'
  | 'maxBatchesInFlight'
  | 'maxCommandBytes'
  | 'maxPendingBytes'
  | 'electionTicks'
  | 'tickMs'
  | 'timeoutMs'
>;

const MAX_BACKOFF = 8;

/**
 * The proposing side of a session. Commands gather while earlier batches are under way; a batch stays under way till
 * this peer has applied it, and all of them are sent again, in order, whenever one may have been lost: the applying
 * side (`SessionTable`) skips repeats and whatever comes after a gap.
 */
export class Proposals {
  readonly #origin: PeerId;
  readonly #incarnation: number;
  readonly #limits: SessionLimits;
  readonly #submit: (data: readonly Uint8Array[]) => void;
  readonly #timeoutTicks: number;
  /** Not yet numbered: the last one takes in what is proposed. */
  #waiting: Gathered[] = [];
  #inFlight: Sent[] = [];
  #sequence = 0;
  #pendingBytes = 0;
  #now = 0;
  #flushScheduled = false;
  /** When to send again for want of progress. */
  #resendAt = Number.POSITIVE_INFINITY;
  #backoff = 1;
  /** Everything was sent again after a gap; more gaps from before that say nothing new. */
  #healing = false;
  #stopped = false;

  constructor(
    identity: { origin: PeerId; incarnation: number },
    limits: SessionLimits,
    submit: (data: readonly Uint8Array[]) => void,
  ) {
    this.#origin = identity.origin;
    this.#incarnation = identity.incarnation;
    this.#limits = limits;
    this.#submit = submit;
    this.#timeoutTicks = Math.ceil(limits.timeoutMs / limits.tickMs) + 1;
  }

  propose(command: unknown): Promise<unknown> {
    const bytes = estimateBytes(command);
    const { maxCommandBytes, maxPendingBytes } = this.#limits;
    if (this.#stopped) return Promise.reject(stoppedError());
    if (bytes > maxCommandBytes) {
      const message = `a command of ${bytes} bytes is too large: ${maxCommandBytes} bytes are allowed`;
      return Promise.reject(new KeelsonError('TOO_LARGE', message));
    }
    if (this.#pendingBytes > 0 && this.#pendingBytes + bytes > maxPendingBytes) {
      return Promise.reject(new KeelsonError('OVERLOADED', 'too many commands wait already: try again later'));
    }
    this.#pendingBytes += bytes;
    return new Promise((resolve, reject) => {
      const batch = this.#openBatch(bytes);
      batch.commands.push(command);
      batch.resolves.push(resolve);
      batch.rejects.push(reject);
      batch.expires.push(this.#now + this.#timeoutTicks);
      batch.bytes += bytes;
      this.#scheduleFlush();
    });
  }

  /** This peer applied its own batch `sequence`: the oldest one under way. */
  applied(sequence: number, results: readonly unknown[]): void {
    const batch = this.#inFlight[0];
    if (batch?.sequence !== sequence) return;
    this.#inFlight.shift();
    this.#progress(batch);
    for (let i = batch.settled; i < batch.resolves.length; i++) batch.resolves[i]!(results[i]);
  }

  /** A batch of this session came to be applied although one before it is missing. */
  gap(): void {
    if (this.#healing) return;
    this.#healing = true;
    this.resend();
  }

  /** The state was replaced by one in which the session has come to `sequence`: results up to there are unknown. */
  skipTo(sequence: number): void {
    while (this.#inFlight.length > 0 && this.#inFlight[0]!.sequence <= sequence) {
      const batch = this.#inFlight.shift()!;
      this.#progress(batch);
      settle(batch, batch.rejects.length, timeoutError);
    }
  }

  /** Sends all that is under way again: the leader changed, or something may have been lost. */
  resend(): void {
    if (this.#inFlight.length === 0 || this.#stopped) return;
    this.#expectProgress();
    this.#submit(this.#inFlight.map((batch) => batch.data));
  }

  /** Raft refused what was submitted, for now. */
  refused(): void {
    this.#resendAt = Math.min(this.#resendAt, this.#now + 1);
  }

  tick(): void {
    this.#now += 1;
    this.#expire();
    if (this.#now < this.#resendAt) return;
    this.#backoff = Math.min(MAX_BACKOFF, this.#backoff * 2);
    this.resend();
  }

  /** Rejects everything. */
  stop(): void {
    this.#stopped = true;
    for (const batch of [...this.#inFlight, ...this.#waiting]) settle(batch, batch.rejects.length, stoppedError);
    this.#inFlight = [];
    this.#waiting = [];
  }

  #openBatch(bytes: number): Gathered {
    const last = this.#waiting.at(-1);
    const { maxBatchBytes, maxBatchCommands } = this.#limits;
    if (last !== undefined && last.bytes + bytes <= maxBatchBytes && last.commands.length < maxBatchCommands) {
      return last;
    }
    const batch: Gathered = { commands: [], resolves: [], rejects: [], expires: [], bytes: 0, settled: 0 };
    this.#waiting.push(batch);
    return batch;
  }

  #scheduleFlush(): void {
    if (this.#flushScheduled || this.#inFlight.length >= this.#limits.maxBatchesInFlight) return;
    this.#flushScheduled = true;
    // At the end of this turn of the event loop, so that all that arrives in it goes together.
    setImmediate(() => {
      this.#flushScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    const data: Uint8Array[] = [];
    while (this.#waiting.length > 0 && this.#inFlight.length < this.#limits.maxBatchesInFlight) {
      const sent = this.#number(this.#waiting.shift()!);
      if (sent !== undefined) data.push(sent.data);
    }
    if (data.length === 0) return;
    if (this.#resendAt === Number.POSITIVE_INFINITY) this.#expectProgress();
    this.#submit(data);
  }

  /** Undefined when the commands are not plain data, which is their proposer's mistake. */
  #number(batch: Gathered): Sent | undefined {
    const sequence = this.#sequence + 1;
    const { commands } = batch;
    let data: Uint8Array;
    try {
      data = encodeBatch({ origin: this.#origin, incarnation: this.#incarnation, sequence, commands });
    } catch (error) {
      this.#pendingBytes -= batch.bytes;
      const what = `a command is not plain data (${errorMessage(error)}): nothing was proposed`;
      settle(batch, batch.rejects.length, () => new KeelsonError('INVALID', what, { cause: error }));
      return undefined;
    }
    const sent: Sent = { ...batch, commands: [], sequence, data };
    this.#sequence = sequence;
    this.#inFlight.push(sent);
    return sent;
  }

  #progress(batch: Gathered): void {
    this.#pendingBytes -= batch.bytes;
    this.#backoff = 1;
    this.#healing = false;
    if (this.#inFlight.length > 0) this.#expectProgress();
    else this.#resendAt = Number.POSITIVE_INFINITY;
    if (this.#waiting.length > 0) this.#scheduleFlush();
  }

  #expectProgress(): void {
    this.#resendAt = this.#now + this.#limits.electionTicks * this.#backoff;
  }

  #expire(): void {
    for (const batch of this.#inFlight) settle(batch, countExpired(batch, this.#now), timeoutError);
    // What was never sent need not be: it would only add to the load that delayed it.
    let oldest = this.#waiting[0];
    while (oldest !== undefined) {
      const count = countExpired(oldest, this.#now);
      if (count === 0) return;
      settle(oldest, count, timeoutError);
      if (count < oldest.commands.length) {
        this.#dropFirst(oldest, count);
        return;
      }
      this.#pendingBytes -= oldest.bytes;
      this.#waiting.shift();
      oldest = this.#waiting[0];
    }
  }

  #dropFirst(batch: Gathered, count: number): void {
    for (const command of batch.commands.splice(0, count)) {
      const bytes = estimateBytes(command);
      batch.bytes -= bytes;
      this.#pendingBytes -= bytes;
    }
    batch.resolves.splice(0, count);
    batch.rejects.splice(0, count);
    batch.expires.splice(0, count);
    batch.settled = 0;
  }
}

function countExpired(batch: Gathered, now: number): number {
  let count = batch.settled;
  while (count < batch.expires.length && batch.expires[count]! <= now) count += 1;
  return count;
}

/** Rejects the first `count`, unless they are settled already. */
function settle(batch: Gathered, count: number, error: () => KeelsonError): void {
  for (; batch.settled < count; batch.settled++) batch.rejects[batch.settled]!(error());
}

export function timeoutError(): KeelsonError {
  return new KeelsonError('TIMEOUT', 'no answer in time: whether it was done is unknown');
}

export function stoppedError(): KeelsonError {
  return new KeelsonError('STOPPED', 'this peer has stopped');
}
