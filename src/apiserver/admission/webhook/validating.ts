import type { admissionregistrationv1, ResourceType } from '../../../api/index.ts';
import { noteFailedOpen } from '../annotations.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../types.ts';
import { callWebhook } from './call.ts';
import { CallError, failed } from './errors.ts';
import type { WebhookOptions } from './options.ts';
import { isExempt, matchWebhook, type Webhook, webhooksOf } from './webhooks.ts';

type Hook = Webhook<admissionregistrationv1.ValidatingWebhook>;

/** A webhook that is to be asked, and in which kind's version. */
interface Relevant {
  webhook: Hook;
  type: ResourceType;
}

/** Asks programs outside whether a write may be, all at once; of several refusals the first by configuration counts. */
export function validatingWebhooks(options: WebhookOptions): AdmissionPlugin {
  const { state, authorizer, transport, logger, newUid } = options;
  return {
    name: 'ValidatingAdmissionWebhook',
    validate(attributes) {
      const webhooks = webhooksOf<admissionregistrationv1.ValidatingWebhook>(state, 'validatingwebhookconfigurations');
      return webhooks.length === 0 || isExempt(attributes) ? undefined : askAll(webhooks, attributes);
    },
  };

  async function askAll(webhooks: readonly Hook[], attributes: AdmissionAttributes): Promise<void> {
    const matches = await Promise.all(webhooks.map((webhook) => match(webhook, attributes)));
    const relevant = matches.filter((each) => each !== undefined);
    const refusals = await Promise.all(relevant.map((each, index) => ask(each, index, attributes)));
    const first = refusals.find((refusal) => refusal !== undefined);
    if (first !== undefined) throw first;
  }

  async function match(webhook: Hook, attributes: AdmissionAttributes): Promise<Relevant | undefined> {
    const type = await matchWebhook(webhook, attributes, state, authorizer);
    return type === undefined ? undefined : { webhook, type };
  }

  /** Why the write may not be, or undefined. `index` is the place among those that are asked. */
  async function ask({ webhook, type }: Relevant, index: number, attributes: AdmissionAttributes): Promise<unknown> {
    const { hook } = webhook;
    try {
      await callWebhook(webhook, type, attributes, { transport, uid: newUid(), mutating: false });
      return undefined;
    } catch (error) {
      if (!(error instanceof CallError)) return error;
      if (hook.failurePolicy !== 'Ignore') return failed(hook.name, error);
      logger.warn(
        { webhook: webhook.id, error: error.message },
        'webhook could not be asked, its failurePolicy is Ignore',
      );
      noteFailedOpen(attributes, 'validating', { webhook: hook.name, index });
      return undefined;
    }
  }
}
