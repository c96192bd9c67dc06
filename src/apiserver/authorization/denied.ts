import { type ApiError, errors } from '../../api/index.ts';
import type { Attributes } from './types.ts';

/** The 403 of a request that no authorizer allowed. */
export function denied({ user, verb, resource, path }: Attributes, reason: string): ApiError {
  return errors.accessDenied({ user: user.name, verb, path, ...resource, reason });
}
