import { reasonOf } from '../../api/index.ts';
import { deleteObject } from './delete.ts';
import { listObjects } from './list.ts';
import type { ListResult, Registry } from './types.ts';
import type { WriteContext } from './write-stages.ts';

/** Deletes under way at a time. */
const CONCURRENCY = 16;

/** Deletes what a list shows, one by one; answers with that list. */
export async function deleteCollection(
  context: WriteContext,
  request: Parameters<Registry['deleteCollection']>[0],
): Promise<ListResult> {
  const listed = await listObjects(context, request);
  const remaining = listed.items.values();
  const work = async (): Promise<void> => {
    for (const { object } of remaining) {
      const { name = '', namespace } = object.metadata;
      try {
        await deleteObject(context, { ...request, namespace, name });
      } catch (error) {
        // Somebody else was faster.
        if (reasonOf(error) !== 'NotFound') throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return listed;
}
