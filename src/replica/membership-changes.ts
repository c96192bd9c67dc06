import { KeelsonError } from '../base/index.ts';
import type { ChangeAnswer, ChangeRefusal, MemberStep, PeerId } from '../raft/index.ts';
import { stoppedError, timeoutError } from './proposals.ts';

interface Waiter {
  steps: readonly MemberStep[];
  resolve(): void;
  reject(error: unknown): void;
  /** In ticks. */
  expires: number;
  /** The change is in effect for whoever has applied this. */
  index?: number;
}

/** Codes by which callers tell refusals apart, and what to do about each. */
const refusals: Record<Exclude<ChangeRefusal, 'not-ready'>, { code: string; advice: string }> = {
  'under-way': { code: 'CHANGE_UNDER_WAY', advice: 'wait for it to end, then try again' },
  'no-voters-left': { code: 'NO_VOTERS_LEFT', advice: 'to end a cluster, stop its peers' },
  'quorum-lost': { code: 'QUORUM_LOST', advice: 'the cluster would stand still: start them, or remove them first' },
  'not-caught-up': { code: 'NOT_CAUGHT_UP', advice: 'wait until it holds nearly all of them' },
  'id-used': { code: 'ID_USED', advice: 'take a higher one' },
  'unknown-member': { code: 'NO_SUCH_PEER', advice: 'list the members to see who is there' },
  'outcome-unknown': { code: 'TIMEOUT', advice: 'list the members to see' },
};

/** Membership changes that this peer asked for, until they are in effect here. */
export class MembershipChanges {
  readonly #ask: (id: number, steps: readonly MemberStep[]) => void;
  readonly #timeoutTicks: number;
  readonly #waiting = new Map<number, Waiter>();
  /** Not proposed yet: no leader was ready. */
  readonly #unasked = new Set<number>();
  #nextId: number;
  #applied = 0;
  #now = 0;
  #stopped = false;

  /** `firstId` is far from that of any earlier life of the peer: a late answer must fit nothing. */
  constructor(firstId: number, timeoutTicks: number, ask: (id: number, steps: readonly MemberStep[]) => void) {
    this.#nextId = firstId;
    this.#timeoutTicks = timeoutTicks;
    this.#ask = ask;
  }

  change(steps: readonly MemberStep[]): Promise<void> {
    if (this.#stopped) return Promise.reject(stoppedError());
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      this.#waiting.set(id, { steps, resolve, reject, expires: this.#now + this.#timeoutTicks });
      this.#ask(id, steps);
    });
  }

  answered(id: number, answer: ChangeAnswer): void {
    const waiter = this.#waiting.get(id);
    if (waiter === undefined) return;
    if ('index' in answer) {
      waiter.index = answer.index;
      this.applied(this.#applied);
    } else if (answer.refused === 'not-ready') {
      this.#unasked.add(id);
    } else {
      const { code, advice } = refusals[answer.refused];
      this.#settle(id, () => waiter.reject(new KeelsonError(code, `${answer.why}: ${advice}`)));
    }
  }

  /** Everything up to `index` is applied here. */
  applied(index: number): void {
    this.#applied = index;
    for (const [id, waiter] of this.#waiting) {
      if (waiter.index !== undefined && waiter.index <= index) this.#settle(id, waiter.resolve);
    }
  }

  /** This peer, `self`, was removed: it applies nothing any more, and nobody answers it. */
  removed(self: PeerId): void {
    for (const [id, waiter] of this.#waiting) {
      const isIt = waiter.steps.some(({ type, peer }) => type === 'remove' && peer === self);
      if (isIt || waiter.index !== undefined) this.#settle(id, waiter.resolve);
    }
  }

  tick(): void {
    this.#now += 1;
    for (const [id, waiter] of this.#waiting) if (waiter.expires <= this.#now) this.#expire(id, waiter);
    const again = [...this.#unasked];
    this.#unasked.clear();
    for (const id of again) this.#ask(id, this.#waiting.get(id)!.steps);
  }

  stop(): void {
    this.#stopped = true;
    for (const [id, waiter] of this.#waiting) this.#settle(id, () => waiter.reject(stoppedError()));
  }

  #expire(id: number, waiter: Waiter): void {
    // It is done; only this peer has not come so far.
    if (waiter.index !== undefined) this.#settle(id, waiter.resolve);
    else if (this.#unasked.has(id)) this.#settle(id, () => waiter.reject(noLeaderError()));
    else this.#settle(id, () => waiter.reject(timeoutError()));
  }

  #settle(id: number, settle: () => void): void {
    this.#waiting.delete(id);
    this.#unasked.delete(id);
    settle();
  }
}

function noLeaderError(): KeelsonError {
  return new KeelsonError('NO_LEADER', 'no leader was found in time, so nothing was changed: start more peers');
}
