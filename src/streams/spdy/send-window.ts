/** What may be sent before the first update (SPDY draft 3.1, section 2.6.8). */
export const windowInitial = 64 * 1024;

/**
 * How much the other side is ready to take. Kubernetes' own clients neither update nor keep to windows, and would wait for ever
 * for data held back: windows count only once the other side has shown that it knows of them.
 */
export class SendWindow {
  #initial: number;
  #granted = 0;
  #sent = 0;
  #obeyed = false;
  readonly #waiting = new Set<() => void>();

  constructor(initial = windowInitial) {
    this.#initial = initial;
    this.#obeyed = initial !== windowInitial;
  }

  obey(): void {
    this.#obeyed = true;
  }

  setInitial(bytes: number): void {
    this.#initial = bytes;
    this.#obeyed = true;
    this.#wake();
  }

  grant(bytes: number): void {
    this.#granted += bytes;
    this.#obeyed = true;
    this.#wake();
  }

  /** No more bytes will be sent: nobody waits any more. */
  release(): void {
    this.#obeyed = false;
    this.#granted = Number.POSITIVE_INFINITY;
    this.#wake();
  }

  /** Resolves with how many of `wanted` bytes may be sent now, at least one. What that leaves of another window is given back to it. */
  async take(wanted: number, outer?: SendWindow): Promise<number> {
    while (this.#obeyed && this.#left <= 0) await new Promise<void>((resolve) => this.#waiting.add(resolve));
    const taken = this.#obeyed ? Math.min(wanted, this.#left) : wanted;
    this.#sent += taken;
    if (outer) outer.#giveBack(wanted - taken);
    return taken;
  }

  get #left(): number {
    return this.#initial + this.#granted - this.#sent;
  }

  #giveBack(bytes: number): void {
    this.#sent -= bytes;
    if (bytes > 0) this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
