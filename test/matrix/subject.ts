import type { KubernetesObject } from '../../src/api/index.ts';
import type { Answer, Connection, Json, Question } from './connection.ts';
import { nameOf, sampleFor } from './samples.ts';

/** A resource of a group version, as discovery tells of it. */
export interface Kind {
  groupVersion: string;
  group: string;
  resource: string;
  kind: string;
  namespaced: boolean;
  verbs: readonly string[];
  subresources: readonly string[];
}

/** Nothing waits for it unless something is wrong. */
const PATIENCE_MS = 20_000;

/** An object of the kind that is looked at, and the requests about it. */
export class Subject {
  readonly kind: Kind;
  readonly #connection: Connection;
  #number: number;

  /** `number` makes names that nothing else has. */
  constructor(connection: Connection, kind: Kind, number: number) {
    this.kind = kind;
    this.#connection = connection;
    this.#number = number;
  }

  get qualified(): string {
    return this.kind.group === '' ? this.kind.resource : `${this.kind.resource}.${this.kind.group}`;
  }

  get name(): string {
    return nameOf(this.qualified, this.#number);
  }

  get collection(): string {
    const { group, groupVersion, namespaced, resource } = this.kind;
    return `/${group === '' ? 'api' : 'apis'}/${groupVersion}${namespaced ? '/namespaces/matrix' : ''}/${resource}`;
  }

  get path(): string {
    return `${this.collection}/${this.name}`;
  }

  /** From now on it is about an object of another name. */
  next(): void {
    this.#number++;
  }

  /** And back to the one before. */
  back(): void {
    this.#number--;
  }

  object(): KubernetesObject {
    const { groupVersion, kind } = this.kind;
    const metadata = { name: this.name, labels: { matrix: this.name } };
    return { apiVersion: groupVersion, kind, metadata, ...sampleFor(this.qualified, this.#number) };
  }

  /** Reviews are not stored and have no names. */
  get isStored(): boolean {
    return this.kind.verbs.includes('get');
  }

  async ask(code: number, method: string, path: string, question?: Question): Promise<Answer> {
    const answer = await this.#connection.ask(method, path, question);
    if (answer.code !== code) throw new Error(answer.json?.message ?? `${answer.code} instead of ${code}`);
    return answer;
  }

  /** Reads, changes and writes; again when somebody else, such as a controller, wrote meanwhile. */
  async change(path: string, mutate: (read: Json) => void = () => {}): Promise<Json> {
    for (const until = Date.now() + PATIENCE_MS; ; ) {
      const { json } = await this.ask(200, 'GET', path);
      mutate(json);
      const { code, json: written } = await this.#connection.ask('PUT', path, { body: json });
      if (code === 200) return written;
      if (code !== 409 || Date.now() > until) throw new Error(written?.message ?? `${code} instead of 200`);
    }
  }

  firstEvent(path: string): Promise<Json> {
    return this.#connection.firstEvent(path);
  }

  /** Resolves when the object is not there any more. */
  async gone(): Promise<void> {
    for (const until = Date.now() + PATIENCE_MS; ; ) {
      if ((await this.#connection.ask('GET', this.path)).code === 404) return;
      if (Date.now() > until) throw new Error('it does not go');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
