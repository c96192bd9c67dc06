import type { KubernetesObject, ResourceReference } from '../api/index.ts';
import { type InformerContext, ListWatchInformer } from './informer.ts';
import type { Informer, InformerFactory, InformerOptions } from './types.ts';

/** Makes informers that share one list and watch per kind and selector. */
export function createInformerFactory(context: InformerContext): InformerFactory {
  const informers = new Map<string, ListWatchInformer<KubernetesObject>>();
  const running = new Map<ListWatchInformer<KubernetesObject>, Promise<void>>();
  const ends = new Map<string, AbortController>();
  const abort = new AbortController();
  let started = false;

  const run = (key: string, informer: ListWatchInformer<KubernetesObject>): void => {
    const end = new AbortController();
    ends.set(key, end);
    const signal = AbortSignal.any([abort.signal, end.signal]);
    running.set(
      informer,
      informer.run(signal).finally(() => running.delete(informer)),
    );
  };

  const all = async (each: (informer: ListWatchInformer<KubernetesObject>) => Promise<void>): Promise<void> => {
    await Promise.all([...informers.values()].map(each));
  };

  const start = (): void => {
    if (started) return;
    started = true;
    for (const [key, informer] of informers) run(key, informer);
  };

  return {
    informer<T extends KubernetesObject>(type: ResourceReference, options: InformerOptions<T> = {}): Informer<T> {
      const key = [type.group, type.resource, options.namespace, options.labelSelector, options.fieldSelector].join(
        '\n',
      );
      const known = informers.get(key) as ListWatchInformer<T> | undefined;
      if (known !== undefined) {
        known.addIndexes(options.indexes ?? {});
        return known;
      }
      const informer = new ListWatchInformer<T>(context, type, options);
      const any = informer as unknown as ListWatchInformer<KubernetesObject>;
      informers.set(key, any);
      if (started) run(key, any);
      return informer;
    },

    forget({ group, resource }) {
      for (const key of informers.keys()) {
        if (!key.startsWith(`${group}\n${resource}\n`)) continue;
        informers.delete(key);
        ends.get(key)?.abort(new DOMException('the kind is no longer served', 'AbortError'));
        ends.delete(key);
      }
    },

    start,

    synced: () => all((informer) => informer.synced()),

    refresh: () => all((informer) => informer.refresh()),

    async stop() {
      abort.abort(new DOMException('the informers were stopped', 'AbortError'));
      // Who waits for informers that never ran learns that they never will.
      start();
      await Promise.all(running.values());
    },
  };
}
