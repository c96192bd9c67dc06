import type { Effects, Input, Raft } from '../raft/index.ts';

/** Steps a Raft core until there is no input left; what its effects bring about meanwhile waits for its turn. */
export class CoreLoop {
  readonly #core: Raft;
  readonly #carryOut: (effects: Effects) => void;
  readonly #onFailure: (error: unknown) => void;
  #inputs: Input[] = [];
  #stepping = false;
  #stopped = false;

  constructor(core: Raft, carryOut: (effects: Effects) => void, onFailure: (error: unknown) => void) {
    this.#core = core;
    this.#carryOut = carryOut;
    this.#onFailure = onFailure;
  }

  step(input: Input): void {
    this.#inputs.push(input);
    this.#run();
  }

  /** The core takes these in together. */
  stepAll(inputs: readonly Input[]): void {
    for (const input of inputs) this.#inputs.push(input);
    this.#run();
  }

  /** Nothing is taken in any more. */
  stop(): void {
    this.#stopped = true;
  }

  #run(): void {
    if (this.#stepping) return;
    this.#stepping = true;
    try {
      while (this.#inputs.length > 0 && !this.#stopped) {
        const taken = this.#inputs;
        this.#inputs = [];
        this.#carryOut(this.#core.stepAll(taken));
      }
    } catch (error) {
      this.#onFailure(error);
    } finally {
      this.#stepping = false;
    }
  }
}
