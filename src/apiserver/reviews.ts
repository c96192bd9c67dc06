import {
  apiVersionOf,
  type authorizationv1,
  errors,
  findResource,
  type ResourceType,
  type UnstructuredObject,
} from '../api/index.ts';
import { type Attributes, type Authorizer, type RbacSource, rulesFor } from './authorization/index.ts';
import type { Exchange } from './exchange.ts';
import { readBody } from './http/body.ts';
import { decodeObject } from './http/decode.ts';
import { sendJson } from './http/respond.ts';
import type { User } from './registry/types.ts';
import type { Route } from './server.ts';

type Review = (object: UnstructuredObject, exchange: Exchange) => Promise<unknown>;

/** What any of the reviews may ask. */
type ReviewSpec = authorizationv1.SubjectAccessReviewSpec & authorizationv1.SelfSubjectRulesReviewSpec;

/**
 * Questions that are asked by creating an object that is never stored: who am I, may I, may they
 * (authentication.k8s.io and authorization.k8s.io).
 */
export function reviewRoute(authorizer: Authorizer, rbac: RbacSource): Route {
  const reviews: Record<string, Review> = {
    'authentication.k8s.io/selfsubjectreviews': async (_object, { user }) => ({
      userInfo: { username: user.name, groups: [...user.groups], ...(user.uid === undefined ? {} : { uid: user.uid }) },
    }),
    'authorization.k8s.io/selfsubjectaccessreviews': async (object, { user }) =>
      decide(authorizer, specOf(object), user),
    'authorization.k8s.io/subjectaccessreviews': async (object) =>
      decide(authorizer, specOf(object), subjectOf(specOf(object))),
    'authorization.k8s.io/localsubjectaccessreviews': async (object, { info }) => {
      const spec = specOf(object);
      if (spec.resourceAttributes?.namespace !== info.namespace)
        throw errors.badRequest('spec.resourceAttributes.namespace must match the namespace');
      return decide(authorizer, spec, subjectOf(spec));
    },
    'authorization.k8s.io/selfsubjectrulesreviews': async (object, { user }) =>
      rulesOf(rbac, user, specOf(object).namespace),
  };
  return async (exchange) => {
    const { info } = exchange;
    const review = info.isResource && info.version === 'v1' ? reviews[`${info.group}/${info.resource}`] : undefined;
    if (review === undefined) return false;
    if (info.verb !== 'create') throw errors.methodNotAllowed(info, info.verb);
    const type = findResource(info.group, info.version, info.resource) as ResourceType;
    const object = decodeObject(exchange, await readBody(exchange.request), {
      apiVersion: apiVersionOf(type),
      kind: type.kind,
    });
    const status = await review(object, exchange);
    await sendJson(exchange, 201, { ...object, metadata: { ...object.metadata, creationTimestamp: null }, status });
    return true;
  };
}

function specOf(object: UnstructuredObject): ReviewSpec {
  return (object['spec'] ?? {}) as ReviewSpec;
}

function subjectOf({ user = '', groups = [], uid }: ReviewSpec): User {
  return { name: user, groups, ...(uid === undefined ? {} : { uid }) };
}

async function decide(
  authorizer: Authorizer,
  spec: ReviewSpec,
  user: User,
): Promise<{ allowed: boolean; reason?: string }> {
  const { resourceAttributes: resource, nonResourceAttributes: path } = spec;
  if (resource === undefined && path === undefined)
    throw errors.badRequest('spec needs resourceAttributes or nonResourceAttributes');
  const attributes: Attributes =
    resource === undefined
      ? { user, verb: path?.verb ?? '', path: path?.path ?? '' }
      : {
          user,
          verb: resource.verb ?? '',
          path: '',
          resource: {
            group: resource.group ?? '',
            resource: resource.resource ?? '',
            subresource: resource.subresource ?? '',
            namespace: resource.namespace || undefined,
            name: resource.name ?? '',
          },
        };
  const { allowed, reason } = await authorizer.authorize(attributes);
  return { allowed, ...(reason === '' ? {} : { reason }) };
}

function rulesOf(rbac: RbacSource, user: User, namespace: string | undefined): object {
  const rules = user.groups.includes('system:masters')
    ? [
        { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
        { verbs: ['*'], nonResourceURLs: ['*'] },
      ]
    : [...rulesFor(rbac, user, namespace)];
  return {
    resourceRules: rules.filter(({ resources }) => resources !== undefined),
    nonResourceRules: rules.flatMap(({ nonResourceURLs, verbs }) =>
      nonResourceURLs === undefined ? [] : [{ verbs, nonResourceURLs }],
    ),
    incomplete: false,
  };
}
