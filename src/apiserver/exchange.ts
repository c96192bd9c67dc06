import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Status } from '../api/index.ts';
import type { Decision } from './authorization/types.ts';
import type { User } from './registry/types.ts';
import type { RequestInfo } from './request-info.ts';

/** One request on its way through the stages, and what is known of it so far. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  readonly info: RequestInfo;
  /** Who asks; set by the authentication stage. */
  user: User;
  /** Who really asks, when it is as somebody else. */
  impersonator?: User;
  /** What the authorization stage found. */
  decision?: Decision;
  /** The answer's body, before it was compressed, and why the request failed: for the audit log. */
  sent?: Buffer;
  failure?: Status;
  /** Texts for `Warning: 299` headers. */
  readonly warnings: string[];
  /** What the stages and admission note for the audit log. */
  readonly auditAnnotations: Record<string, string>;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
}

/** Nobody yet: what an exchange carries before authentication. */
export const anonymous: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

/** Who really asks. */
export function originalUser({ user, impersonator }: Exchange): User {
  return impersonator ?? user;
}
