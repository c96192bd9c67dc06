import type { Clock, Timer } from '../base/index.ts';
import type { Message, PeerId } from '../raft/index.ts';
import type { Transport } from './transport.ts';

/** How long a peer that did not ask lately is left without news, in the hope of an append that tells the same. */
const NEWS_MS = 1;
/** A peer that proposed or read so recently has clients who wait for its next news. */
const ASKED_MS = 50;

/**
 * Holds back what will soon be said with more: an append without entries tells of commits, and who hears of a commit
 * often proposes at once. One with entries that follows soon tells the same, and one answer does for both.
 */
export class MessageSender {
  readonly #transport: Transport;
  readonly #clock: Clock;
  /** When peers last asked this one for something, by the monotonic clock. */
  readonly #askedAt = new Map<PeerId, number>();
  /** For those who wait: held back to the end of the turn; for the others, to the timer. */
  readonly #urgent = new Map<PeerId, Message>();
  readonly #heldBack = new Map<PeerId, Message>();
  #timer: Timer | undefined;

  constructor(transport: Transport, clock: Clock) {
    this.#transport = transport;
    this.#clock = clock;
  }

  send(messages: readonly Message[]): void {
    const now: Message[] = [];
    for (const message of messages) {
      if (message.type !== 'append') {
        now.push(message);
      } else if (message.entries.length > 0) {
        this.#forget(message.to);
        now.push(message);
      } else {
        this.#holdBack(message);
      }
    }
    if (now.length > 0) this.#transport.send(now);
  }

  /** Looks at what arrives for whoever waits for news. */
  received(messages: readonly Message[]): void {
    for (const { type, from } of messages) {
      if (type !== 'propose' && type !== 'read-index') continue;
      this.#askedAt.set(from, this.#clock.monotonic());
      const held = this.#heldBack.get(from);
      if (held === undefined) continue;
      this.#forget(from);
      this.#holdBack(held);
    }
  }

  #holdBack(message: Message): void {
    const { to } = message;
    if (this.#clock.monotonic() - (this.#askedAt.get(to) ?? Number.NEGATIVE_INFINITY) < ASKED_MS) {
      // Twice: proposals are flushed by an immediate that may be set after this one.
      if (this.#urgent.size === 0) setImmediate(() => setImmediate(() => this.#release(this.#urgent)));
      this.#urgent.set(to, message);
    } else {
      this.#timer ??= this.#clock.setTimer(NEWS_MS, () => this.#releaseLate());
      this.#heldBack.set(to, message);
    }
  }

  #releaseLate(): void {
    this.#timer = undefined;
    this.#release(this.#heldBack);
  }

  #forget(peer: PeerId): void {
    this.#urgent.delete(peer);
    if (!this.#heldBack.delete(peer) || this.#heldBack.size > 0) return;
    // Else the next news would wait for less than their time.
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #release(held: Map<PeerId, Message>): void {
    if (held.size === 0) return;
    const messages = [...held.values()];
    held.clear();
    this.#transport.send(messages);
  }
}
