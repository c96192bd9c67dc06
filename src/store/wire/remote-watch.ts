import type { WatchBatch, WatchHandle, WatchRequest } from '../types.ts';
import { WATCH } from './protocol.ts';

/** A watch over the wire, which goes on over connections that come and go. */
export class RemoteWatch implements WatchHandle {
  readonly request: WatchRequest;
  readonly #onCancel: (watch: RemoteWatch) => void;
  /** On the present connection; each connection gets a new one, so that nothing old is mistaken. */
  id = 0;
  /** Whether the server said on this connection that it began. */
  started = false;
  /** Everything before this revision was delivered or isn't wanted; 0: begins with what comes next. */
  next: number;
  #active = true;

  constructor(request: WatchRequest, onCancel: (watch: RemoteWatch) => void) {
    this.request = request;
    this.next = request.fromRevision ?? 0;
    this.#onCancel = onCancel;
  }

  get revision(): number {
    return Math.max(0, this.next - 1);
  }

  /** What asks the server for the rest. */
  command(): unknown[] {
    const { key, end, previous } = this.request;
    return [WATCH, key, end ?? null, this.next, previous === true];
  }

  /** The server began, and has nothing up to `revision` to deliver. */
  begin(revision: number): void {
    this.started = true;
    this.reached(revision);
  }

  /** All before and at `revision` is delivered. */
  reached(revision: number): void {
    if (revision >= this.next) this.next = revision + 1;
  }

  deliver(batch: WatchBatch): void {
    if (!this.#active || batch.revision < this.next) return;
    this.next = batch.revision + 1;
    this.request.listener(batch);
  }

  cancel(): void {
    if (!this.#active) return;
    this.#active = false;
    this.#onCancel(this);
  }

  end(error: Error): void {
    if (!this.#active) return;
    this.#active = false;
    this.request.onEnd?.(error);
  }
}
