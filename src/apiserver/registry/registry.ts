import { errors, findResource } from '../../api/index.ts';
import type { Clock, Logger, Random } from '../../base/index.ts';
import type { Store } from '../../store/index.ts';
import {
  createAdmission,
  defaultAdmissionPlugins,
  type WebhookTransport,
  webhookTransport,
} from '../admission/index.ts';
import type { AdmissionPlugin } from '../admission/types.ts';
import type { ServiceAccountTokens } from '../authentication/service-account/index.ts';
import { Allocator, ipRange, portRange } from './allocators.ts';
import { converterOf } from './conversion-webhook.ts';
import { createObject } from './create.ts';
import { followDefinitions } from './custom-kinds.ts';
import { deleteObject } from './delete.ts';
import { deleteCollection } from './delete-collection.ts';
import { EventLeases } from './event-leases.ts';
import { getObject } from './get.ts';
import { listObjects } from './list.ts';
import { withApiErrors } from './store-errors.ts';
import { bindPod } from './subresources/binding.ts';
import { evictPod } from './subresources/eviction.ts';
import { requestToken } from './subresources/token.ts';
import type { Encoded, GroupResource, Registry, StateReader } from './types.ts';
import { patchObject, updateObject } from './update.ts';
import { startWatch } from './watch.ts';
import { WatchCache } from './watch-cache.ts';
import { confirmConnection, type WriteContext } from './write-stages.ts';

export interface RegistryOptions {
  store: Store;
  clock: Clock;
  random: Random;
  logger: Logger;
  /** IPv4 range of Services' cluster addresses. Default: 10.96.0.0/12. */
  serviceRange?: string;
  /** Default: 30000-32767. */
  nodePortRange?: string;
  /** In order; default: those of admission/index.ts. */
  admission?: (state: StateReader) => readonly AdmissionPlugin[];
  /** Makes the tokens of service accounts; absent: none are to be had. */
  tokens?: ServiceAccountTokens | undefined;
  /** Reaches webhooks that convert custom resources. Default: over HTTPS. */
  conversions?: (state: StateReader) => WebhookTransport;
  /** Bytes of decoded objects and finished JSON that are kept for the next reader. Default: 8 MiB. */
  derivedBytes?: number;
}

export interface RunningRegistry extends Registry {
  /** Quick looks at what this peer has. */
  readonly state: StateReader;
  /** Resolves when the objects are loaded from the store. */
  ready(): Promise<void>;
  /** The store's revision up to which everything is seen here. */
  readonly revision: number;
  /** How many objects of a resource there are. */
  count(resource: GroupResource): number;
  /** Ends all watches. */
  close(): void;
}

/** Makes the registry on a store; one per process, as its watch cache holds all objects. */
export function createRegistry(options: RegistryOptions): RunningRegistry {
  const { store, clock, random, logger } = options;
  const cache = new WatchCache({ store, clock, logger, derivedBytes: options.derivedBytes });
  const conversions = options.conversions?.(cache) ?? webhookTransport(cache, random);
  followDefinitions(cache, (definition) => converterOf(definition, conversions, random), logger);
  const plugins = options.admission ?? ((state) => defaultAdmissionPlugins(state, { random, logger }));
  const admission = createAdmission(plugins(cache));
  const context: WriteContext = {
    cache,
    store,
    clock,
    random,
    state: cache,
    admission,
    eventLeases: new EventLeases(store, clock),
    allocators: {
      clusterIps: new Allocator(ipRange(options.serviceRange ?? '10.96.0.0/12'), random),
      nodePorts: new Allocator(portRange(options.nodePortRange ?? '30000-32767'), random),
    },
  };
  return {
    scheme: cache.scheme,
    state: cache,
    ready: () => cache.ready(),
    get revision() {
      return cache.revision;
    },
    count: (resource) => cache.count(resource),
    close() {
      admission.close();
      conversions.close();
      cache.close();
    },
    get: (request) => withApiErrors(() => getObject(cache, request)),
    list: (request) => withApiErrors(() => listObjects(context, request)),
    create: (request) => withApiErrors(() => create(context, request, options.tokens)),
    update: (request) => withApiErrors(() => updateObject(context, request)),
    patch: (request) => withApiErrors(() => patchObject(context, request)),
    delete: (request) => withApiErrors(() => deleteObject(context, request)),
    deleteCollection: (request) => withApiErrors(() => deleteCollection(context, request)),
    connect: (request) => withApiErrors(() => confirmConnection(context, request)),
    watch: (request) => withApiErrors(() => startWatch(context, request)),
  };
}

type CreateRequest = Parameters<Registry['create']>[0];
type SubresourceCreate = (context: WriteContext, request: CreateRequest & { name: string }) => Promise<Encoded>;

/** What is created under a pod that is there. */
const subresourceCreates: ReadonlyMap<string, SubresourceCreate> = new Map([
  ['pods/binding', bindPod],
  ['pods/eviction', evictPod],
]);

function create(
  context: WriteContext,
  request: CreateRequest,
  tokens: ServiceAccountTokens | undefined,
): Promise<Encoded> {
  const { type, subresource, name } = request;
  if (subresource === undefined) {
    if (type.group === '' && type.resource === 'bindings') return bindByCollection(context, request);
    // What can't be read isn't kept: reviews and the like are answered elsewhere.
    if (!type.verbs.includes('get')) throw errors.methodNotAllowed(type, 'create');
    return createObject(context, request);
  }
  if (type.resource === 'serviceaccounts' && subresource === 'token' && name !== undefined && tokens !== undefined) {
    return requestToken(context, { ...request, name }, tokens);
  }
  const special = subresourceCreates.get(`${type.resource}/${subresource}`);
  if (special === undefined || name === undefined) throw errors.methodNotAllowed(type, 'create');
  return special(context, { ...request, name });
}

/** The old way to bind: POST to a namespace's `bindings`, the pod's name is the Binding's. */
function bindByCollection(context: WriteContext, request: CreateRequest): Promise<Encoded> {
  const { name = '' } = request.object.metadata;
  return bindPod(context, { ...request, type: findResource('', 'v1', 'pods')!, subresource: 'binding', name });
}
