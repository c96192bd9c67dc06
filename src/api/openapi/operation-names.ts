import type { ResourceType } from '../resource.ts';

export type Action = 'get' | 'list' | 'post' | 'put' | 'patch' | 'delete' | 'deletecollection';

const verbs: Record<Action, string> = {
  get: 'read',
  list: 'list',
  post: 'create',
  put: 'replace',
  patch: 'patch',
  delete: 'delete',
  deletecollection: 'delete',
};

/** Names of operations as generators of clients know them: `readCoreV1NamespacedPodStatus`. */
export class OperationNames {
  /** Groups operations: `core_v1`. */
  readonly tag: string;
  readonly #group: string;
  readonly #object: string;
  readonly #kind: string;

  /** `group` as in `CoreV1`, `object` as in `NamespacedPod`, `kind` as in `Pod`. */
  constructor(tag: string, group: string, object: string, kind: string) {
    this.tag = tag;
    this.#group = group;
    this.#object = object;
    this.#kind = kind;
  }

  operation(action: Action): string {
    return `${verbs[action]}${this.#group}${action === 'deletecollection' ? 'Collection' : ''}${this.#object}`;
  }

  /** Of a connection by that method: `connectCoreV1GetNamespacedPodExec`. */
  connection(method: string): string {
    return `connect${this.#group}${capital(method)}${this.#object}`;
  }

  /** Of operations on a subresource. */
  of(subresource: string): OperationNames {
    return new OperationNames(this.tag, this.#group, this.#object + capital(subresource), this.#kind);
  }

  inAllNamespaces(): OperationNames {
    return new OperationNames(this.tag, this.#group, `${this.#kind}ForAllNamespaces`, this.#kind);
  }
}

export function operationNames({ group, version, kind, namespaced }: ResourceType): OperationNames {
  const words = group === '' ? ['core'] : group.replace(/\.k8s\.io$/, '').split(/[.-]/);
  const name = words.map(capital).join('');
  const tag = `${name[0]!.toLowerCase()}${name.slice(1)}_${version}`;
  return new OperationNames(tag, name + capital(version), `${namespaced ? 'Namespaced' : ''}${kind}`, kind);
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}
