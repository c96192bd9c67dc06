import {
  type admissionregistrationv1,
  checkQualifiedName,
  duplicate,
  type FieldError,
  type FieldPath,
  fieldPath,
  invalidValue,
  notSupported,
  required,
  tooMany,
  type UnstructuredObject,
} from '../../../api/index.ts';
import { celTypes, type Type } from '../../../cel/index.ts';
import {
  type Compiled,
  compileExpression,
  policyVariables,
  requestVariables,
} from '../../admission/dynamic/expressions.ts';
import { type CompiledPolicy, compilePolicy } from '../../admission/policy/index.ts';
import {
  checkClientConfig,
  checkReviewVersions,
  checkRule,
  checkSelector,
  checkWebhookName,
} from './admission-checks.ts';
import type { Strategy } from './strategy.ts';

type Hook = admissionregistrationv1.ValidatingWebhook;
type MatchCondition = admissionregistrationv1.MatchCondition;

const base: Strategy = { generation: true, requiresResourceVersion: true };
const MAX_CONDITIONS = 64;
const MAX_AUDIT_ANNOTATIONS = 20;
const noSideEffects: readonly string[] = ['None', 'NoneOnDryRun'];
const reasons: readonly string[] = ['Forbidden', 'Invalid', 'RequestEntityTooLarge', 'Unauthorized'];

/** Of MutatingWebhookConfiguration and ValidatingWebhookConfiguration. */
export const webhookConfigurationStrategy: Strategy = {
  ...base,
  validate(object) {
    const { webhooks = [] } = object as unknown as { webhooks?: Hook[] };
    const names = new Set<string>();
    return webhooks.flatMap((hook, index) => {
      const path = fieldPath('webhooks').index(index);
      const errors = checkWebhook(hook, path);
      if (names.has(hook.name)) errors.push(duplicate(path.child('name'), hook.name));
      names.add(hook.name);
      return errors;
    });
  },
};

function checkWebhook(hook: Hook, path: FieldPath): FieldError[] {
  const errors = checkWebhookName(path.child('name'), hook.name);
  errors.push(...(hook.rules ?? []).flatMap((rule, index) => checkRule(path.child('rules').index(index), rule)));
  const { sideEffects, timeoutSeconds } = hook;
  if (sideEffects !== undefined && !noSideEffects.includes(sideEffects)) {
    errors.push(notSupported(path.child('sideEffects'), sideEffects, noSideEffects));
  }
  if (timeoutSeconds !== undefined && (timeoutSeconds < 1 || timeoutSeconds > 30)) {
    const detail = 'the timeout value must be between 1 and 30 seconds';
    errors.push(invalidValue(path.child('timeoutSeconds'), timeoutSeconds, detail));
  }
  errors.push(
    ...checkSelector(path.child('namespaceSelector'), hook.namespaceSelector),
    ...checkSelector(path.child('objectSelector'), hook.objectSelector),
    ...checkClientConfig(path.child('clientConfig'), hook.clientConfig),
    ...checkConditions(path.child('matchConditions'), hook.matchConditions, requestVariables),
    ...checkReviewVersions(path.child('admissionReviewVersions'), hook.admissionReviewVersions ?? []),
  );
  return errors;
}

function checkConditions(
  path: FieldPath,
  conditions: readonly MatchCondition[] = [],
  variables: Readonly<Record<string, Type>>,
): FieldError[] {
  const errors: FieldError[] = [];
  if (conditions.length > MAX_CONDITIONS) errors.push(tooMany(path, conditions.length, MAX_CONDITIONS));
  const names = new Set<string>();
  for (const [index, { name, expression }] of conditions.entries()) {
    const here = path.index(index);
    if (expression?.trim()) {
      errors.push(...problemOf(here.child('expression'), compileExpression(expression, variables, [celTypes.bool])));
    }
    if (!name) continue;
    for (const problem of checkQualifiedName(name)) errors.push(invalidValue(here.child('name'), name, problem));
    if (names.has(name)) errors.push(duplicate(here.child('name'), name));
    names.add(name);
  }
  return errors;
}

function problemOf(path: FieldPath, compiled: Compiled): FieldError[] {
  return 'problem' in compiled ? [invalidValue(path, compiled.source, compiled.problem)] : [];
}

const spec = fieldPath('spec');

/** Of ValidatingAdmissionPolicy. */
export const policyStrategy: Strategy = {
  ...base,
  validate(object) {
    const { spec: source } = object as unknown as admissionregistrationv1.ValidatingAdmissionPolicy;
    if (source === undefined) return [required(spec)];
    const errors: FieldError[] = [];
    if (source.matchConstraints === undefined) errors.push(required(spec.child('matchConstraints')));
    else {
      const path = spec.child('matchConstraints');
      errors.push(...checkMatchResources(path, source.matchConstraints));
      if (!source.matchConstraints.resourceRules?.length) errors.push(required(path.child('resourceRules')));
    }
    const params: Readonly<Record<string, Type>> = source.paramKind === undefined ? {} : { params: celTypes.dyn };
    const conditions = spec.child('matchConditions');
    errors.push(...checkConditions(conditions, source.matchConditions, { ...policyVariables, ...params }));
    errors.push(...checkExpressions(compilePolicy(object.metadata.name ?? '', source)));
    return errors;
  },
};

