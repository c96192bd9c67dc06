interface Event {
  at: number;
  order: number;
  run: () => void;
}

/**
 * What is to happen, in order of simulated time. One event happens in each turn of the real event loop: what code under
 * test defers by promises, `nextTick` or `setImmediate` runs in between, in an order that never varies.
 */
export class EventLoop {
  /** Simulated milliseconds since the run began. */
  now = 0;
  /** Events that happened. */
  steps = 0;
  #order = 0;
  readonly #heap: Event[] = [];

  after(delayMs: number, run: () => void): void {
    const heap = this.#heap;
    const event: Event = { at: this.now + Math.max(0, delayMs), order: this.#order++, run };
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (!isBefore(event, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = event;
  }

  /** Lets events happen until `isDone`, which is asked before each. Rejects when an event or `isDone` throws. */
  run(isDone: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const turn = (): void => {
        try {
          if (isDone()) {
            resolve();
            return;
          }
          const event = this.#take();
          if (event === undefined) throw new Error('the simulated world came to a standstill');
          this.now = event.at;
          this.steps += 1;
          setImmediate(turn);
          event.run();
        } catch (error) {
          reject(error);
        }
      };
      setImmediate(turn);
    });
  }

  #take(): Event | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
