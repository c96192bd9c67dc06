import { type authorizationv1, errors } from '../../api/index.ts';
import { type RbacSource, rulesFor } from '../authorization/index.ts';
import { type Review, specOf } from './review.ts';

/** SelfSubjectRulesReview: all that I may do in a namespace (`kubectl auth can-i --list`). */
export function rulesReview(rbac: RbacSource): Review {
  return async (object, { user }) => {
    const { namespace = '' } = specOf<authorizationv1.SelfSubjectRulesReviewSpec>(object);
    if (namespace === '') throw errors.badRequest('no namespace on request');
    const rules = [...rulesFor(rbac, user, namespace)];
    return {
      resourceRules: rules.flatMap(({ verbs, apiGroups, resources, resourceNames }) =>
        resources === undefined
          ? []
          : [{ verbs, apiGroups, resources, ...(resourceNames?.length ? { resourceNames } : {}) }],
      ),
      nonResourceRules: rules.flatMap(({ nonResourceURLs, verbs }) =>
        nonResourceURLs === undefined ? [] : [{ verbs, nonResourceURLs }],
      ),
      incomplete: false,
    };
  };
}
