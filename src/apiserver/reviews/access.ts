import {
  type authorizationv1,
  errors,
  type FieldError,
  fieldPath,
  forbiddenField,
  invalidValue,
  type UnstructuredObject,
} from '../../api/index.ts';
import type { Attributes, Authorizer } from '../authorization/index.ts';
import type { User } from '../registry/types.ts';
import { type Review, specOf } from './review.ts';

type Spec = Partial<authorizationv1.SubjectAccessReviewSpec>;

const spec = fieldPath('spec');

/** May I (SelfSubjectAccessReview), may they (SubjectAccessReview), may they here (LocalSubjectAccessReview)? */
export function accessReviews(authorizer: Authorizer): Readonly<Record<string, Review>> {
  return {
    'authorization.k8s.io/selfsubjectaccessreviews': async (object, { user }) => {
      const asked = specOf<Spec>(object);
      refuse(object, attributeProblems(asked));
      return decide(authorizer, asked, user);
    },
    'authorization.k8s.io/subjectaccessreviews': async (object) => {
      const asked = specOf<Spec>(object);
      refuse(object, [...attributeProblems(asked), ...subjectProblems(asked)]);
      return decide(authorizer, asked, subjectOf(asked));
    },
    'authorization.k8s.io/localsubjectaccessreviews': async (object, { info }) => {
      const asked = specOf<Spec>(object);
      refuse(object, [...attributeProblems(asked), ...subjectProblems(asked), ...localProblems(asked, info.namespace)]);
      return decide(authorizer, asked, subjectOf(asked));
    },
  };
}

function refuse({ kind }: UnstructuredObject, problems: readonly FieldError[]): void {
  if (problems.length > 0) throw errors.invalid({ group: 'authorization.k8s.io', kind }, '', problems);
}

function attributeProblems({ resourceAttributes, nonResourceAttributes }: Spec): FieldError[] {
  if ((resourceAttributes === undefined) !== (nonResourceAttributes === undefined)) return [];
  const path = spec.child(resourceAttributes === undefined ? 'resourceAttributes' : 'nonResourceAttributes');
  const detail =
    resourceAttributes === undefined
      ? 'exactly one of nonResourceAttributes or resourceAttributes must be specified'
      : 'cannot be specified in combination with resourceAttributes';
  return [invalidValue(path, nonResourceAttributes ?? null, detail)];
}

function subjectProblems({ user = '', groups = [] }: Spec): FieldError[] {
  if (user !== '' || groups.length > 0) return [];
  return [invalidValue(spec.child('user'), user, 'at least one of user or group must be specified')];
}

function localProblems(
  { resourceAttributes, nonResourceAttributes }: Spec,
  namespace: string | undefined,
): FieldError[] {
  if (nonResourceAttributes !== undefined) {
    return [forbiddenField(spec.child('nonResourceAttributes'), 'disallowed on this kind of request')];
  }
  const asked = resourceAttributes?.namespace ?? '';
  if (asked === namespace) return [];
  const path = spec.child('resourceAttributes').child('namespace');
  return [invalidValue(path, asked, 'must match metadata.namespace')];
}

function subjectOf({ user = '', groups = [], uid, extra }: Spec): User {
  return { name: user, groups, ...(uid === undefined ? {} : { uid }), ...(extra === undefined ? {} : { extra }) };
}

async function decide(
  authorizer: Authorizer,
  { resourceAttributes: resource, nonResourceAttributes: path }: Spec,
  user: User,
): Promise<{ allowed: boolean; reason?: string }> {
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
