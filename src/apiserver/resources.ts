import { apiVersionOf, booleanParameter, errors, type KubernetesObject, type ResourceType } from '../api/index.ts';
import { deprecationOf } from './deprecations.ts';
import type { Exchange } from './exchange.ts';
import { readBody } from './http/body.ts';
import { decodePatch, parseObject } from './http/decode.ts';
import { sendEncoded, sendList, shapeOf } from './http/objects.ts';
import { deleteParameters, listParameters, writeParameters } from './http/parameters.ts';
import { sendStatus } from './http/respond.ts';
import type { RunningRegistry } from './registry/index.ts';
import type { CollectionRequest, ObjectRequest } from './registry/types.ts';
import type { RequestInfo } from './request-info.ts';
import type { Route } from './server.ts';
import { serveWatch } from './watch.ts';

/** Subresources that are not objects in the registry: pods/log, … */
export type SubresourceRoutes = Readonly<Record<string, (exchange: Exchange, request: ObjectRequest) => Promise<void>>>;

export interface ResourceRouteOptions {
  registry: RunningRegistry;
  /** By `resource/subresource`, for example `pods/log`. */
  subresources: SubresourceRoutes;
  now: () => number;
}

/** Everything under /api/VERSION/… and /apis/GROUP/VERSION/…: from an HTTP request to a call of the registry and back. */
export function resourceRoute(options: ResourceRouteOptions): Route {
  return async (exchange) => {
    const { info } = exchange;
    if (!info.isResource) return false;
    const type = await servedType(options.registry, info);
    if (type === undefined) return false;
    if (type.custom?.deprecation !== undefined) exchange.warnings.push(type.custom.deprecation);
    const request = requestOf(exchange, type);
    if (info.subresource !== '') {
      const custom = options.subresources[`${info.resource}/${info.subresource}`];
      if (custom !== undefined) {
        await custom(exchange, request);
        return true;
      }
      if (!type.subresources.some(({ name }) => name === info.subresource)) return false;
    }
    checkVerb(exchange, type);
    const deprecation = deprecationOf(type);
    if (deprecation !== undefined) {
      exchange.warnings.push(deprecation);
      exchange.auditAnnotations['k8s.io/deprecated'] = 'true';
    }
    await verbs[info.verb]?.(exchange, request, options);
    return true;
  };
}

/** What isn't served here may have been defined a moment ago through another peer. */
async function servedType(
  { scheme, state }: RunningRegistry,
  { group, version, resource }: RequestInfo,
): Promise<ResourceType | undefined> {
  const type = scheme.findResource(group, version, resource);
  if (type !== undefined || !group.includes('.')) return type;
  await state.fresh();
  return scheme.findResource(group, version, resource);
}

export function requestOf(exchange: Exchange, type: ResourceType): ObjectRequest {
  const { info, user, warnings, auditAnnotations } = exchange;
  const namespace = type.namespaced ? info.namespace : undefined;
  const request: ObjectRequest = { type, namespace, name: info.name, user, warnings, auditAnnotations };
  // A read is done before anybody would look.
  if (info.verb !== 'get') request.signal = exchange.signal;
  if (info.subresource !== '') request.subresource = info.subresource;
  return request;
}

function checkVerb({ info }: Exchange, type: ResourceType): void {
  const allowed =
    info.subresource === ''
      ? type.verbs
      : (type.subresources.find(({ name }) => name === info.subresource)?.verbs ?? []);
  const named = info.name !== '';
  if (type.custom?.terminating && info.verb === 'create') throw errors.definitionTerminating(type);
  const fits = info.verb === 'create' ? info.subresource !== '' || !named : true;
  if (verbs[info.verb] === undefined || !allowed.includes(info.verb) || !fits)
    throw errors.methodNotAllowed(type, info.verb);
  if ((info.verb === 'update' || info.verb === 'patch') && !named) throw errors.methodNotAllowed(type, info.verb);
  if (type.namespaced && info.namespace === undefined) {
    if (named) throw errors.resourceNotFound();
    if (info.verb === 'create') throw errors.methodNotAllowed(type, info.verb);
  }
}

/** Nothing is served at this path. */
export const notFoundRoute: Route = () => {
  throw errors.resourceNotFound();
};

type Verb = (exchange: Exchange, request: ObjectRequest, options: ResourceRouteOptions) => Promise<void>;

