import { errors, type UnstructuredObject } from '../../api/index.ts';
import { ComputedObject } from './encoded.ts';
import { objectKey } from './keys.ts';
import { awaitRevision, parseResourceVersion } from './resource-version.ts';
import { prepareServed, servedForm, storageOf } from './storage.ts';
import { subresourceOf } from './subresources/index.ts';
import type { Encoded, ObjectRequest } from './types.ts';
import type { WatchCache } from './watch-cache.ts';

/** One object, or a part of it. */
export async function getObject(
  cache: WatchCache,
  { type, namespace, name, subresource, resourceVersion }: ObjectRequest & { resourceVersion?: string },
): Promise<Encoded> {
  const part = subresourceOf(type, subresource);
  if (part === undefined) throw errors.methodNotAllowed(type, 'get');
  await awaitRevision(cache, parseResourceVersion(resourceVersion));
  const storage = storageOf(type);
  const stored = cache.collection(storage.prefix).get(objectKey(storage.prefix, namespace, name));
  if (stored === undefined) throw errors.notFound(type, name);
  await prepareServed(storage, [stored]);
  if (subresource === undefined) return servedForm(storage, stored);
  const encoded = servedForm(storage, stored);
  const view = part.view(encoded.object as UnstructuredObject);
  return view === encoded.object ? encoded : new ComputedObject(view);
}
