import type {
  Compare,
  Operation,
  Store,
  TxnRequest,
  WatchBatch,
  WatchHandle,
  WatchRequest,
} from '../../src/store/index.ts';

export function txn(compare: Compare[], then: Operation[], otherwise: Operation[] = []): TxnRequest {
  return { compare, then, else: otherwise };
}

export function put(
  key: string,
  value: string | Uint8Array,
  options: { lease?: number; previous?: boolean; ignoreValue?: boolean; ignoreLease?: boolean } = {},
): Operation {
  return { type: 'put', key, value: bytes(value), ...options };
}

export function get(key: string, end?: string): Operation {
  return { type: 'range', request: { key, end } };
}

export function valueIs(key: string, value: string): Compare {
  return { key, target: 'value', operator: '=', operand: bytes(value) };
}

export function bytes(value: string | Uint8Array): Uint8Array {
  return typeof value === 'string' ? Buffer.from(value) : value;
}

export function text(value: Uint8Array | undefined): string | undefined {
  return value === undefined ? undefined : Buffer.from(value).toString();
}

/** Collects what a watch delivers, and waits for it. */
export class Watching {
  readonly batches: WatchBatch[] = [];
  readonly handle: WatchHandle;
  /** Settles with the error that ended the watch. */
  readonly ended: Promise<Error>;
  #wake: () => void = () => {};

  constructor(store: Store, request: Omit<WatchRequest, 'listener' | 'onEnd'>) {
    const { promise, resolve } = Promise.withResolvers<Error>();
    this.ended = promise;
    this.handle = store.watch({
      ...request,
      listener: (batch) => {
        this.batches.push(batch);
        this.#wake();
      },
      onEnd: resolve,
    });
  }

  get revisions(): number[] {
    return this.batches.map(({ revision }) => revision);
  }

  /** `+key=value` for a put, `-key` for a deletion, one text for each batch. */
  get texts(): string[] {
    return this.batches.map(({ events }) =>
      events.map(({ type, kv }) => (type === 'put' ? `+${kv.key}=${text(kv.value)}` : `-${kv.key}`)).join(' '),
    );
  }

  async until(isDone: () => boolean): Promise<void> {
    while (!isDone()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }

  async untilRevision(revision: number): Promise<void> {
    await this.until(() => (this.batches.at(-1)?.revision ?? 0) >= revision);
  }
}
