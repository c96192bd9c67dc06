import type { IncomingMessage, ServerResponse } from 'node:http';
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
  /** Texts for `Warning: 299` headers. */
  readonly warnings: string[];
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
}

/** Nobody yet: what an exchange carries before authentication. */
export const anonymous: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] };
