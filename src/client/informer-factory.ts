import type { KubernetesObject, ResourceReference } from '../api/index.ts';
import { type InformerContext, ListWatchInformer } from './informer.ts';
import type { Informer, InformerFactory, InformerOptions } from './types.ts';

/** Makes informers that share one list and watch per kind and selector. */
export function createInformerFactory(context: InformerContext): InformerFactory {
  const informers = new Map<string, ListWatchInformer<KubernetesObject>>();
  const running: Promise<void>[] = [];
  const abort = new AbortController();
  let started = false;

  const all = async (each: (informer: ListWatchInformer<KubernetesObject>) => Promise<void>): Promise<void> => {
    await Promise.all([...informers.values()].map(each));
  };

  const start = (): void => {
    if (started) return;
    started = true;
    for (const informer of informers.values()) running.push(informer.run(abort.signal));
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
      informers.set(key, informer as unknown as ListWatchInformer<KubernetesObject>);
      if (started) running.push(informer.run(abort.signal));
      return informer;
    },

    start,

    synced: () => all((informer) => informer.synced()),

    refresh: () => all((informer) => informer.refresh()),

    async stop() {
      abort.abort(new DOMException('the informers were stopped', 'AbortError'));
      // Who waits for informers that never ran learns that they never will.
      start();
      await Promise.all(running);
    },
  };
}
