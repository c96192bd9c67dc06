import type { ClassicLevel } from 'classic-level';
import { Packr } from 'msgpackr';
import { errorCode, errorMessage, KeelsonError } from '../base/index.ts';
import { corruptError, failedError, foreignError, type OpenDatabase } from './level-database.ts';
import { DamagedRowError, seal, unseal } from './level-records.ts';

export type Operation = { type: 'put'; key: Buffer; value: Buffer } | { type: 'del'; key: Buffer };

const packr = new Packr({ useRecords: false });

/** A sealed row of msgpack. */
export function record(key: Buffer, value: unknown): Operation {
  return { type: 'put', key, value: seal(key, packr.pack(value)) };
}

/** LevelDB with the rule that after a failure nothing more is done, and with errors that say what to do. */
export class GuardedDatabase {
  readonly level: ClassicLevel<Buffer, Buffer>;
  readonly #directory: string;
  readonly #release: () => void;
  readonly #underWay = new Set<Promise<unknown>>();
  /** Rejected for good once a commit failed. */
  #lastCommit: Promise<void> = Promise.resolve();
  #failure: KeelsonError | undefined;
  #closed: Promise<void> | undefined;

  constructor(directory: string, { database, release }: OpenDatabase) {
    this.level = database;
    this.#directory = directory;
    this.#release = release;
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** Runs what may fail for reasons of its caller's, unless the database has failed or is closed. */
  run<T>(operation: () => Promise<T>): Promise<T> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#closed !== undefined) return Promise.reject(failedError(this.#directory, 'it is closed'));
    const result = operation();
    this.#track(result);
    return result;
  }

  /** Runs an operation whose failure is the database's end. */
  guard<T>(operation: () => Promise<T>): Promise<T> {
    return this.run(async () => {
      try {
        return await operation();
      } catch (error) {
        throw this.#fail(error);
      }
    });
  }

  /** Work that nobody waits for; its failure is the database's end all the same. */
  inBackground(work: Promise<void>): void {
    this.#track(work.catch((error) => this.#fail(error)));
  }

  /** Durable when it resolves. */
  async commit(operations: Operation[]): Promise<void> {
    if (operations.length > 0) await this.level.batch(operations, { sync: true });
  }

  /** As `commit`, after the commits so ordered before: LevelDB may let one batch overtake another. */
  commitInOrder(operations: Operation[]): Promise<void> {
    const turn = this.#lastCommit.then(() => this.commit(operations));
    this.#lastCommit = turn;
    return turn;
  }

  /** A sealed row of msgpack; undefined when there is none. */
  async read<T>(key: Buffer): Promise<T | undefined> {
    const value = await this.level.get(key);
    return value === undefined ? undefined : (packr.unpack(unseal(key, value)) as T);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  corrupt(what: string, cause?: unknown): KeelsonError {
    return corruptError(this.#directory, what, cause);
  }

  foreign(what: string): KeelsonError {
    return foreignError(this.#directory, what);
  }

  async #close(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled([...this.#underWay]);
    await this.level.close();
    this.#release();
  }

  #track(work: Promise<unknown>): void {
    this.#underWay.add(work);
    const forget = (): void => {
      this.#underWay.delete(work);
    };
    work.then(forget, forget);
  }

  #fail(error: unknown): KeelsonError {
    this.#failure ??= this.#explain(error);
    return this.#failure;
  }

  #explain(error: unknown): KeelsonError {
    if (error instanceof KeelsonError) return error;
    if (error instanceof DamagedRowError) return this.corrupt(error.message, error);
    if (errorCode(error) === 'LEVEL_CORRUPTION') return this.corrupt(errorMessage(error), error);
    return failedError(this.#directory, error);
  }
}