function checkExpressions(policy: CompiledPolicy): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, variable] of [...policy.variables.entries()].entries()) {
    const path = spec.child('variables').index(index);
    const [name, compiled] = variable;
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      errors.push(invalidValue(path.child('name'), name, 'name is not a valid CEL identifier'));
    }
    errors.push(...problemOf(path.child('expression'), compiled));
  }
  const { validations, auditAnnotations } = policy;
  if (validations.length === 0 && auditAnnotations.length === 0) {
    const detail = 'validations or auditAnnotations must contain at least one item';
    errors.push(required(spec.child('validations'), detail), required(spec.child('auditAnnotations'), detail));
  }
  for (const [index, { validation, expression, message }] of validations.entries()) {
    const path = spec.child('validations').index(index);
    if (validation.expression.trim()) errors.push(...problemOf(path.child('expression'), expression));
    if (message !== undefined) errors.push(...problemOf(path.child('messageExpression'), message));
    if (/[\r\n]/.test(validation.message?.trim() ?? '')) {
      errors.push(invalidValue(path.child('message'), validation.message, 'message must not contain line breaks'));
    }
    errors.push(...checkReason(path.child('reason'), validation.reason));
  }
  return [...errors, ...checkAuditAnnotations(policy)];
}

function checkReason(path: FieldPath, reason: string | undefined): FieldError[] {
  return reason === undefined || reasons.includes(reason) ? [] : [notSupported(path, reason, reasons)];
}

function checkAuditAnnotations({
  name,
  spec: { auditAnnotations: source },
  auditAnnotations,
}: CompiledPolicy): FieldError[] {
  const errors: FieldError[] = [];
  const path = spec.child('auditAnnotations');
  if (auditAnnotations.length > MAX_AUDIT_ANNOTATIONS) {
    errors.push(invalidValue(path, source, `must not have more than ${MAX_AUDIT_ANNOTATIONS} auditAnnotations`));
  }
  const keys = new Set<string>();
  for (const [index, { key, value }] of auditAnnotations.entries()) {
    const here = path.index(index);
    for (const problem of checkQualifiedName(`${name}/${key}`))
      errors.push(invalidValue(here.child('key'), key, problem));
    if (keys.has(key)) errors.push(duplicate(here.child('key'), key));
    keys.add(key);
    errors.push(...problemOf(here.child('valueExpression'), value));
  }
  return errors;
}

function checkMatchResources(
  path: FieldPath,
  { resourceRules, excludeResourceRules, namespaceSelector, objectSelector }: admissionregistrationv1.MatchResources,
): FieldError[] {
  return [
    ...checkSelector(path.child('namespaceSelector'), namespaceSelector),
    ...checkSelector(path.child('objectSelector'), objectSelector),
    ...(resourceRules ?? []).flatMap((rule, index) => checkRule(path.child('resourceRules').index(index), rule)),
    ...(excludeResourceRules ?? []).flatMap((rule, index) =>
      checkRule(path.child('excludeResourceRules').index(index), rule),
    ),
  ];
}

/** Of ValidatingAdmissionPolicyBinding. */
export const policyBindingStrategy: Strategy = {
  ...base,
  validate(object: UnstructuredObject) {
    const { spec: source = {} } = object as unknown as admissionregistrationv1.ValidatingAdmissionPolicyBinding;
    const { policyName, paramRef, matchResources, validationActions = [] } = source;
    const errors: FieldError[] = [];
    if (!policyName) errors.push(required(spec.child('policyName')));
    if (paramRef !== undefined) errors.push(...checkParamRef(spec.child('paramRef'), paramRef));
    if (matchResources !== undefined) errors.push(...checkMatchResources(spec.child('matchResources'), matchResources));
    return [...errors, ...checkActions(spec.child('validationActions'), validationActions)];
  },
};

function checkParamRef(
  path: FieldPath,
  { name, selector, parameterNotFoundAction }: admissionregistrationv1.ParamRef,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!name === (selector === undefined)) {
    errors.push(
      name
        ? invalidValue(path.child('name'), name, 'name and selector are mutually exclusive')
        : required(path, 'one of name or selector must be specified'),
    );
  }
  if (parameterNotFoundAction === undefined) errors.push(required(path.child('parameterNotFoundAction')));
  return errors;
}

function checkActions(path: FieldPath, actions: readonly admissionregistrationv1.ValidationAction[]): FieldError[] {
  const errors: FieldError[] = [];
  actions.forEach((action, index) => {
    if (actions.indexOf(action) < index) errors.push(duplicate(path.index(index), action));
  });
  if (actions.includes('Deny') && actions.includes('Warn')) {
    const detail =
      'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)';
    errors.push(invalidValue(path, actions, detail));
  }
  if (actions.length === 0) errors.push(required(path, 'at least one validation action is required'));
  return errors;
}
