import { compareVersions } from './custom/versions.ts';
import { apiVersionOf, type ResourceType } from './resource.ts';

/** The kinds that are served. Static, or changing as CustomResourceDefinitions come and go. */
export interface Scheme {
  /** Every kind, by group version in the order of discovery, and by resource name within. Replaced, never changed. */
  readonly types: readonly ResourceType[];
  /** The kind behind a path: `findResource('apps', 'v1', 'deployments')`. `group` is '' for core. */
  findResource(group: string, version: string, resource: string): ResourceType | undefined;
  /** The served kind of an object: `findKind('apps/v1', 'Deployment')`. */
  findKind(apiVersion: string, kind: string): ResourceType | undefined;
  /** Calls `listener` after each change. Returns the way to end it. */
  onChange(listener: () => void): () => void;
}

/** The kinds of Kubernetes, and custom ones for as long as somebody says so. */
export class LiveScheme implements Scheme {
  readonly #own: readonly ResourceType[];
  readonly #ownGroupVersions: ReadonlySet<string>;
  readonly #listeners = new Set<() => void>();
  readonly #custom = new Map<string, readonly ResourceType[]>();
  #types: readonly ResourceType[] = [];
  #byResource: ReadonlyMap<string, ResourceType> = new Map();
  #byKind: ReadonlyMap<string, ResourceType> = new Map();

  /** `own`: the kinds that are always there. */
  constructor(own: readonly ResourceType[]) {
    this.#own = own;
    this.#ownGroupVersions = new Set(own.map(apiVersionOf));
    this.#rebuild();
  }

  get types(): readonly ResourceType[] {
    return this.#types;
  }

  findResource(group: string, version: string, resource: string): ResourceType | undefined {
    return this.#byResource.get(`${group}/${version}/${resource}`);
  }

  findKind(apiVersion: string, kind: string): ResourceType | undefined {
    return this.#byKind.get(`${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}/${kind}`);
  }

  /** What one definition adds, instead of what it did before; nothing of it any more if `added` is empty. */
  define(definition: string, added: readonly ResourceType[]): void {
    if (added.length > 0) this.#custom.set(definition, added);
    else if (!this.#custom.delete(definition)) return;
    this.#rebuild();
    for (const listener of this.#listeners) listener();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #rebuild(): void {
    // A group version of Kubernetes' own can't be added to, as its documents describe it.
    const custom = [...this.#custom.values()]
      .flat()
      .filter((type) => !this.#ownGroupVersions.has(apiVersionOf(type)))
      .sort(compareCustom);
    this.#types = Object.freeze([...this.#own, ...custom]);
    this.#byResource = new Map(this.#types.map((type) => [`${type.group}/${type.version}/${type.resource}`, type]));
    this.#byKind = new Map(this.#types.map((type) => [`${type.group}/${type.version}/${type.kind}`, type]));
  }
}

function compareCustom(a: ResourceType, b: ResourceType): number {
  if (a.group !== b.group) return a.group < b.group ? -1 : 1;
  if (a.version !== b.version) return compareVersions(a.version, b.version);
  return a.resource < b.resource ? -1 : 1;
}
