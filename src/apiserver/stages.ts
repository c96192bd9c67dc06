import { errors } from '../api/index.ts';
import { impersonate } from './authentication/impersonation.ts';
import type { Authenticator } from './authentication/types.ts';
import { type Attributes, type Authorizer, denied } from './authorization/index.ts';
import { anonymous, type Exchange } from './exchange.ts';
import { WATCH_PATH } from './watch-api/protocol.ts';

/**
 * The way of a request, in order. A stage that refuses throws an ApiError; later stages don't run.
 *
 *   receive          server.ts        the path is read, bounds are set              400 413 429
 *   authenticate     here             who asks                                     401
 *   audit            audit            it is written down, if the policy says so
 *   impersonate      here             as whom                                      403
 *   take turns       flow-control     who waits for whom when there are many       429
 *   authorize        here             may they                                     403
 *   route            routes.ts        health, discovery, OpenAPI, or a resource    404
 *   decode           resources.ts     the body becomes an object                   400 415
 *   admit, validate  registry         defaulting, admission, validation            400 403 422
 *   store            registry         one transaction                              409
 *   respond          http/respond.ts  as JSON, a Table, or a stream                406
 */
export interface Stages {
  authenticate(exchange: Exchange): Promise<void>;
  impersonate(exchange: Exchange): Promise<void>;
  /** Waits for a seat; resolves with the way to give it back. */
  takeTurn(exchange: Exchange): Promise<() => void>;
  authorize(exchange: Exchange): Promise<void>;
}

/** Paths that everybody may read: what load balancers need, which can't authenticate. */
const publicPaths = new Set(['/healthz', '/livez', '/readyz']);

export function createStages(
  authenticator: Authenticator,
  authorizer: Authorizer,
  takeTurn: Stages['takeTurn'],
): Stages {
  return {
    takeTurn,
    async authenticate(exchange) {
      const user = await authenticator.authenticate(exchange.request);
      if (user === undefined) {
        if (!isPublic(exchange)) throw errors.unauthorized();
        exchange.user = anonymous;
      } else exchange.user = user;
    },
    async impersonate(exchange) {
      const user = await impersonate(exchange.request, exchange.user, authorizer);
      if (user === exchange.user) return;
      exchange.impersonator = exchange.user;
      exchange.user = user;
    },
    async authorize(exchange) {
      // Each watch of the watch API is authorised by itself.
      if (isPublic(exchange) || exchange.info.path === WATCH_PATH) return;
      const attributes = attributesOf(exchange);
      const decision = await authorizer.authorize(attributes);
      exchange.decision = decision;
      if (!decision.allowed) throw denied(attributes, decision.reason);
    },
  };
}

function isPublic({ info }: Exchange): boolean {
  return info.verb === 'get' && (publicPaths.has(info.path) || /^\/(livez|readyz)\//.test(info.path));
}

function attributesOf({ info, user, query }: Exchange): Attributes {
  if (!info.isResource) return { user, verb: info.verb, path: info.path };
  const { group, version, resource, subresource, namespace, name } = info;
  const fieldSelector = query.get('fieldSelector') ?? undefined;
  return {
    user,
    verb: info.verb,
    path: info.path,
    resource: { group, version, resource, subresource, namespace, name, fieldSelector },
  };
}
