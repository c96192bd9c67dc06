import type { UnstructuredObject } from '../../api/index.ts';
import type { Exchange } from '../exchange.ts';
import type { User } from '../registry/types.ts';

/** Finds the status that answers a review. */
export type Review = (object: UnstructuredObject, exchange: Exchange) => Promise<unknown>;

/** What a review asks. */
export function specOf<T>(object: UnstructuredObject): Partial<T> {
  return (object['spec'] ?? {}) as Partial<T>;
}

/** A user as authentication.k8s.io's UserInfo. */
export function reviewedUser({ name, uid, groups, extra }: User): Record<string, unknown> {
  return {
    username: name,
    ...(uid === undefined ? {} : { uid }),
    groups: [...groups],
    ...(extra === undefined ? {} : { extra }),
  };
}
