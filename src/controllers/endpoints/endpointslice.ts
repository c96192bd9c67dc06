import { type discoveryv1, findResource, reasonOf, resources, type v1 } from '../../api/index.ts';
import {
  type Controller,
  createController,
  type Informer,
  type Key,
  keyFor,
  type ReconcileResult,
  type Reconciler,
  source,
  splitKey,
} from '../../client/index.ts';
import { type ControllerContext, uidOf } from '../context.ts';
import { controllerReference } from '../owners.ts';
import { PendingWrites } from '../pending-writes.ts';
import { isReady } from '../pods.ts';
import { planSlices } from './slices.ts';
import { hasSelector, hostnameOf, serviceKeys, targetGroups, targetReference } from './targets.ts';

type Slice = discoveryv1.EndpointSlice;

const SERVICE_NAME = 'kubernetes.io/service-name';
const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
const MANAGER = 'endpointslice-controller.k8s.io';
const HEADLESS = 'service.kubernetes.io/headless';
const UNSEEN_MS = 5_000;

export const endpointSlices = findResource('discovery.k8s.io', 'v1', 'endpointslices')!;

/** Keeps EndpointSlices with the addresses of the pods behind each Service. */
export function endpointSliceController(context: ControllerContext): Controller {
  const { informers } = context;
  const services = informers.informer<v1.Service>(resources.services);
  const pods = informers.informer<v1.Pod>(resources.pods);
  const slices = informers.informer<Slice>(endpointSlices, { indexes: { service: (slice) => managedFor(slice) } });
  return createController({
    name: 'endpointslice',
    reconciler: new EndpointSliceReconciler(context, services, pods, slices),
    clock: context.clock,
    logger: context.logger,
    metrics: context.metrics,
    sources: [
      source(services),
      source(pods, serviceKeys(services)),
      source(slices, ({ object }) => managedFor(object)),
    ],
  });
}

/** The key of the Service whose slice it is, if it is one of ours. */
function managedFor({ metadata: { labels, namespace } }: Slice): Key[] {
  const service = labels?.[SERVICE_NAME];
  return service !== undefined && labels?.[MANAGED_BY] === MANAGER ? [keyFor(namespace, service)] : [];
}

class EndpointSliceReconciler implements Reconciler {
  readonly #context: ControllerContext;
  readonly #services: Informer<v1.Service>;
  readonly #pods: Informer<v1.Pod>;
  readonly #slices: Informer<Slice>;
  readonly #pending: PendingWrites<Slice>;

  constructor(
    context: ControllerContext,
    services: Informer<v1.Service>,
    pods: Informer<v1.Pod>,
    slices: Informer<Slice>,
  ) {
    this.#context = context;
    this.#services = services;
    this.#pods = pods;
    this.#slices = slices;
    this.#pending = new PendingWrites(slices);
  }

  async reconcile(key: Key, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const { namespace, name } = splitKey(key);
    const service = this.#services.get(namespace, name);
    if (service === undefined || service.metadata.deletionTimestamp !== undefined || !hasSelector(service)) {
      // Slices of a Service that is gone go with it, by their owner reference.
      this.#pending.forget(key);
      return undefined;
    }
    if (!this.#pending.settled(key)) return { requeueAfterMs: UNSEEN_MS };
    const groups = targetGroups(service, this.#pods.list(namespace)).map(({ ports, pods }) => ({
      ports,
      endpoints: pods.map((pod) => endpointOf(service, pod)),
    }));
    const labels = labelsOf(service);
    const existing = this.#slices.byIndex('service', key);
    const plan = planSlices(existing, groups);
    const relabelled = existing.filter(
      (slice) =>
        !plan.delete.includes(slice) &&
        !plan.update.some((each) => uidOf(each) === uidOf(slice)) &&
        !hasLabels(slice, labels),
    );
    await this.#write(key, service, labels, { ...plan, update: [...plan.update, ...relabelled] }, signal);
    return undefined;
  }

  async #write(
    key: Key,
    service: v1.Service,
    labels: Record<string, string>,
    plan: ReturnType<typeof planSlices>,
    signal: AbortSignal,
  ): Promise<void> {
    const { client } = this.#context;
    const { namespace, name } = service.metadata;
    for (const slice of plan.update) {
      await client.update(endpointSlices, { ...slice, metadata: { ...slice.metadata, labels } }, { signal });
    }
    for (const content of plan.create) {
      const metadata = {
        generateName: `${name}-`,
        namespace: namespace!,
        labels,
        ownerReferences: [controllerReference(resources.services, service)],
      };
      const slice: Slice = {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata,
        addressType: 'IPv4',
        ...content,
      };
      this.#pending.created(key, await client.create(endpointSlices, slice, { signal }));
    }
    for (const slice of plan.delete) {
      const preconditions = { uid: uidOf(slice) };
      try {
        await client.delete(endpointSlices, namespace, slice.metadata.name!, { preconditions, signal });
        this.#pending.deleted(key, slice);
      } catch (error) {
        if (reasonOf(error) !== 'NotFound') throw error;
      }
    }
  }
}

function endpointOf(service: v1.Service, pod: v1.Pod): discoveryv1.Endpoint {
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const serving = isReady(pod);
  const ready = service.spec!.publishNotReadyAddresses ? true : serving && !terminating;
  return {
    addresses: [pod.status!.podIP!],
    conditions: { ready, serving, terminating },
    ...hostnameOf(service, pod),
    targetRef: targetReference(pod),
    ...(pod.spec?.nodeName ? { nodeName: pod.spec.nodeName } : {}),
  };
}

function labelsOf({ metadata, spec }: v1.Service): Record<string, string> {
  return {
    ...metadata.labels,
    ...(spec!.clusterIP === 'None' ? { [HEADLESS]: '' } : {}),
    [SERVICE_NAME]: metadata.name!,
    [MANAGED_BY]: MANAGER,
  };
}

function hasLabels({ metadata }: Slice, labels: Record<string, string>): boolean {
  const names = Object.keys(labels);
  return (
    names.length === Object.keys(metadata.labels ?? {}).length &&
    names.every((name) => metadata.labels?.[name] === labels[name])
  );
}
