import {
  findResource,
  type KubernetesObject,
  type ResourceReference,
  reasonOf,
  resources,
  type v1,
} from '../api/index.ts';
import { type Controller, createController, keyFor, source, splitKey } from '../client/index.ts';
import type { ControllerContext } from './context.ts';

const CLAIM_FINALIZER = 'kubernetes.io/pvc-protection';
const VOLUME_FINALIZER = 'kubernetes.io/pv-protection';
const claimType = findResource('', 'v1', 'persistentvolumeclaims')!;
const volumeType = findResource('', 'v1', 'persistentvolumes')!;

/** Lets a claim go when no pod uses it any more. */
export function claimProtectionController(context: ControllerContext): Controller {
  const { client, informers } = context;
  const claims = informers.informer<v1.PersistentVolumeClaim>(claimType);
  const pods = informers.informer<v1.Pod>(resources.pods);
  return createController({
    name: 'persistentvolumeclaim-protection',
    clock: context.clock,
    logger: context.logger,
    metrics: context.metrics,
    sources: [
      source(claims),
      source(pods, ({ type, object }) => (type === 'deleted' || hasEnded(object) ? claimsOf(object) : [])),
    ],
    reconciler: {
      async reconcile(key, signal) {
        const { namespace, name } = splitKey(key);
        const claim = claims.get(namespace, name);
        if (!isHeld(claim, CLAIM_FINALIZER)) return undefined;
        const uses = (pod: v1.Pod): boolean => !hasEnded(pod) && claimsOf(pod).includes(key);
        if (pods.list(namespace).some(uses)) return undefined;
        // The cache may lag behind a pod that came just now: what counts is what is there.
        const { items } = await client.list<v1.Pod>(resources.pods, namespace, { signal });
        if (!items.some(uses)) await release(context, claimType, claim, CLAIM_FINALIZER, signal);
        return undefined;
      },
    },
  });
}

/** Lets a volume go when no claim is bound to it any more. */
export function volumeProtectionController(context: ControllerContext): Controller {
  const volumes = context.informers.informer<v1.PersistentVolume>(volumeType);
  return createController({
    name: 'persistentvolume-protection',
    clock: context.clock,
    logger: context.logger,
    metrics: context.metrics,
    sources: [source(volumes)],
    reconciler: {
      async reconcile(key, signal) {
        const volume = volumes.get(undefined, key);
        if (!isHeld(volume, VOLUME_FINALIZER) || volume.status?.phase === 'Bound') return undefined;
        await release(context, volumeType, volume, VOLUME_FINALIZER, signal);
        return undefined;
      },
    },
  });
}

function isHeld<T extends KubernetesObject>(object: T | undefined, finalizer: string): object is T {
  const { deletionTimestamp, finalizers } = object?.metadata ?? {};
  return deletionTimestamp !== undefined && (finalizers?.includes(finalizer) ?? false);
}

async function release(
  { client }: ControllerContext,
  type: ResourceReference,
  object: KubernetesObject,
  finalizer: string,
  signal: AbortSignal,
): Promise<void> {
  const finalizers = object.metadata.finalizers?.filter((other) => other !== finalizer);
  const changed = { ...object, metadata: { ...object.metadata, finalizers } };
  await client.update(type, changed, { signal }).catch((error: unknown) => {
    if (reasonOf(error) !== 'NotFound') throw error;
  });
}

function hasEnded({ status }: v1.Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/** Keys of the claims that a pod mounts, those of its own ephemeral volumes included. */
function claimsOf({ metadata, spec }: v1.Pod): string[] {
  return (spec?.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim !== undefined) return [keyFor(metadata.namespace, persistentVolumeClaim.claimName)];
    return ephemeral === undefined ? [] : [keyFor(metadata.namespace, `${metadata.name}-${name}`)];
  });
}
