/**
 * Chunks from a callback to an async iterator, with back-pressure: calls `pause` when some wait, `resume` when they
 * were taken. For one reader.
 */
export class ChunkChannel implements AsyncIterable<Uint8Array> {
  readonly #pause: () => void;
  readonly #resume: () => void;
  #chunks: Uint8Array[] = [];
  #paused = false;
  #end: { error: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(flow: { pause(): void; resume(): void }) {
    this.#pause = () => flow.pause();
    this.#resume = () => flow.resume();
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    if (!this.#paused) {
      this.#paused = true;
      this.#pause();
    }
    this.#wake?.();
  }

  /** Ends the iteration after what was pushed, with an error or without. Later calls change nothing. */
  end(error?: unknown): void {
    this.#end ??= { error };
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        yield chunk;
        continue;
      }
      if (this.#end !== undefined) {
        if (this.#end.error !== undefined) throw this.#end.error;
        return;
      }
      if (this.#paused) {
        this.#paused = false;
        this.#resume();
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }
}
