import type { ExecutionContext } from 'ava';
import {
  ApiError,
  findResource,
  type KubernetesObject,
  type ResourceType,
  type Status,
} from '../../../src/api/index.ts';
import {
  createRegistry,
  type EncodedEvent,
  type RegistryOptions,
  type RunningRegistry,
  type User,
  type WatchParameters,
} from '../../../src/apiserver/registry/index.ts';
import { seededRandom, silentLogger } from '../../../src/base/index.ts';
import { createMemoryStore, type LocalStore, type Store, type WatchHandle } from '../../../src/store/index.ts';
import { FakeClock } from '../../support/fake-clock.ts';

export const admin: User = { name: 'admin', groups: ['system:masters'] };

export function typeOf(resource: string, group = '', version = 'v1'): ResourceType {
  const type = findResource(group, version, resource);
  if (type === undefined) throw new Error(`no ${group}/${version} ${resource}`);
  return type;
}

export const configMaps = typeOf('configmaps');
export const pods = typeOf('pods');
export const namespaces = typeOf('namespaces');
export const services = typeOf('services');
export const deployments = typeOf('deployments', 'apps');
export const leases = typeOf('leases', 'coordination.k8s.io');

/** Where and as whom: the part of a request that is the same in most tests. */
export function at(type: ResourceType, namespace: string | undefined = type.namespaced ? 'default' : undefined) {
  return { type, namespace, user: admin, warnings: [] as string[] };
}

export interface Fixture {
  store: LocalStore;
  clock: FakeClock;
  registry: RunningRegistry;
}

/** A registry on a store of its own, with the namespace `default`; closed at the end of the test. */
export async function createFixture(t: ExecutionContext, options: Partial<RegistryOptions> = {}): Promise<Fixture> {
  const clock = new FakeClock();
  const store = createMemoryStore({ clock });
  const registry = registryOn(t, store, clock, options);
  t.teardown(() => store.close());
  await registry.create({ ...at(namespaces), object: namespace('default') });
  await registry.create({ ...at(typeOf('serviceaccounts')), object: object('v1', 'ServiceAccount', 'default') });
  return { store, clock, registry };
}

/** One more registry on a store, as another peer has it. */
export function registryOn(
  t: ExecutionContext,
  store: Store,
  clock: FakeClock,
  options: Partial<RegistryOptions> = {},
): RunningRegistry {
  const registry = createRegistry({ store, clock, random: seededRandom(1), logger: silentLogger, ...options });
  t.teardown(() => registry.close());
  return registry;
}

export function object(apiVersion: string, kind: string, name: string, rest: object = {}): KubernetesObject {
  return { apiVersion, kind, metadata: { name }, ...rest };
}

export const namespace = (name: string) => object('v1', 'Namespace', name);
export const configMap = (name: string, data: Record<string, string> = {}, labels: Record<string, string> = {}) => ({
  ...object('v1', 'ConfigMap', name),
  metadata: { name, labels },
  data,
});
export const pod = (name: string, spec: object = {}) =>
  object('v1', 'Pod', name, { spec: { containers: [{ name: 'main', image: 'host' }], ...spec } });
export const deployment = (name: string, replicas = 1) =>
  object('apps/v1', 'Deployment', name, {
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'main', image: 'host' }] },
      },
    },
  });
export const lease = (name: string, holderIdentity: string, leaseTransitions = 0) =>
  object('coordination.k8s.io/v1', 'Lease', name, { spec: { holderIdentity, leaseTransitions } });

/** Runs what must fail with an ApiError, and returns its Status. */
export async function refused(t: ExecutionContext, promise: Promise<unknown>, reason: string): Promise<Status> {
  const error = await t.throwsAsync(promise, { instanceOf: ApiError });
  t.is(error?.status.reason, reason, error?.message);
  return error!.status;
}

/** Anything of an object, without a type for each. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into objects of all kinds.
export const fields = (encoded: { object: KubernetesObject }): any => encoded.object;

/** The reader of a watch, which notes what it is told. */
export class Recorder implements Pick<WatchParameters, 'onEvent' | 'onEnd'> {
  readonly events: EncodedEvent[] = [];
  ended: { status: Status | undefined } | undefined;
  /** Events that it takes before it is too slow. */
  room = Number.POSITIVE_INFINITY;

  onEvent = (event: EncodedEvent): boolean => {
    if (this.events.length >= this.room) return false;
    this.events.push(event);
    return true;
  };

  onEnd = (status: Status | undefined): void => {
    this.ended = { status };
  };

  /** `ADDED a`, … */
  get told(): string[] {
    return this.events.map(({ type, encoded }) => `${type} ${encoded.object.metadata.name ?? ''}`.trim());
  }

  get lastVersion(): number {
    return Number(this.events.at(-1)?.encoded.object.metadata.resourceVersion ?? 0);
  }
}

/**
 * The store as a peer sees it that lags behind: it writes and compares like all others, but hears of changes only when
 * `catchUp` is called, or when it asks for the latest.
 */
export function laggingStore(store: Store): Store & { catchUp(): void } {
  const held: (() => void)[] = [];
  let delivered: number | undefined;
  const catchUp = (): void => {
    for (const deliver of held.splice(0)) deliver();
  };
  return {
    ...bound(store),
    catchUp,
    async readBarrier() {
      const { revision } = await store.status();
      catchUp();
      // What isn't watched is taken in silently.
      if (delivered !== undefined) delivered = Math.max(delivered, revision);
    },
    async range(request) {
      const result = await store.range(request);
      return request.serializable && delivered !== undefined ? { ...result, revision: delivered } : result;
    },
    watch(request): WatchHandle {
      delivered = (request.fromRevision ?? 1) - 1;
      const handle = store.watch({
        ...request,
        listener(batch) {
          held.push(() => {
            delivered = batch.revision;
            request.listener(batch);
          });
        },
      });
      return {
        cancel: () => handle.cancel(),
        get revision() {
          return delivered ?? 0;
        },
      };
    },
  };
}

/** All methods of a store, free of the object. */
export function bound(store: Store): Store {
  return {
    range: (request) => store.range(request),
    txn: (request) => store.txn(request),
    put: (key, value, options) => store.put(key, value, options),
    delete: (key, end) => store.delete(key, end),
    watch: (request) => store.watch(request),
    leaseGrant: (request) => store.leaseGrant(request),
    leaseRevoke: (id) => store.leaseRevoke(id),
    leaseKeepAlive: (id) => store.leaseKeepAlive(id),
    leaseTimeToLive: (id) => store.leaseTimeToLive(id),
    leases: () => store.leases(),
    compact: (revision) => store.compact(revision),
    status: () => store.status(),
    readBarrier: () => store.readBarrier(),
    close: () => store.close(),
  };
}
