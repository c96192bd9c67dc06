import { isPlainObject, type Status, type StatusDetails } from '../../../api/index.ts';
import { requestOf } from '../dynamic/request.ts';
import type { View } from '../dynamic/target.ts';
import type { AdmissionAttributes } from '../types.ts';

const GROUP = 'admission.k8s.io';
/** In the order of preference of who is asked. */
const versions = ['v1', 'v1beta1'];

export interface Verdict {
  allowed: boolean;
  status: Partial<Status> | undefined;
  /** Operations of a JSON patch. */
  patch: unknown[] | undefined;
  warnings: readonly string[];
  auditAnnotations: Readonly<Record<string, string>>;
}

/** What a webhook said can't be used. */
export class InvalidReview extends Error {}

/** The AdmissionReview that asks. Undefined: the webhook understands none of our versions. */
export function reviewOf(
  attributes: AdmissionAttributes,
  view: View,
  uid: string,
  understood: readonly string[],
): Record<string, unknown> | undefined {
  const version = understood.find((candidate) => versions.includes(candidate));
  if (version === undefined) return undefined;
  return {
    kind: 'AdmissionReview',
    apiVersion: `${GROUP}/${version}`,
    request: {
      uid,
      ...requestOf(attributes, view),
      object: view.object ?? null,
      oldObject: view.old ?? null,
    },
  };
}

/** Reads the answer. Throws InvalidReview. */
export function readVerdict(answer: unknown, uid: string, asked: string, mutating: boolean): Verdict {
  if (!isPlainObject(answer)) throw new InvalidReview('webhook response is not an object');
  const { kind, apiVersion, response } = answer as Record<string, unknown>;
  if (kind !== 'AdmissionReview' || apiVersion !== asked) {
    throw new InvalidReview(
      `expected webhook response of ${asked}, Kind=AdmissionReview, got ${String(apiVersion ?? '')}, Kind=${String(kind ?? '')}`,
    );
  }
  if (!isPlainObject(response)) throw new InvalidReview('webhook response was absent');
  const fields = response as Record<string, unknown>;
  const strict = asked === `${GROUP}/v1`;
  if (strict && fields['uid'] !== uid) {
    throw new InvalidReview(`expected response.uid="${uid}", got "${String(fields['uid'] ?? '')}"`);
  }
  const { patch, patchType } = fields;
  const hasPatch = typeof patch === 'string' && patch !== '';
  if (!mutating && (hasPatch || patchType)) {
    throw new InvalidReview('validating webhook may not return response.patch or response.patchType');
  }
  if (strict && hasPatch !== Boolean(patchType)) {
    throw new InvalidReview(
      `webhook returned response.${hasPatch ? 'patch but not response.patchType' : 'patchType but not response.patch'}`,
    );
  }
  if (hasPatch && patchType !== undefined && patchType !== 'JSONPatch') {
    throw new InvalidReview(`webhook returned invalid response.patchType of "${String(patchType)}"`);
  }
  return {
    allowed: fields['allowed'] === true,
    status: isPlainObject(fields['status']) ? readStatus(fields['status']) : undefined,
    patch: hasPatch ? readPatch(patch) : undefined,
    warnings: Array.isArray(fields['warnings']) ? fields['warnings'].map(String) : [],
    auditAnnotations: isPlainObject(fields['auditAnnotations'])
      ? (fields['auditAnnotations'] as Record<string, string>)
      : {},
  };
}

/** What of a Status has the type that it should have. */
function readStatus(status: Readonly<Record<string, unknown>>): Partial<Status> {
  const { message, reason, code, details } = status;
  return {
    ...(typeof message === 'string' ? { message } : {}),
    ...(typeof reason === 'string' ? { reason } : {}),
    ...(Number.isInteger(code) ? { code: code as number } : {}),
    ...(isPlainObject(details) ? { details: details as StatusDetails } : {}),
  };
}

function readPatch(text: string): unknown[] {
  try {
    const patch: unknown = JSON.parse(Buffer.from(text, 'base64').toString());
    if (Array.isArray(patch)) return patch;
  } catch {
    // Told below.
  }
  throw new InvalidReview('received undecodable patch in webhook response');
}
