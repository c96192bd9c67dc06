import { checkQualifiedName } from '../../api/index.ts';
import type { AdmissionAttributes } from './types.ts';

/**
 * Notes something for the audit log, under a key with a prefix. What is noted first stays, and keys that are none are dropped: they
 * come from webhooks.
 */
export function annotate({ auditAnnotations }: AdmissionAttributes, key: string, value: string): void {
  if (Object.hasOwn(auditAnnotations, key) || !key.includes('/') || checkQualifiedName(key).length > 0) return;
  auditAnnotations[key] = value;
}

/** How Kubernetes calls the webhooks of a request: by the round and their place in it. */
const place = (round: number, index: number): string => `round_${round}_index_${index}`;

const FAILED_OPEN = 'failed-open.';
const MUTATION = 'mutation.webhook.admission.k8s.io/';
const VALIDATION = 'validating.webhook.admission.k8s.io/';
/** Under these keys stand pieces of the object: not for logs that leave objects out. */
export const PATCH_ANNOTATIONS = 'patch.webhook.admission.k8s.io/';

/** One of a request's webhooks. */
export interface CalledWebhook {
  configuration: string;
  webhook: string;
  index: number;
}

export function noteMutation(
  attributes: AdmissionAttributes,
  { configuration, webhook, index }: CalledWebhook,
  { mutated, patch }: { mutated: boolean; patch?: readonly unknown[] | undefined },
): void {
  const key = place(attributes.round, index);
  annotate(attributes, MUTATION + key, JSON.stringify({ configuration, webhook, mutated }));
  if (patch === undefined) return;
  annotate(
    attributes,
    PATCH_ANNOTATIONS + key,
    JSON.stringify({ configuration, webhook, patch, patchType: 'JSONPatch' }),
  );
}

/** A webhook could not be asked, and that was no reason to refuse. */
export function noteFailedOpen(
  attributes: AdmissionAttributes,
  kind: 'mutating' | 'validating',
  { webhook, index }: Omit<CalledWebhook, 'configuration'>,
): void {
  // There is but one round of those that only refuse.
  const [prefix, round] = kind === 'mutating' ? [MUTATION, attributes.round] : [VALIDATION, 0];
  annotate(attributes, FAILED_OPEN + prefix + place(round, index), webhook);
}
