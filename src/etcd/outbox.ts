/** Bytes that may wait for a client that is slow to read; at half of it again it counts as quick. */
const FULL_BYTES = 8 * 1024 * 1024;

/** What a stream has still to send. */
export class Outbox {
  readonly #write: (bytes: Buffer, done: () => void) => void;
  readonly #onRoom: () => void;
  #waiting = 0;
  #full = false;

  /** `onRoom` is called when a full outbox has room again. */
  constructor(write: (bytes: Buffer, done: () => void) => void, onRoom: () => void) {
    this.#write = write;
    this.#onRoom = onRoom;
  }

  /** Nothing more should be sent for now, though it would not be lost. */
  get isFull(): boolean {
    return this.#full;
  }

  send(bytes: Buffer): void {
    this.#waiting += bytes.length;
    if (this.#waiting > FULL_BYTES) this.#full = true;
    this.#write(bytes, () => {
      this.#waiting -= bytes.length;
      if (!this.#full || this.#waiting > FULL_BYTES / 2) return;
      this.#full = false;
      this.#onRoom();
    });
  }
}
