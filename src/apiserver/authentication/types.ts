import type { IncomingMessage } from 'node:http';
import type { User } from '../registry/types.ts';

/** One way to tell who asks. */
export interface Authenticator {
  /** The user; undefined when the request carries nothing of this kind. Rejects with 401 when what it carries is wrong. */
  authenticate(request: IncomingMessage): Promise<User | undefined>;
}

/** Asks each in turn; the first that knows the user wins, and all authenticated users share a group. */
export function unionAuthenticator(authenticators: readonly Authenticator[]): Authenticator {
  return {
    async authenticate(request) {
      for (const authenticator of authenticators) {
        const user = await authenticator.authenticate(request);
        if (user !== undefined) return { ...user, groups: [...user.groups, 'system:authenticated'] };
      }
      return undefined;
    },
  };
}
