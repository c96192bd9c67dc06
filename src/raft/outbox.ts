import type { ChangeAnswer, Effects, HardState, Message, RaftStatus, SnapshotPosition } from './types.ts';

const EMPTY: readonly never[] = Object.freeze([]);

const NO_EFFECTS: Effects = Object.freeze({
  hardState: undefined,
  entries: EMPTY,
  snapshot: undefined,
  messages: EMPTY,
  messagesAfterPersist: EMPTY,
  committed: EMPTY,
  reads: EMPTY,
  readsFailed: EMPTY,
  changes: EMPTY,
  rejected: undefined,
  snapshotsToSend: EMPTY,
  status: undefined,
});

/** Gathers the effects of a step. Arrays come into being only when something is put into them. */
export class Outbox {
  #messages: Message[] | undefined;
  #messagesAfterPersist: Message[] | undefined;
  #reads: { id: number; index: number }[] | undefined;
  #readsFailed: number[] | undefined;
  #changes: { id: number; answer: ChangeAnswer }[] | undefined;
  #rejected: { data: Uint8Array[]; reason: NonNullable<Effects['rejected']>['reason'] } | undefined;
  #snapshotsToSend: Extract<Message, { type: 'snapshot' }>[] | undefined;
  /** A snapshot that this step takes over. */
  snapshot: SnapshotPosition | undefined;
  /** Term or vote changed in this step. */
  hardStateChanged = false;

  /** Sends without waiting for the disk, unless the message could tell of a term or vote not yet written. */
  send(message: Message): void {
    if (this.hardStateChanged) this.sendAfterPersist(message);
    else if (this.#messages) this.#messages.push(message);
    else this.#messages = [message];
  }

  /** Sends once all that was handed out for writing, this step's included, is durable. */
  sendAfterPersist(message: Message): void {
    if (this.#messagesAfterPersist) this.#messagesAfterPersist.push(message);
    else this.#messagesAfterPersist = [message];
  }

  sendSnapshot(message: Extract<Message, { type: 'snapshot' }>): void {
    this.#snapshotsToSend ??= [];
    this.#snapshotsToSend.push(message);
  }

  answerRead(id: number, index: number): void {
    this.#reads ??= [];
    this.#reads.push({ id, index });
  }

  failRead(id: number): void {
    this.#readsFailed ??= [];
    this.#readsFailed.push(id);
  }

  answerChange(id: number, answer: ChangeAnswer): void {
    this.#changes ??= [];
    this.#changes.push({ id, answer });
  }

  /** Returns proposals to the host. Of several reasons within one step, the last one is told. */
  reject(data: readonly Uint8Array[], reason: NonNullable<Effects['rejected']>['reason']): void {
    this.#rejected = { data: this.#rejected ? [...this.#rejected.data, ...data] : [...data], reason };
  }

  /** Hands over what was gathered, with what the step's end adds to it, and starts afresh. */
  take(end: {
    hardState: HardState | undefined;
    entries: Effects['entries'];
    committed: Effects['committed'];
    status: RaftStatus | undefined;
  }): Effects {
    if (this.#isEmpty() && !end.hardState && !end.status && end.entries.length + end.committed.length === 0) {
      return NO_EFFECTS;
    }
    const effects: Effects = {
      hardState: end.hardState,
      entries: end.entries,
      snapshot: this.snapshot,
      messages: this.#messages ?? EMPTY,
      messagesAfterPersist: this.#messagesAfterPersist ?? EMPTY,
      committed: end.committed,
      reads: this.#reads ?? EMPTY,
      readsFailed: this.#readsFailed ?? EMPTY,
      changes: this.#changes ?? EMPTY,
      rejected: this.#rejected,
      snapshotsToSend: this.#snapshotsToSend ?? EMPTY,
      status: end.status,
    };
    this.#messages = this.#messagesAfterPersist = this.#reads = this.#readsFailed = undefined;
    this.#changes = this.#rejected = this.#snapshotsToSend = this.snapshot = undefined;
    this.hardStateChanged = false;
    return effects;
  }

  #isEmpty(): boolean {
    return !(
      this.#messages ||
      this.#messagesAfterPersist ||
      this.#reads ||
      this.#readsFailed ||
      this.#changes ||
      this.#rejected ||
      this.#snapshotsToSend ||
      this.snapshot
    );
  }
}
