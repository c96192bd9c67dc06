import {
  type BoundFieldSelector,
  bindFieldSelector,
  type LabelSelector,
  parseFieldSelector,
  parseLabelSelector,
} from '../../api/index.ts';
import { prefixEnd } from '../../store/index.ts';
import type { StoredObject } from './encoded.ts';
import { namespacePrefix, objectKey } from './keys.ts';
import { prepareServed, type Storage, servedForm, storageOf } from './storage.ts';
import type { CollectionRequest } from './types.ts';

/** Which objects a list or watch is about: a stretch of keys, and what in it matches the selectors. */
export class Selection {
  readonly storage: Storage;
  /** The keys in [from, end) … */
  readonly from: string;
  readonly end: string;
  /** … whose name is this, if given. */
  readonly #suffix: string | undefined;
  readonly #labels: LabelSelector;
  readonly #fields: BoundFieldSelector;
  /** Whether the selectors ask for more than the key tells. */
  readonly #looks: boolean;

  /** 400 when a selector is malformed or asks for fields that the kind can't be selected by. */
  constructor(
    request: Pick<CollectionRequest, 'type' | 'namespace'> & { labelSelector?: string; fieldSelector?: string },
  ) {
    const { type, labelSelector = '', fieldSelector = '' } = request;
    this.storage = storageOf(type);
    this.#labels = parseLabelSelector(labelSelector);
    this.#fields = bindFieldSelector(type, parseFieldSelector(fieldSelector));
    const { prefix } = this.storage;
    const name = this.#fields.exactValue('metadata.name');
    const namespace =
      request.namespace ?? (type.namespaced ? this.#fields.exactValue('metadata.namespace') : undefined);
    const told: Record<string, string | undefined> = { 'metadata.name': name, 'metadata.namespace': namespace };
    const undecided = this.#fields.requirements.some(
      ({ field, operator, value }) => operator !== '=' || told[field] === undefined || told[field] !== value,
    );
    this.#looks = undecided || !this.#labels.empty;
    if (name !== undefined && (namespace !== undefined || !type.namespaced)) {
      this.from = objectKey(prefix, namespace, name);
      this.end = `${this.from}\0`;
    } else {
      this.from = namespace === undefined ? prefix : namespacePrefix(prefix, namespace);
      this.end = prefixEnd(this.from);
      if (name !== undefined) this.#suffix = `/${name}`;
    }
  }

  /** Whether every object in the stretch of keys is meant. */
  get everything(): boolean {
    return !this.#looks && this.#suffix === undefined;
  }

  /** Whether no selector was given: only then the rest of a page can be counted. */
  get unselective(): boolean {
    return this.#labels.empty && this.#fields.empty;
  }

  /** What has to be converted before it can be looked at, of what is there in the stretch. */
  async prepare(objects: () => Iterable<StoredObject>): Promise<void> {
    if (this.storage.webhook !== undefined && !this.#fields.empty) await prepareServed(this.storage, objects());
  }

  covers(key: string): boolean {
    return key >= this.from && key < this.end && (this.#suffix === undefined || key.endsWith(this.#suffix));
  }

  /** Of an object whose key is covered. */
  matches(stored: StoredObject): boolean {
    if (!this.#looks) return true;
    try {
      if (!this.#labels.matches(stored.object.metadata.labels)) return false;
      return this.#fields.empty || this.#fields.matchesObject(servedForm(this.storage, stored).object);
    } catch {
      // What can't be read matches nothing.
      return false;
    }
  }
}
