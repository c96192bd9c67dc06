import {
  type admissionregistrationv1,
  errors,
  type ResourceType,
  type UnstructuredObject,
} from '../../../api/index.ts';
import type { Authorizer } from '../../authorization/types.ts';
import type { StateReader, StoredState } from '../../registry/types.ts';
import { annotate } from '../annotations.ts';
import { accessFor } from '../dynamic/access.ts';
import { requestValues } from '../dynamic/expressions.ts';
import { matchRules } from '../dynamic/rules.ts';
import { matchesNamespace, matchesObject, namespaceObject } from '../dynamic/selectors.ts';
import { viewOf } from '../dynamic/target.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../types.ts';
import { type CompiledPolicy, compiledPolicy } from './compiled.ts';
import { evaluatePolicy, type Failure } from './evaluate.ts';
import { ConfigurationError, paramsOf } from './params.ts';
import { policyValues } from './values.ts';

type Binding = admissionregistrationv1.ValidatingAdmissionPolicyBinding;
type MatchResources = admissionregistrationv1.MatchResources;

const GROUP = 'admissionregistration.k8s.io';
const policies = { group: GROUP, resource: 'validatingadmissionpolicies' };
const bindings = { group: GROUP, resource: 'validatingadmissionpolicybindings' };
const FAILURE_ANNOTATION = 'validation.policy.admission.k8s.io/validation_failure';

/** One policy as bound once, and what it found. */
interface Verdict {
  policy: CompiledPolicy;
  binding: Binding;
  failures: readonly Failure[];
}

/**
 * Refuses, warns of or notes what policies written as expressions do not allow. All of them are asked; the first refusal counts.
 */
export function validatingPolicies(state: StateReader, authorizer: Authorizer): AdmissionPlugin {
  return {
    name: 'ValidatingAdmissionPolicy',
    validate(attributes) {
      const bound = state.all(bindings);
      // What governs policies is not theirs to refuse: they could lock everybody out.
      return bound.length === 0 || attributes.type.group === GROUP ? undefined : judgeAll(bound, attributes);
    },
  };

  async function judgeAll(bound: readonly StoredState[], attributes: AdmissionAttributes): Promise<void> {
    const verdicts: Verdict[] = [];
    const notes = new AuditNotes();
    for (const { object } of bound) {
      const binding = object as unknown as Binding;
      const stored = state.lookup(policies, undefined, binding.spec?.policyName ?? '');
      if (stored === undefined) continue;
      const policy = compiledPolicy(stored);
      const failures = await judge(policy, binding, attributes, notes);
      if (failures.length > 0) verdicts.push({ policy, binding, failures });
    }
    notes.publish(attributes);
    conclude(verdicts, attributes);
  }

  async function judge(
    policy: CompiledPolicy,
    { spec = {} }: Binding,
    attributes: AdmissionAttributes,
    notes: AuditNotes,
  ): Promise<readonly Failure[]> {
    const type = await matches(policy.spec.matchConstraints, attributes);
    if (type === undefined) return [];
    if (spec.matchResources !== undefined && (await matches(spec.matchResources, attributes)) === undefined) return [];
    let params: readonly (UnstructuredObject | undefined)[];
    try {
      params = paramsOf(policy.spec.paramKind, spec.paramRef, attributes.namespace, state);
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      return policy.spec.failurePolicy === 'Ignore' ? [] : [{ message: error.message, reason: 'Invalid', index: 0 }];
    }
    const { namespace: name } = attributes;
    const namespace = name === undefined ? undefined : await namespaceObject(state, name);
    const access = accessFor(attributes, authorizer);
    const request = requestValues(attributes, await viewOf(attributes, type), access);
    const failures: Failure[] = [];
    for (const each of params) {
      const findings = await access.evaluate(() =>
        evaluatePolicy(policy, (budget) => policyValues(policy, request, { params: each, namespace, budget })),
      );
      failures.push(...findings.failures);
      for (const [key, value] of Object.entries(findings.auditAnnotations)) {
        notes.add(`${policy.name}/${key}`, value);
      }
    }
    return failures;
  }

  /** The kind in whose version the request is looked at, or undefined. A binding without rules matches all kinds. */
  async function matches(
    constraints: MatchResources | undefined,
    attributes: AdmissionAttributes,
  ): Promise<ResourceType | undefined> {
    const { resourceRules, excludeResourceRules, matchPolicy, namespaceSelector, objectSelector } = constraints ?? {};
    if (!matchesObject(objectSelector, attributes)) return undefined;
    if (matchRules(excludeResourceRules, attributes, matchPolicy) !== undefined) return undefined;
    const type = resourceRules?.length ? matchRules(resourceRules, attributes, matchPolicy) : attributes.type;
    if (type === undefined || !(await matchesNamespace(namespaceSelector, attributes, state))) return undefined;
    return type;
  }
}

/** What policies say for the audit log; different parameters may have them say different things. */
class AuditNotes {
  readonly #values = new Map<string, Set<string>>();

  add(key: string, value: string): void {
    const values = this.#values.get(key);
    if (values === undefined) this.#values.set(key, new Set([value]));
    else values.add(value);
  }

  publish(attributes: AdmissionAttributes): void {
    for (const [key, values] of this.#values) annotate(attributes, key, [...values].join(', '));
  }
}

/** Does what the bindings want done about failures. Throws the first refusal. */
function conclude(verdicts: readonly Verdict[], attributes: AdmissionAttributes): void {
  let refusal: Error | undefined;
  for (const { policy, binding, failures } of verdicts) {
    const actions = binding.spec?.validationActions ?? [];
    const bindingName = binding.metadata.name ?? '';
    const subject = `ValidatingAdmissionPolicy '${policy.name}' with binding '${bindingName}'`;
    for (const { message, reason, index } of failures) {
      if (actions.includes('Deny')) refusal ??= refuse(attributes, `${subject} denied request: ${message}`, reason);
      if (actions.includes('Warn')) warn(attributes, `Validation failed for ${subject}: ${message}`);
      if (actions.includes('Audit')) {
        const names = { policy: policy.name, binding: bindingName };
        // As in Kubernetes a list of one: the first stays.
        const told = [{ message, ...names, expressionIndex: index, validationActions: actions }];
        annotate(attributes, FAILURE_ANNOTATION, JSON.stringify(told));
      }
    }
  }
  if (refusal !== undefined) throw refusal;
}

function warn({ warnings }: AdmissionAttributes, text: string): void {
  if (!warnings.includes(text)) warnings.push(text);
}

const codes: Readonly<Record<string, number>> = { Forbidden: 403, Unauthorized: 401, RequestEntityTooLarge: 413 };

function refuse({ type, name }: AdmissionAttributes, message: string, reason: string): Error {
  const error = errors.forbidden(type, name, message);
  error.status.reason = reason;
  error.status.code = codes[reason] ?? 422;
  error.status.details = { ...error.status.details, causes: [{ message }] };
  return error;
}
