import { errors, type ResourceType } from '../../../api/index.ts';
import { annotate } from '../annotations.ts';
import { type View, viewOf } from '../dynamic/target.ts';
import type { AdmissionAttributes } from '../types.ts';
import { CallError, denied } from './errors.ts';
import { InvalidReview, readVerdict, reviewOf, type Verdict } from './review.ts';
import type { WebhookTransport } from './transport.ts';
import type { Webhook } from './webhooks.ts';

const DEFAULT_TIMEOUT_SECONDS = 10;

/** Asks one webhook about one request. Throws CallError, or the ApiError of its refusal. */
export async function callWebhook(
  { hook }: Webhook,
  type: ResourceType,
  attributes: AdmissionAttributes,
  { transport, uid, mutating }: { transport: WebhookTransport; uid: string; mutating: boolean },
): Promise<{ verdict: Verdict; view: View }> {
  if (attributes.dryRun && !['None', 'NoneOnDryRun'].includes(hook.sideEffects)) {
    throw errors.badRequest(`admission webhook "${hook.name}" does not support dry run`);
  }
  const view = await viewOf(attributes, type);
  const review = reviewOf(attributes, view, uid, hook.admissionReviewVersions);
  if (review === undefined) {
    const text = `webhook does not accept known AdmissionReview versions (v1, v1beta1)`;
    throw new CallError(`could not create admission objects: ${text}`);
  }
  const timeout = hook.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS;
  const answer = await transport.post(hook.clientConfig, review, timeout);
  const verdict = judge(answer, uid, review['apiVersion'] as string, mutating);
  for (const [key, value] of Object.entries(verdict.auditAnnotations)) {
    annotate(attributes, `${hook.name}/${key}`, String(value));
  }
  for (const warning of verdict.warnings) {
    if (!attributes.warnings.includes(warning)) attributes.warnings.push(warning);
  }
  if (!verdict.allowed) throw denied(hook.name, verdict.status);
  return { verdict, view };
}

function judge(answer: unknown, uid: string, asked: string, mutating: boolean): Verdict {
  try {
    return readVerdict(answer, uid, asked, mutating);
  } catch (error) {
    if (error instanceof InvalidReview) throw new CallError(`received invalid webhook response: ${error.message}`);
    throw error;
  }
}
