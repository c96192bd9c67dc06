export { mutatingWebhooks } from './mutating.ts';
export type { WebhookOptions } from './options.ts';
export { endpointResolver, type ServiceResolver } from './services.ts';
export { httpsTransport, type WebhookTransport } from './transport.ts';
export { validatingWebhooks } from './validating.ts';
