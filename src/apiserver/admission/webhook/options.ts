import type { Logger } from '../../../base/index.ts';
import type { Authorizer } from '../../authorization/types.ts';
import type { StateReader } from '../../registry/types.ts';
import type { WebhookTransport } from './transport.ts';

/** What both kinds of webhooks work with. */
export interface WebhookOptions {
  state: StateReader;
  transport: WebhookTransport;
  /** For match conditions that ask it. */
  authorizer: Authorizer;
  logger: Logger;
  /** A new uid for each review. */
  newUid(): string;
}
