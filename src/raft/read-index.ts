import type { Leading } from './leading.ts';
import { holdsLease } from './lease.ts';
import { quorumValue } from './quorum.ts';
import type { RaftState } from './state.ts';
import { NONE, type PeerId } from './types.ts';

/**
 * Linearizable reads without a log write (thesis §6.4). An index that is safe to read at is the leader's
 * commit index, once a majority has confirmed, after the question came, that it still leads. Questions
 * are gathered into rounds: one round of heartbeats answers all that came before it. With leases (lease.ts), a round
 * that was confirmed a short while ago does as well.
 */

interface Asked {
  from: PeerId;
  id: number;
}

/** The leader's open questions. */
export class ReadRounds {
  /** The latest round; heartbeats carry it, and their answers confirm all rounds up to it. */
  round = 0;
  #waiting: Asked[] = [];
  readonly #open: { round: number; index: number; asked: readonly Asked[] }[] = [];

  ask(from: PeerId, id: number): void {
    this.#waiting.push({ from, id });
  }

  /** Whether a round is worth opening now. Not while one is under way, unless heartbeats go out anyway. */
  wantsRound(heartbeatDue: boolean): boolean {
    return this.#waiting.length > 0 && (heartbeatDue || this.#open.length === 0);
  }

  open(index: number): void {
    this.round++;
    this.#open.push({ round: this.round, index, asked: this.takeWaiting() });
  }

  /** Takes out the questions that wait for a round. */
  takeWaiting(): readonly Asked[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }

  /** Takes out the next questions that rounds up to `confirmed` answer. */
  takeConfirmed(confirmed: number): { index: number; asked: readonly Asked[] } | undefined {
    return this.#open.length > 0 && this.#open[0]!.round <= confirmed ? this.#open.shift() : undefined;
  }

  /** All open questions of the peer `from`. */
  *openFrom(from: PeerId): Iterable<number> {
    for (const { asked } of [...this.#open, { asked: this.#waiting }]) {
      for (const each of asked) if (each.from === from) yield each.id;
    }
  }
}

/** A follower's questions on their way to the leader. */
export class ForwardedReads {
  #ticks = 0;
  #next: number;
  /** By the number under which they travel, in the order in which they were asked. */
  readonly #pending = new Map<number, { id: number; since: number }>();

  constructor(random: () => number) {
    // Starts somewhere else after each start, so that a late answer meant for this process's earlier life fits nothing.
    this.#next = Math.floor(random() * 2 ** 32) * 2 ** 20;
  }

  /** Returns the number under which the question travels. */
  add(id: number): number {
    const number = this.#next++;
    this.#pending.set(number, { id, since: this.#ticks });
    return number;
  }

  /** The id of the question answered, if it is still open. */
  take(number: number): number | undefined {
    const read = this.#pending.get(number);
    this.#pending.delete(number);
    return read?.id;
  }

  /** Passes a tick; yields the ids of questions that have waited `patience` ticks: they or their answers were lost. */
  *tick(patience: number): Iterable<number> {
    this.#ticks++;
    for (const [number, { id, since }] of this.#pending) {
      if (this.#ticks - since < patience) return;
      this.#pending.delete(number);
      yield id;
    }
  }

  *takeAll(): Iterable<number> {
    for (const { id } of this.#pending.values()) yield id;
    this.#pending.clear();
  }
}

/** A question of this process. */
export function askRead(state: RaftState, id: number): void {
  if (state.leading) {
    state.leading.reads.ask(state.id, id);
  } else if (state.leader === NONE) {
    state.out.failRead(id);
  } else {
    const number = state.forwardedReads.add(id);
    state.out.send({ type: 'read-index', from: state.id, to: state.leader, term: state.term, id: number });
  }
}

/** The leader's answer to a forwarded question arrived. */
export function acceptReadAnswer(state: RaftState, number: number, index: number): void {
  const id = state.forwardedReads.take(number);
  if (id !== undefined) state.out.answerRead(id, index);
}

/** Opens the next round if one is due. Comes before the step's heartbeats, which carry it. */
export function openReadRound(state: RaftState, leading: Leading): void {
  // Before an entry of its own term is committed, a leader doesn't know what its predecessors committed.
  if (state.commit < leading.openingIndex || !leading.reads.wantsRound(leading.heartbeatDue)) return;
  if (holdsLease(state, leading)) {
    answer(state, leading.reads.takeWaiting(), state.commit);
    return;
  }
  leading.reads.open(state.commit);
  leading.heartbeatDue = true;
}

/** Answers what is confirmed. A single voter confirms itself, so its reads never wait. */
export function answerReads(state: RaftState, leading: Leading): void {
  const { reads, followers } = leading;
  const confirmed = quorumValue(state.configuration, (peer) =>
    peer === state.id ? reads.round : (followers.get(peer)?.readRound ?? 0),
  );
  leading.lease.confirmed(confirmed);
  for (let next = reads.takeConfirmed(confirmed); next; next = reads.takeConfirmed(confirmed)) {
    answer(state, next.asked, next.index);
  }
}

function answer({ id: from, term, out }: RaftState, asked: readonly Asked[], index: number): void {
  for (const { from: to, id } of asked) {
    if (to === from) out.answerRead(id, index);
    else out.send({ type: 'read-index-response', from, to, term, id, index });
  }
}
