import {
  addUsage,
  canonicalQuantity,
  countsFor,
  findResource,
  formatQuantity,
  inScopes,
  type KubernetesObject,
  parseQuantity,
  type Quantities,
  quotaUsage,
  type ResourceType,
  reasonOf,
  type UnstructuredObject,
  type v1,
  volumeAttributesClassesOf,
} from '../api/index.ts';
import { type Change, type Controller, createController, keyOf, source, splitKey } from '../client/index.ts';
import type { ControllerContext } from './context.ts';
import { followScheme } from './scheme.ts';
import { servedKindsSource, storedKinds } from './served-kinds.ts';

const RESYNC_MS = 5 * 60_000;
const zero = parseQuantity('0');
const resourceQuotas = findResource('', 'v1', 'resourcequotas')!;

/**
 * Counts what ResourceQuotas limit. Admission adds to a quota's status in the same transaction as the object that counts for it;
 * this takes away what is gone, and counts all when a quota is new or changed.
 */
export function resourceQuotaController(context: ControllerContext): Controller {
  const { client, informers } = context;
  const quotas = informers.informer<v1.ResourceQuota>(resourceQuotas);
  const followed = followScheme(context);
  const quotasOf = ({ metadata }: KubernetesObject, type: ResourceType): string[] =>
    quotas
      .list(metadata.namespace)
      .filter((quota) => Object.keys(quota.spec?.hard ?? {}).some((name) => countsFor(type, name)))
      .map(keyOf);
  const releases = servedKindsSource(informers, followed, (type, enqueue) => {
    if (!type.namespaced) return () => {};
    const changes = source(informers.informer(type), (change) =>
      mayRelease(change) ? quotasOf(change.object, type) : [],
    );
    return changes(enqueue);
  });

  /** What counts for the quota now, for each name that it limits. */
  async function count(quota: v1.ResourceQuota, hard: readonly string[], signal: AbortSignal): Promise<Quantities> {
    const total: Quantities = new Map(hard.map((name) => [name, zero]));
    const kinds = storedKinds(followed.scheme).filter(({ namespaced }) => namespaced);
    for (const type of kinds.filter((kind) => hard.some((name) => countsFor(kind, name)))) {
      const { items } = await client.list<UnstructuredObject>(type, quota.metadata.namespace, { signal });
      for (const object of items) {
        if (!inScopes(quota, type, object)) continue;
        addUsage(total, new Map([...quotaUsage(type, object)].filter(([name]) => total.has(name))));
      }
    }
    return total;
  }

  return createController({
    name: 'resourcequota',
    clock: context.clock,
    logger: context.logger,
    metrics: context.metrics,
    sources: [source(quotas, (change) => (changesLimits(change) ? [keyOf(change.object)] : [])), releases],
    reconciler: {
      async reconcile(key, signal) {
        const { namespace, name } = splitKey(key);
        if (quotas.get(namespace, name) === undefined) return undefined;
        // Read before what it counts: who adds to it meanwhile changes it, and the write below fails.
        const quota = await client
          .get<v1.ResourceQuota>(resourceQuotas, namespace, name, { signal })
          .catch((error: unknown) => {
            if (reasonOf(error) === 'NotFound') return undefined;
            throw error;
          });
        if (quota === undefined) return undefined;
        const hard = quota.spec?.hard ?? {};
        const counted = await count(quota, Object.keys(hard), signal);
        const used = Object.fromEntries([...counted].map(([resource, amount]) => [resource, formatQuantity(amount)]));
        if (!sameAmounts(quota.status?.hard, hard) || !sameAmounts(quota.status?.used, used)) {
          const next = { ...quota, status: { hard, used } };
          await client.update(resourceQuotas, next, { subresource: 'status', signal });
        }
        return { requeueAfterMs: RESYNC_MS };
      },
    },
  });
}

/** The controller's own writes, and admission's, are none. */
function changesLimits(change: Change<v1.ResourceQuota>): boolean {
  if (change.type !== 'updated') return change.type === 'added';
  return JSON.stringify(change.object.spec) !== JSON.stringify(change.old.spec);
}

/** Pods stop counting when they end; services and claims may count for less after a change. */
function mayRelease(change: Change<KubernetesObject>): boolean {
  if (change.type !== 'updated') return change.type === 'deleted';
  if (change.object.kind === 'Pod') {
    const phaseOf = (pod: KubernetesObject): string | undefined => (pod as v1.Pod).status?.phase;
    return phaseOf(change.object) !== phaseOf(change.old) && /^(Succeeded|Failed)$/.test(phaseOf(change.object) ?? '');
  }
  if (change.object.kind !== 'Service' && change.object.kind !== 'PersistentVolumeClaim') return false;
  const limited = ({ kind, ...object }: KubernetesObject): unknown => [
    (object as { spec?: unknown }).spec,
    kind === 'PersistentVolumeClaim' && volumeAttributesClassesOf(object as v1.PersistentVolumeClaim),
  ];
  return JSON.stringify(limited(change.object)) !== JSON.stringify(limited(change.old));
}

function sameAmounts(a: Readonly<Record<string, string>> = {}, b: Readonly<Record<string, string>> = {}): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => b[name] !== undefined && canonicalQuantity(a[name]!) === canonicalQuantity(b[name]))
  );
}
