import { errors, type KubernetesObject } from '../../../api/index.ts';
import { deleteObject } from '../delete.ts';
import { ComputedObject } from '../encoded.ts';
import { storageOf } from '../storage.ts';
import type { DeleteParameters, Encoded, Registry } from '../types.ts';
import { check, confirmSubresource, scopeOf, type WriteContext } from '../write-stages.ts';

/** POST of an Eviction: deletes a pod as its deleteOptions say. Answers with a Status. */
export async function evictPod(
  context: WriteContext,
  request: Parameters<Registry['create']>[0] & { name: string },
): Promise<Encoded> {
  const { type, name, object, subresource: _, ...rest } = request;
  const scope = scopeOf(request, storageOf(type));
  const eviction = check(object, scope);
  const given = eviction.metadata?.name;
  if (given && given !== name) {
    throw errors.badRequest(`name in URL does not match name in Eviction object: ${name} != ${given}`);
  }
  const options = (eviction['deleteOptions'] ?? {}) as DeleteParameters & { dryRun?: unknown };
  const dryRun = request.dryRun === true || (Array.isArray(options.dryRun) && options.dryRun.includes('All'));
  await confirmSubresource(context, { ...scope, request: { ...request, dryRun } }, name, eviction);
  const { gracePeriodSeconds, propagationPolicy, preconditions } = options;
  await deleteObject(context, { ...rest, type, name, gracePeriodSeconds, propagationPolicy, preconditions, dryRun });
  return new ComputedObject({ ...errors.successStatus(), code: 201 } as unknown as KubernetesObject);
}
