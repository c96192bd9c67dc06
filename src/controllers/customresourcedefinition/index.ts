import { isDeepStrictEqual } from 'node:util';
import {
  type apiextensionsv1,
  CLEANUP_FINALIZER,
  customResourceTypes,
  formatTime,
  type ResourceReference,
  reasonOf,
  resources,
  withCondition,
} from '../../api/index.ts';
import { type Controller, createController, type Informer, type Reconciler, source } from '../../client/index.ts';
import type { ControllerContext } from '../context.ts';
import { statusOf } from './conditions.ts';

type Definition = apiextensionsv1.CustomResourceDefinition;

/** When to look again at objects that are still going. */
const RETRY_MS = 1_000;
/** When to look whether the informer has caught up with what was written. */
const CATCH_UP_MS = 5;

/**
 * Says of each CustomResourceDefinition whether its names are accepted and it is served (Established), and deletes its
 * objects before it goes. Kubernetes has several controllers for this in its API servers.
 */
export function customResourceDefinitionController(context: ControllerContext): Controller {
  const definitions = context.informers.informer<Definition>(resources.customResourceDefinitions, {
    indexes: { group: ({ spec }) => [spec.group] },
  });
  return createController({
    name: 'customresourcedefinition',
    clock: context.clock,
    logger: context.logger,
    metrics: context.metrics,
    reconciler: new DefinitionReconciler(context, definitions),
    // One after the other: two of them must not be given the same name.
    concurrency: 1,
    sources: [
      // Names that one gives up may be what another of the group waits for.
      source(definitions, ({ type, object }) =>
        type === 'added'
          ? [object.metadata.name!]
          : definitions.byIndex('group', object.spec.group).map(({ metadata }) => metadata.name!),
      ),
    ],
  });
}

class DefinitionReconciler implements Reconciler {
  readonly #context: ControllerContext;
  readonly #definitions: Informer<Definition>;
  /** The resourceVersion of what was written last. */
  #written: string | undefined;

  constructor(context: ControllerContext, definitions: Informer<Definition>) {
    this.#context = context;
    this.#definitions = definitions;
  }

  async reconcile(name: string, signal: AbortSignal): Promise<{ requeueAfterMs: number } | undefined> {
    const definition = this.#definitions.get(undefined, name);
    if (definition === undefined) return undefined;
    if (definition.metadata.deletionTimestamp !== undefined) return this.#finalize(definition, signal);
    // The names given last must be known here before more are given.
    if (this.#written !== undefined && !this.#definitions.hasSeen(this.#written)) {
      return { requeueAfterMs: CATCH_UP_MS };
    }
    const others = this.#definitions
      .byIndex('group', definition.spec.group)
      .filter(({ metadata }) => metadata.name !== name);
    const status = statusOf(definition, others, formatTime(this.#context.clock.now()));
    if (!isDeepStrictEqual(status, definition.status)) await this.#write({ ...definition, status }, signal);
    return undefined;
  }

  /** Deletes the objects; when none is left, lets the definition go. */
  async #finalize(definition: Definition, signal: AbortSignal): Promise<{ requeueAfterMs: number } | undefined> {
    const { finalizers = [] } = definition.metadata;
    if (!finalizers.includes(CLEANUP_FINALIZER)) return undefined;
    const [type] = customResourceTypes(definition);
    // What never was established has no objects.
    if (type !== undefined && (await this.#deleteAll(type, signal)) > 0) {
      await this.#tell(definition, 'InstanceDeletionInProgress', 'CustomResource deletion is in progress', signal);
      return { requeueAfterMs: RETRY_MS };
    }
    const latest = await this.#latest(definition, signal);
    if (latest === undefined) return undefined;
    const told = await this.#tell(latest, 'InstanceDeletionCompleted', 'removed all instances', signal, 'False');
    const kept = finalizers.filter((finalizer) => finalizer !== CLEANUP_FINALIZER);
    await this.#context.client.update(
      resources.customResourceDefinitions,
      { ...told, metadata: { ...told.metadata, finalizers: kept } },
      { signal },
    );
    return undefined;
  }

  /** How many are left, in this version or another: they are the same objects. */
  async #deleteAll(type: ResourceReference, signal: AbortSignal): Promise<number> {
    const { client } = this.#context;
    const { items } = await client.list(type, undefined, { signal });
    for (const { metadata } of items) {
      if (metadata.deletionTimestamp !== undefined) continue;
      await client.delete(type, metadata.namespace, metadata.name!, { signal }).catch((error: unknown) => {
        if (reasonOf(error) !== 'NotFound') throw error;
      });
    }
    return items.length === 0 ? 0 : (await client.list(type, undefined, { signal })).items.length;
  }

  async #tell(
    definition: Definition,
    reason: string,
    message: string,
    signal: AbortSignal,
    value: 'True' | 'False' = 'True',
  ): Promise<Definition> {
    const condition = { type: 'Terminating', status: value, reason, message };
    const lastTransitionTime = formatTime(this.#context.clock.now());
    const status = withCondition(definition.status, { ...condition, lastTransitionTime });
    return isDeepStrictEqual(status, definition.status) ? definition : this.#write({ ...definition, status }, signal);
  }

  async #latest(definition: Definition, signal: AbortSignal): Promise<Definition | undefined> {
    const { name, uid } = definition.metadata;
    try {
      const found = await this.#context.client.get<Definition>(resources.customResourceDefinitions, undefined, name!, {
        signal,
      });
      return found.metadata.uid === uid ? found : undefined;
    } catch (error) {
      if (reasonOf(error) === 'NotFound') return undefined;
      throw error;
    }
  }

  async #write(definition: Definition, signal: AbortSignal): Promise<Definition> {
    const options = { subresource: 'status', signal };
    const written = await this.#context.client.update(resources.customResourceDefinitions, definition, options);
    this.#written = written.metadata.resourceVersion;
    return written;
  }
}
