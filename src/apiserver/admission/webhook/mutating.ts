import {
  ApiError,
  type admissionregistrationv1,
  applyJsonPatch,
  checkObject,
  completeObject,
  errors,
  isPlainObject,
  type KubernetesObject,
  type PlainObject,
  type UnstructuredObject,
} from '../../../api/index.ts';
import { equalJson } from '../../registry/json.ts';
import { subresourceOf } from '../../registry/subresources/index.ts';
import { noteFailedOpen, noteMutation } from '../annotations.ts';
import { inVersion, type View } from '../dynamic/target.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../types.ts';
import { callWebhook } from './call.ts';
import { CallError, failed } from './errors.ts';
import type { WebhookOptions } from './options.ts';
import { isExempt, matchWebhook, type Webhook, webhooksOf } from './webhooks.ts';

type Hook = Webhook<admissionregistrationv1.MutatingWebhook>;

/** Which webhooks see an object again that was changed after they saw it (reinvocationPolicy IfNeeded). */
interface Reinvocation {
  called: Set<string>;
  again: Set<string>;
  /** The object when the last webhook was done. */
  output: UnstructuredObject | undefined;
}

/** Lets programs outside change what is written, one after the other by the configurations' names. */
export function mutatingWebhooks(options: WebhookOptions): AdmissionPlugin {
  const { state, authorizer, transport, logger, newUid } = options;
  const reinvocations = new WeakMap<AdmissionAttributes, Reinvocation>();
  return {
    name: 'MutatingAdmissionWebhook',
    admit(attributes) {
      const webhooks = webhooksOf<admissionregistrationv1.MutatingWebhook>(state, 'mutatingwebhookconfigurations');
      return webhooks.length === 0 || isExempt(attributes) ? undefined : callAll(webhooks, attributes);
    },
    close: () => transport.close(),
  };

  async function callAll(webhooks: readonly Hook[], attributes: AdmissionAttributes): Promise<void> {
    const known = reinvocations.get(attributes) ?? { called: new Set(), again: new Set(), output: undefined };
    reinvocations.set(attributes, known);
    if (attributes.round > 0 && !equalJson(known.output, attributes.object)) requireAgain(known);
    for (const [index, webhook] of webhooks.entries()) {
      if (attributes.round > 0 && !known.again.has(webhook.id)) continue;
      const called = await call(webhook, index, attributes);
      if (called === undefined) continue;
      if (called.changed) {
        requireAgain(known);
        attributes.requestReinvocation?.();
      }
      if (webhook.hook.reinvocationPolicy === 'IfNeeded') known.called.add(webhook.id);
    }
    known.output = structuredClone(attributes.object);
  }

  /** Undefined: the webhook wasn't asked. */
  async function call(
    webhook: Hook,
    index: number,
    attributes: AdmissionAttributes,
  ): Promise<{ changed: boolean } | undefined> {
    const { hook, configuration } = webhook;
    const called = { configuration, webhook: hook.name, index };
    const type = await matchWebhook(webhook, attributes, state, authorizer);
    if (type === undefined) return undefined;
    try {
      const { verdict, view } = await callWebhook(webhook, type, attributes, {
        transport,
        uid: newUid(),
        mutating: true,
      });
      const mutated = verdict.patch !== undefined && (await patch(hook.name, attributes, view, verdict.patch));
      noteMutation(attributes, called, { mutated, patch: verdict.patch?.length ? verdict.patch : undefined });
      return { changed: mutated };
    } catch (error) {
      noteMutation(attributes, called, { mutated: false });
      if (!(error instanceof CallError)) throw error;
      if (hook.failurePolicy !== 'Ignore') throw failed(hook.name, error);
      logger.warn(
        { webhook: webhook.id, error: error.message },
        'webhook could not be asked, its failurePolicy is Ignore',
      );
      noteFailedOpen(attributes, 'mutating', called);
      return { changed: false };
    }
  }
}

function requireAgain({ called, again }: Reinvocation): void {
  for (const id of called) again.add(id);
}

/** Makes the draft what the patch makes of it. Returns whether anything changed. */
async function patch(
  name: string,
  attributes: AdmissionAttributes,
  view: View,
  operations: readonly unknown[],
): Promise<boolean> {
  const { object: draft, subresource, type } = attributes;
  if (operations.length === 0) return false;
  if (draft === undefined || view.object === undefined) {
    const text = `admission webhook "${name}" attempted to modify the object, which is not supported for this operation`;
    throw errors.internalError(text);
  }
  let patched: UnstructuredObject;
  try {
    patched = applyJsonPatch(view.object as unknown as PlainObject, operations) as unknown as UnstructuredObject;
  } catch (error) {
    throw error instanceof ApiError ? errors.internalError(error.message, { cause: error }) : error;
  }
  if (!sameIdentity(patched, view.object)) {
    throw errors.internalError(
      `admission webhook "${name}" attempted to change the kind, name or namespace of the object`,
    );
  }
  patched = checkObject(patched as KubernetesObject, view.type, { fieldValidation: 'Ignore', duplicates: [] }).object;
  completeObject(patched, view.type);
  if (equalJson(patched, view.object)) return false;
  const requested = await inVersion(patched, view.type, view.requestType);
  const isPart = subresource !== undefined && draft.kind === type.kind;
  const whole = isPart ? (subresourceOf(type, subresource)?.apply(requested, draft) ?? requested) : requested;
  replaceContent(draft, whole);
  return true;
}

function sameIdentity(a: UnstructuredObject, b: UnstructuredObject): boolean {
  const identity = ({ apiVersion, kind, metadata }: UnstructuredObject): string =>
    JSON.stringify([apiVersion, kind, metadata?.name ?? '', metadata?.namespace ?? '']);
  // A connection's options have no metadata.
  const alike = a.metadata === undefined ? b.metadata === undefined : isPlainObject(a.metadata);
  return alike && identity(a) === identity(b);
}

/** The draft stays the same object: those who hold it see the change. */
function replaceContent(draft: UnstructuredObject, content: UnstructuredObject): void {
  for (const key of Object.keys(draft)) delete draft[key];
  Object.assign(draft, content);
}
