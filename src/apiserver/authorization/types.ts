import type { User } from '../registry/types.ts';

/** What somebody wants to do, as in authorization.k8s.io's SubjectAccessReview. */
export interface Attributes {
  user: User;
  verb: string;
  /** Undefined for paths that name no resource. */
  resource?: {
    group: string;
    version?: string;
    resource: string;
    subresource: string;
    namespace: string | undefined;
    name: string;
    /** Of a list or watch. */
    fieldSelector?: string | undefined;
  };
  /** The path, when `resource` is undefined. */
  path: string;
}

export interface Decision {
  allowed: boolean;
  reason: string;
}

export interface Authorizer {
  authorize(attributes: Attributes): Promise<Decision>;
}

/** Asks each in turn; the first that allows wins. */
export function unionAuthorizer(authorizers: readonly Authorizer[]): Authorizer {
  return {
    async authorize(attributes) {
      let reason = '';
      for (const authorizer of authorizers) {
        const decision = await authorizer.authorize(attributes);
        if (decision.allowed) return decision;
        reason ||= decision.reason;
      }
      return { allowed: false, reason };
    },
  };
}

/** Members of system:masters may do everything, whatever the rules say. */
export const superuserAuthorizer: Authorizer = {
  async authorize({ user }) {
    return { allowed: user.groups.includes('system:masters'), reason: '' };
  },
};
