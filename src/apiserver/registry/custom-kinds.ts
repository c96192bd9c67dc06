import { type ConvertObjects, type CustomResourceDefinition, customResourceTypes, resources } from '../../api/index.ts';
import { errorMessage, type Logger } from '../../base/index.ts';
import type { Collection } from './collection.ts';
import type { StoredObject } from './encoded.ts';
import { collectionPrefix } from './keys.ts';
import type { WatchCache } from './watch-cache.ts';

/**
 * Keeps the scheme in step with the CustomResourceDefinitions in the store: a change that this peer sees is served by it at
 * once, and watches of a kind that is no more, or is another now, end.
 */
export function followDefinitions(
  cache: WatchCache,
  converterOf: (definition: CustomResourceDefinition) => ConvertObjects | undefined,
  logger: Logger,
): void {
  const { scheme } = cache;
  const definitions = cache.collection(collectionPrefix(resources.customResourceDefinitions));
  /** By key: the definition's name, what of it counts, what of that shapes objects, and where those are. */
  const known = new Map<string, { name: string; content: string; shape: string; objects: Collection }>();

  const forget = (key: string): void => {
    const definition = known.get(key);
    if (definition === undefined) return;
    known.delete(key);
    scheme.define(definition.name, []);
    definition.objects.endWatches();
  };

  const take = ({ key, object }: StoredObject): void => {
    const definition = object as unknown as CustomResourceDefinition;
    const { metadata, spec, status } = definition;
    const name = metadata.name!;
    const conditions = status?.conditions?.map(({ type, status: value }) => [type, value]);
    const shape = JSON.stringify([metadata.uid, spec, status?.acceptedNames]);
    const content = JSON.stringify([shape, conditions]);
    const before = known.get(key);
    if (before?.content === content) return;
    const types = customResourceTypes(definition, converterOf(definition));
    if (types.length === 0) {
      forget(key);
      return;
    }
    scheme.define(name, types);
    const objects = cache.collection(collectionPrefix(types[0]!));
    known.set(key, { name, content, shape, objects });
    // Who watches has to look anew at what is there.
    if (before !== undefined && before.shape !== shape) objects.endWatches();
  };

  const listener = {
    onChange({ key, current }: { key: string; current: StoredObject | undefined }): void {
      try {
        if (current === undefined) forget(key);
        else take(current);
      } catch (error) {
        logger.warn({ key, error: errorMessage(error) }, 'a CustomResourceDefinition can not be served');
      }
    },
    onReset(): void {
      definitions.listen(listener);
      const there = definitions.range('', '\uffff');
      const keys = new Set(there.map(({ key }) => key));
      for (const key of known.keys()) if (!keys.has(key)) forget(key);
      for (const current of there) listener.onChange({ key: current.key, current });
    },
  };
  definitions.listen(listener);
}
