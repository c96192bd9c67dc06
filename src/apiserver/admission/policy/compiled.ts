import type { admissionregistrationv1 } from '../../../api/index.ts';
import { celTypes, type Type } from '../../../cel/index.ts';
import type { StoredState } from '../../registry/types.ts';
import { type Compiled, compileExpression, policyVariables } from '../dynamic/expressions.ts';
import { compileConditions } from '../dynamic/match-conditions.ts';

export type PolicySpec = admissionregistrationv1.ValidatingAdmissionPolicySpec;

/** A ValidatingAdmissionPolicy with its expressions compiled. */
export interface CompiledPolicy {
  readonly name: string;
  readonly spec: PolicySpec;
  readonly conditions: readonly Compiled[];
  readonly variables: ReadonlyMap<string, Compiled>;
  /** The type of `variables`. */
  readonly variablesType: Extract<Type, { kind: 'object' }>;
  readonly validations: readonly CompiledValidation[];
  readonly auditAnnotations: readonly { readonly key: string; readonly value: Compiled }[];
}

export interface CompiledValidation {
  readonly validation: admissionregistrationv1.Validation;
  readonly expression: Compiled;
  readonly message: Compiled | undefined;
}

const compiled = new WeakMap<StoredState, CompiledPolicy>();

/** Compiled once for each state of the policy. */
export function compiledPolicy(stored: StoredState): CompiledPolicy {
  let policy = compiled.get(stored);
  if (policy === undefined) {
    const { metadata, spec = {} } = stored.object as unknown as admissionregistrationv1.ValidatingAdmissionPolicy;
    policy = compilePolicy(metadata.name ?? '', spec);
    compiled.set(stored, policy);
  }
  return policy;
}

export function compilePolicy(name: string, spec: PolicySpec): CompiledPolicy {
  const params: Record<string, Type> = spec.paramKind === undefined ? {} : { params: celTypes.dyn };
  const { variables, variablesType } = compileVariables(spec.variables, { ...policyVariables, ...params });
  const declared: Record<string, Type> = { ...policyVariables, ...params, variables: variablesType };
  // Messages may not tell what somebody else is allowed.
  const { authorizer: _, 'authorizer.requestResource': __, ...forMessages } = declared;
  return {
    name,
    spec,
    conditions: compileConditions(spec.matchConditions, { ...policyVariables, ...params }),
    variables,
    variablesType,
    validations: (spec.validations ?? []).map((validation) => ({
      validation,
      expression: compileExpression(validation.expression, declared, [celTypes.bool]),
      message: validation.messageExpression
        ? compileExpression(validation.messageExpression, forMessages, [celTypes.string])
        : undefined,
    })),
    auditAnnotations: (spec.auditAnnotations ?? []).map(({ key, valueExpression }) => ({
      key,
      value: compileExpression(valueExpression, declared, [celTypes.string, celTypes.nullType]),
    })),
  };
}

/** Each may use those before it. */
export function compileVariables(
  sources: PolicySpec['variables'],
  given: Readonly<Record<string, Type>>,
): Pick<CompiledPolicy, 'variables' | 'variablesType'> {
  const variables = new Map<string, Compiled>();
  const fields = new Map<string, { type: Type; property: string }>();
  for (const { name, expression } of sources ?? []) {
    const known: Type = { kind: 'object', name: 'kubernetes.variables', fields: new Map(fields) };
    const variable = compileExpression(expression, { ...given, variables: known });
    variables.set(name, variable);
    fields.set(name, { property: name, type: 'program' in variable ? variable.program.type : celTypes.dyn });
  }
  return { variables, variablesType: { kind: 'object', name: 'kubernetes.variables', fields } };
}
