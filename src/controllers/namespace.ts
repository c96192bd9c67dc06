import { isDeepStrictEqual } from 'node:util';
import type { ResourceReference } from '../api/index.ts';
import { formatTime, type KubernetesObject, qualifiedResource, reasonOf, resources, type v1 } from '../api/index.ts';
import { type Controller, createController, type Key, source } from '../client/index.ts';
import { type ControllerContext, uidOf } from './context.ts';
import { followScheme } from './scheme.ts';
import { storedKinds } from './served-kinds.ts';

/** When to look again at a namespace in which something is still going. */
const RETRY_MS = 2_000;

/** What is left in a namespace that is being emptied. */
interface Remaining {
  /** Objects by `resources.group`. */
  objects: Map<string, number>;
  /** Objects by finalizer. */
  finalizers: Map<string, number>;
}

/** Empties namespaces that are being deleted, and lets them go then. */
export function namespaceController(context: ControllerContext): Controller {
  const { informers } = context;
  const namespaces = informers.informer<v1.Namespace>(resources.namespaces);
  const pods = informers.informer<v1.Pod>(resources.pods);
  const { scheme } = followScheme(context);
  // Events go last: deleting the others may make some.
  const kinds = (): ResourceReference[] => [
    ...storedKinds(scheme).filter(({ namespaced }) => namespaced),
    resources.events,
  ];
  return createController({
    name: 'namespace',
    clock: context.clock,
    logger: context.logger,
    metrics: context.metrics,
    sources: [
      // What is written about the progress is no reason to look again at once.
      source(namespaces, (change) =>
        change.type === 'updated' && change.old.metadata.deletionTimestamp !== undefined
          ? []
          : [change.object.metadata.name!],
      ),
      // Pods take their time to go; the last one should not be waited for longer than that.
      source(pods, ({ type, object: { metadata } }) =>
        type === 'deleted' && namespaces.get(undefined, metadata.namespace!)?.metadata.deletionTimestamp !== undefined
          ? [metadata.namespace!]
          : [],
      ),
    ],
    reconciler: {
      async reconcile(key: Key, signal) {
        const namespace = namespaces.get(undefined, key);
        if (namespace?.metadata.deletionTimestamp === undefined) return undefined;
        if (!namespace.spec?.finalizers?.includes('kubernetes')) return undefined;
        const remaining = await empty(context, key, kinds(), signal);
        if (remaining.objects.size === 0) {
          await finalize(context, namespace, signal);
          return undefined;
        }
        await writeConditions(context, namespace, remaining, signal);
        return { requeueAfterMs: RETRY_MS };
      },
    },
  });
}

/** Deletes everything in it: the pods first, so that they find what they use until they have ended. */
async function empty(
  { client }: ControllerContext,
  namespace: string,
  kinds: readonly ResourceReference[],
  signal: AbortSignal,
): Promise<Remaining> {
  const remaining: Remaining = { objects: new Map(), finalizers: new Map() };
  const drain = async (kind: ResourceReference): Promise<void> => {
    const found = await client.list(kind, namespace, { signal });
    if (found.items.length === 0) return;
    for (const object of found.items) await remove(kind, object);
    // What is left now is waited for.
    const { items } = await client.list(kind, namespace, { signal });
    if (items.length > 0) remaining.objects.set(qualifiedResource(kind), items.length);
    for (const name of items.flatMap(({ metadata }) => metadata.finalizers ?? [])) {
      remaining.finalizers.set(name, (remaining.finalizers.get(name) ?? 0) + 1);
    }
  };
  const remove = async (kind: ResourceReference, { metadata }: KubernetesObject): Promise<void> => {
    if (metadata.deletionTimestamp !== undefined) return;
    const options = { propagationPolicy: 'Background', signal } as const;
    await client.delete(kind, namespace, metadata.name!, options).catch((error: unknown) => {
      if (reasonOf(error) !== 'NotFound') throw error;
    });
  };
  await drain(resources.pods);
  if (remaining.objects.size > 0) return remaining;
  for (const kind of kinds) await drain(kind);
  return remaining;
}

async function finalize({ client }: ControllerContext, namespace: v1.Namespace, signal: AbortSignal): Promise<void> {
  const { metadata, spec } = namespace;
  const finalizers = spec?.finalizers?.filter((name) => name !== 'kubernetes') ?? [];
  const fresh = await client.get<v1.Namespace>(resources.namespaces, undefined, metadata.name!, { signal });
  if (uidOf(fresh) !== uidOf(namespace)) return;
  const options = { subresource: 'finalize', signal };
  await client
    .update(resources.namespaces, { ...fresh, spec: { ...fresh.spec, finalizers } }, options)
    .catch((error) => {
      if (reasonOf(error) !== 'NotFound') throw error;
    });
}

async function writeConditions(
  { client, clock }: ControllerContext,
  namespace: v1.Namespace,
  { objects, finalizers }: Remaining,
  signal: AbortSignal,
): Promise<void> {
  const content = [...objects].map(([name, count]) => `${name} has ${count} resource instances`).sort();
  const holding = [...finalizers].map(([name, count]) => `${name} in ${count} resource instances`).sort();
  const condition = (
    type: string,
    status: 'True' | 'False',
    reason: string,
    message: string,
  ): v1.NamespaceCondition => {
    const known = namespace.status?.conditions?.find((candidate) => candidate.type === type);
    const same = known?.status === status ? known.lastTransitionTime : undefined;
    return { type, status, lastTransitionTime: same ?? formatTime(clock.now()), reason, message };
  };
  const conditions = [
    condition(
      'NamespaceDeletionDiscoveryFailure',
      'False',
      'ResourcesDiscovered',
      'All resources successfully discovered',
    ),
    condition(
      'NamespaceDeletionGroupVersionParsingFailure',
      'False',
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ),
    condition(
      'NamespaceDeletionContentFailure',
      'False',
      'ContentDeleted',
      'All content successfully deleted, may be waiting on finalization',
    ),
    condition(
      'NamespaceContentRemaining',
      'True',
      'SomeResourcesRemain',
      `Some resources are remaining: ${content.join(', ')}`,
    ),
    holding.length > 0
      ? condition(
          'NamespaceFinalizersRemaining',
          'True',
          'SomeFinalizersRemain',
          `Some content in the namespace has finalizers remaining: ${holding.join(', ')}`,
        )
      : condition(
          'NamespaceFinalizersRemaining',
          'False',
          'ContentHasNoFinalizers',
          'All content-preserving finalizers finished',
        ),
  ];
  if (isDeepStrictEqual(namespace.status?.conditions, conditions)) return;
  const status: v1.NamespaceStatus = { ...namespace.status, conditions };
  const options = { subresource: 'status', signal };
  await client.update(resources.namespaces, { ...namespace, status }, options).catch((error: unknown) => {
    // Someone else changed it: this is only for people, and comes again.
    if (reasonOf(error) !== 'Conflict' && reasonOf(error) !== 'NotFound') throw error;
  });
}
