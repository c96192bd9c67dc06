import { apiVersionOf, errors, findResource, type ResourceType } from '../../api/index.ts';
import type { TokenAuthenticator } from '../authentication/types.ts';
import type { Authorizer, RbacSource } from '../authorization/index.ts';
import { readBody } from '../http/body.ts';
import { decodeObject } from '../http/decode.ts';
import { sendValue, shapeOf } from '../http/objects.ts';
import { checkWriteOptions } from '../http/options.ts';
import type { Route } from '../server.ts';
import { accessReviews } from './access.ts';
import { type Review, reviewedUser } from './review.ts';
import { rulesReview } from './rules.ts';
import { tokenReview } from './token.ts';

export interface ReviewOptions {
  authorizer: Authorizer;
  rbac: RbacSource;
  tokens: TokenAuthenticator;
  /** Of the API server: for whom a token must be when a review doesn't say. */
  audiences: readonly string[];
}

/**
 * Questions that are asked by creating an object that is never stored: who am I, whose token is this, may I, may they
 * (authentication.k8s.io and authorization.k8s.io).
 */
export function reviewRoute(options: ReviewOptions): Route {
  const reviews: Readonly<Record<string, Review>> = {
    'authentication.k8s.io/selfsubjectreviews': async (_object, { user }) => ({ userInfo: reviewedUser(user) }),
    'authentication.k8s.io/tokenreviews': tokenReview(options.tokens, options.audiences),
    ...accessReviews(options.authorizer),
    'authorization.k8s.io/selfsubjectrulesreviews': rulesReview(options.rbac),
  };
  return async (exchange) => {
    const { info } = exchange;
    const review = info.isResource && info.version === 'v1' ? reviews[`${info.group}/${info.resource}`] : undefined;
    if (review === undefined) return false;
    if (info.verb !== 'create' || info.name !== '') throw errors.methodNotAllowed(info, info.verb);
    const type = findResource(info.group, info.version, info.resource) as ResourceType;
    const shape = shapeOf(exchange, type, false);
    checkWriteOptions(exchange.query, 'CreateOptions');
    const object = decodeObject(exchange, await readBody(exchange.request), {
      apiVersion: apiVersionOf(type),
      kind: type.kind,
    });
    const status = await review(object, exchange);
    const answer = { ...object, metadata: { ...object.metadata, creationTimestamp: null }, status };
    await sendValue(exchange, 201, shape, answer);
    return true;
  };
}
