import type { admissionregistrationv1, ResourceType } from '../../../api/index.ts';
import { errors } from '../../../api/index.ts';
import type { Authorizer } from '../../authorization/types.ts';
import type { StateReader, StoredState } from '../../registry/types.ts';
import { accessFor } from '../dynamic/access.ts';
import { type Compiled, requestValues, requestVariables } from '../dynamic/expressions.ts';
import { compileConditions, conditionsHold } from '../dynamic/match-conditions.ts';
import { matchRules } from '../dynamic/rules.ts';
import { matchesNamespace, matchesObject } from '../dynamic/selectors.ts';
import { viewOf } from '../dynamic/target.ts';
import type { AdmissionAttributes } from '../types.ts';

type AnyWebhook = admissionregistrationv1.MutatingWebhook | admissionregistrationv1.ValidatingWebhook;

/** A webhook of a configuration, ready to be matched. */
export interface Webhook<W extends AnyWebhook = AnyWebhook> {
  readonly hook: W;
  readonly configuration: string;
  /** The same for the same webhook of the same configuration. */
  readonly id: string;
  readonly conditions: readonly Compiled[];
}

const GROUP = 'admissionregistration.k8s.io';
const prepared = new WeakMap<StoredState, readonly Webhook[]>();

/** All webhooks of one kind of configuration, by the configurations' names. */
export function webhooksOf<W extends AnyWebhook>(
  state: StateReader,
  resource: 'mutatingwebhookconfigurations' | 'validatingwebhookconfigurations',
): readonly Webhook<W>[] {
  return state.all({ group: GROUP, resource }).flatMap((stored) => {
    let hooks = prepared.get(stored);
    if (hooks === undefined) {
      hooks = prepare(stored);
      prepared.set(stored, hooks);
    }
    return hooks as readonly Webhook<W>[];
  });
}

function prepare({ object }: StoredState): readonly Webhook[] {
  const configuration = object.metadata.name ?? '';
  const { webhooks = [] } = object as unknown as { webhooks?: AnyWebhook[] };
  return webhooks.map((hook) => ({
    hook,
    configuration,
    id: `${configuration}/${hook.name}`,
    conditions: compileConditions(hook.matchConditions, requestVariables),
  }));
}

/** What governs webhooks is not theirs to refuse: they could lock everybody out. */
export function isExempt({ type }: AdmissionAttributes): boolean {
  return type.group === GROUP;
}

/** The kind in whose version a webhook is to see the request; undefined: it isn't asked. Throws 403. */
export async function matchWebhook(
  { hook, conditions }: Webhook,
  attributes: AdmissionAttributes,
  state: StateReader,
  authorizer: Authorizer,
): Promise<ResourceType | undefined> {
  const type = matchRules(hook.rules, attributes, hook.matchPolicy);
  if (type === undefined || !matchesObject(hook.objectSelector, attributes)) return undefined;
  if (!(await matchesNamespace(hook.namespaceSelector, attributes, state))) return undefined;
  if (conditions.length === 0) return type;
  const access = accessFor(attributes, authorizer);
  const values = requestValues(attributes, await viewOf(attributes, type), access);
  const { matches, error } = await access.evaluate(() => conditionsHold(conditions, values));
  if (error !== undefined && hook.failurePolicy !== 'Ignore') {
    throw errors.forbidden(attributes.type, attributes.name, error);
  }
  return matches ? type : undefined;
}
