/** One run of a peer's process, from its start to its crash. What the world has for it goes through here. */
export class Life {
  readonly name: string;
  #parked: { action: () => void; otherwise: (() => void) | undefined }[] = [];
  #state: 'running' | 'paused' | 'dead' = 'running';

  constructor(name: string) {
    this.name = name;
  }

  get isAlive(): boolean {
    return this.#state !== 'dead';
  }

  get isPaused(): boolean {
    return this.#state === 'paused';
  }

  /** Does something inside the process: now, or when it goes on. If it dies before, `otherwise` is done instead. */
  do(action: () => void, otherwise?: () => void): void {
    if (this.#state === 'running') action();
    else if (this.#state === 'paused') this.#parked.push({ action, otherwise });
    else otherwise?.();
  }

  /** The process stands still, and the world does not. */
  pause(): void {
    if (this.#state === 'running') this.#state = 'paused';
  }

  resume(): void {
    if (this.#state !== 'paused') return;
    this.#state = 'running';
    const parked = this.#parked;
    this.#parked = [];
    for (const { action, otherwise } of parked) this.do(action, otherwise);
  }

  end(): void {
    this.#state = 'dead';
    const parked = this.#parked;
    this.#parked = [];
    for (const { otherwise } of parked) otherwise?.();
  }
}
