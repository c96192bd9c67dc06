import { errorCode } from '../../src/base/index.ts';
import type { Store } from '../../src/store/index.ts';

/**
 * What clients were answered, whoever asked whom. Revisions are monotone in real time: no linearizable answer tells of an older
 * one than was known before it was asked for.
 */
export class AnswerLog {
  readonly violations: string[] = [];
  /** How often each error was told, by its code. */
  readonly errors = new Map<string, number>();
  #revision = 0;

  /** The store, with its answers taken down. */
  observe(store: Store): Store {
    return {
      range: (request) =>
        request.serializable === true
          ? this.#try(() => store.range(request))
          : this.#ask('range', () => store.range(request)),
      txn: (request) => this.#ask('transaction', () => store.txn(request)),
      put: (key, value, options) => this.#ask('put', () => store.put(key, value, options)),
      delete: (key, end) => this.#ask('deletion', () => store.delete(key, end)),
      watch: (request) => store.watch(request),
      leaseGrant: (request) => this.#try(() => store.leaseGrant(request)),
      leaseRevoke: (id) => this.#ask('revocation', () => store.leaseRevoke(id)),
      leaseKeepAlive: (id) => this.#try(() => store.leaseKeepAlive(id)),
      leaseTimeToLive: (id) => this.#try(() => store.leaseTimeToLive(id)),
      leases: () => this.#try(() => store.leases()),
      compact: (revision) => this.#try(() => store.compact(revision)),
      status: () => store.status(),
      readBarrier: () => this.#try(() => store.readBarrier()),
      close: () => store.close(),
    };
  }

  async #ask<T extends { revision: number }>(what: string, request: () => Promise<T>): Promise<T> {
    const known = this.#revision;
    const answer = await this.#try(request);
    if (answer.revision < known)
      this.violations.push(`monotone: a ${what} was answered at revision ${answer.revision}, after ${known} was known`);
    this.#revision = Math.max(this.#revision, answer.revision);
    return answer;
  }

  async #try<T>(request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      const code = errorCode(error) ?? 'none';
      this.errors.set(code, (this.errors.get(code) ?? 0) + 1);
      throw error;
    }
  }
}
