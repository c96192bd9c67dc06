import type { RequestInfo } from '../request-info.ts';

type Target = Pick<RequestInfo, 'group' | 'resource' | 'namespace' | 'name'>;

/** How many clients watch what: a write is work for each of those who hear of it. */
export class WatchCounts {
  readonly #counts = new Map<string, number>();

  /** Counts a watch until what is returned is called. `info.name` is empty, or the only one that is watched. */
  begin(info: Target): () => void {
    const key = keyOf(info, info.namespace, info.name);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    let over = false;
    return () => {
      if (over) return;
      over = true;
      const left = this.#counts.get(key)! - 1;
      if (left > 0) this.#counts.set(key, left);
      else this.#counts.delete(key);
    };
  }

  /** Watches that hear of changes of an object; of one without a name yet, those of its namespace and of all. */
  interested(info: Target): number {
    if (this.#counts.size === 0) return 0;
    const { namespace, name } = info;
    const keys = new Set(
      [undefined, namespace].flatMap((within) => [keyOf(info, within, ''), keyOf(info, within, name)]),
    );
    return [...keys].reduce((sum, key) => sum + (this.#counts.get(key) ?? 0), 0);
  }
}

function keyOf({ group, resource }: Target, namespace: string | undefined, name: string): string {
  return `${group}/${resource}/${namespace ?? ''}/${name}`;
}