const verbs: Record<string, Verb> = {
  async get(exchange, request, { registry, now }) {
    const shape = shapeOf(exchange, request.type, true);
    const resourceVersion = exchange.query.get('resourceVersion') ?? undefined;
    await sendEncoded(exchange, 200, await registry.get({ ...request, resourceVersion }), request.type, shape, now());
  },

  async list(exchange, request, { registry, now }) {
    const shape = shapeOf(exchange, request.type, true);
    await sendList(
      exchange,
      await registry.list({ ...collectionOf(exchange, request), ...listParameters(exchange.query) }),
      request.type,
      shape,
      now(),
    );
  },

  async watch(exchange, request, { registry, now }) {
    // A list that comes as a watch has no Table to end with its bookmark.
    const { query } = exchange;
    const streamsList =
      booleanParameter(query, 'sendInitialEvents') === true && booleanParameter(query, 'allowWatchBookmarks') === true;
    const shape = shapeOf(exchange, request.type, !streamsList);
    await serveWatch(exchange, collectionOf(exchange, request), registry, shape, now);
  },

  async create(exchange, request, { registry, now }) {
    const shape = shapeOf(exchange, request.type, request.subresource === undefined);
    const body = await bodyObject(exchange, request);
    const { name, ...collection } = request;
    const target = name === '' ? collection : request;
    const created = await registry.create({ ...target, ...body, ...writeParameters(exchange, 'CreateOptions') });
    await sendEncoded(exchange, 201, created, request.type, shape, now());
  },

  async update(exchange, request, { registry, now }) {
    const shape = shapeOf(exchange, request.type, request.subresource === undefined);
    const body = await bodyObject(exchange, request);
    const { result, created } = await registry.update({
      ...request,
      ...body,
      ...writeParameters(exchange, 'UpdateOptions'),
    });
    await sendEncoded(exchange, created ? 201 : 200, result, request.type, shape, now());
  },

  async patch(exchange, request, { registry, now }) {
    const shape = shapeOf(exchange, request.type, request.subresource === undefined);
    const patch = decodePatch(exchange, await readBody(exchange.request));
    const force = booleanParameter(exchange.query, 'force');
    const parameters = writeParameters(exchange, 'PatchOptions');
    // Who applies says who it is: a user agent's name is for those who don't know of field managers.
    if (patch.patchType === 'application/apply-patch+yaml')
      parameters.fieldManager = exchange.query.get('fieldManager') ?? '';
    const { result, created } = await registry.patch({
      ...request,
      ...patch,
      ...(force === undefined ? {} : { force }),
      ...parameters,
    });
    await sendEncoded(exchange, created ? 201 : 200, result, request.type, shape, now());
  },

  async delete(exchange, request, { registry, now }) {
    const shape = shapeOf(exchange, request.type, request.subresource === undefined);
    const parameters = await deleteParameters(exchange);
    const result = await registry.delete({ ...request, ...parameters });
    if ('json' in result) await sendEncoded(exchange, 200, result, request.type, shape, now());
    else await sendStatus(exchange, result);
  },

  async deletecollection(exchange, request, { registry, now }) {
    const shape = shapeOf(exchange, request.type, true);
    const parameters = await deleteParameters(exchange);
    const result = await registry.deleteCollection({
      ...collectionOf(exchange, request),
      ...listParameters(exchange.query),
      ...parameters,
    });
    await sendList(exchange, result, request.type, shape, now());
  },
};

/** A watch or list of one name is one of its collection with a field selector. */
export function collectionOf(exchange: Exchange, { name, ...collection }: ObjectRequest): CollectionRequest {
  if (name !== '') exchange.query.set('fieldSelector', `metadata.name=${name}`);
  return collection;
}

async function bodyObject(
  exchange: Exchange,
  { type, subresource }: ObjectRequest,
): Promise<{ object: KubernetesObject; duplicateFields: readonly string[] }> {
  const expected =
    subresource === undefined ? type : (type.subresources.find(({ name }) => name === subresource) ?? type);
  const contentType = exchange.request.headers['content-type'];
  // Nobody but its definition knows what a custom resource is made of, and that says nothing of protobuf.
  if (type.custom !== undefined && expected === type && contentType?.includes('protobuf')) {
    throw errors.unsupportedMediaType(['application/json', 'application/yaml']);
  }
  const body = await readBody(exchange.request);
  const { object, duplicates } = parseObject(exchange, body, {
    apiVersion: apiVersionOf(expected),
    kind: expected.kind,
  });
  object.metadata ??= {};
  return { object, duplicateFields: duplicates };
}
