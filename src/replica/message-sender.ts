import type { Message, PeerId } from '../raft/index.ts';
import type { Transport } from './transport.ts';

/**
 * Holds back what will soon be said with more: an append without entries tells of commits, and who hears of a commit
 * often proposes at once. One with entries that follows within the turn tells the same, and one answer does for both.
 */
export class MessageSender {
  readonly #transport: Transport;
  readonly #heldBack = new Map<PeerId, Message>();

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  send(messages: readonly Message[]): void {
    const now: Message[] = [];
    for (const message of messages) {
      if (message.type !== 'append') {
        now.push(message);
      } else if (message.entries.length > 0) {
        this.#heldBack.delete(message.to);
        now.push(message);
      } else {
        this.#holdBack(message);
      }
    }
    if (now.length > 0) this.#transport.send(now);
  }

  #holdBack(message: Message): void {
    // Twice: proposals are flushed by an immediate that may be set after this one.
    if (this.#heldBack.size === 0) setImmediate(() => setImmediate(() => this.#release()));
    this.#heldBack.set(message.to, message);
  }

  #release(): void {
    if (this.#heldBack.size === 0) return;
    const messages = [...this.#heldBack.values()];
    this.#heldBack.clear();
    this.#transport.send(messages);
  }
}
