import type { IncomingMessage } from 'node:http';
import type { User } from '../registry/types.ts';

/** One way to tell who asks. */
export interface Authenticator {
  /** The user; undefined when the request carries nothing of this kind. Rejects with 401 when what it carries is wrong. */
  authenticate(request: IncomingMessage): Promise<User | undefined>;
}

/** Whom a token stands for, and which of the audiences that were asked about it is meant for. */
export interface TokenIdentity {
  user: User;
  audiences: readonly string[];
}

/** One kind of bearer token. */
export interface TokenAuthenticator {
  /**
   * Undefined when the token is not of this kind. Rejects when it is, but does not hold; the message says why, to be logged or
   * told to those who may ask for reviews.
   */
  authenticateToken(token: string, audiences: readonly string[]): Promise<TokenIdentity | undefined>;
}

/** Asks each in turn; the first that knows the user wins, even where another found fault. All authenticated users share a group. */
export function unionAuthenticator(authenticators: readonly Authenticator[]): Authenticator {
  return {
    async authenticate(request) {
      const faults: unknown[] = [];
      for (const authenticator of authenticators) {
        try {
          const user = await authenticator.authenticate(request);
          if (user !== undefined) return withAuthenticatedGroup(user);
        } catch (error) {
          faults.push(error);
        }
      }
      if (faults.length > 0) throw faults[0];
      return undefined;
    },
  };
}

/** Asks each in turn; the first that knows the token wins. */
export function unionTokenAuthenticator(authenticators: readonly TokenAuthenticator[]): TokenAuthenticator {
  return {
    async authenticateToken(token, audiences) {
      for (const authenticator of authenticators) {
        const identity = await authenticator.authenticateToken(token, audiences);
        if (identity !== undefined) return { ...identity, user: withAuthenticatedGroup(identity.user) };
      }
      return undefined;
    },
  };
}

const AUTHENTICATED = 'system:authenticated';

function withAuthenticatedGroup(user: User): User {
  if (user.groups.includes(AUTHENTICATED) || user.name === 'system:anonymous') return user;
  return { ...user, groups: [...user.groups, AUTHENTICATED] };
}
