import {
  authorizerType,
  type Budget,
  CompileError,
  celTypes,
  compile,
  EvaluationError,
  fromJson,
  type Program,
  resourceCheckType,
  type Type,
  type Value,
  WrongResultError,
} from '../../../cel/index.ts';
import type { AdmissionAttributes } from '../types.ts';
import type { Access } from './access.ts';
import { namespaceType, requestOf, requestType } from './request.ts';
import type { View } from './target.ts';

/** The variables of all expressions in admission. */
export const requestVariables: Readonly<Record<string, Type>> = {
  object: celTypes.dyn,
  oldObject: celTypes.dyn,
  request: requestType,
  authorizer: authorizerType,
  'authorizer.requestResource': resourceCheckType,
};

export const policyVariables: Readonly<Record<string, Type>> = { ...requestVariables, namespaceObject: namespaceType };

/** An expression that is compiled, or why it can't be. */
export type Compiled = { readonly source: string } & ({ readonly program: Program } | { readonly problem: string });

/** Compiles for good: what is wrong is told whenever the expression is to be used. */
export function compileExpression(
  source: string,
  variables: Readonly<Record<string, Type>>,
  result?: readonly Type[],
): Compiled {
  try {
    return { source, program: compile(source, { variables, result }) };
  } catch (error) {
    if (error instanceof CompileError) return { source, problem: `compilation failed: ${error.message}` };
    if (error instanceof WrongResultError) return { source, problem: error.message };
    throw error;
  }
}

export type Outcome = { readonly value: Value } | { readonly error: string };

/** Evaluates, or tells in Kubernetes' words why it couldn't. */
export function evaluateExpression(compiled: Compiled, values: ExpressionValues, budget: Budget): Outcome {
  if ('problem' in compiled) return { error: compiled.problem };
  try {
    return { value: compiled.program.evaluate(values, budget) };
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
    return { error: `expression '${compiled.source}' resulted in error: ${error.message}` };
  }
}

export type ExpressionValues = (name: string) => Value | undefined;

/** The values of the request's variables, made when first asked for. */
export function requestValues(attributes: AdmissionAttributes, view: View, access: Access): ExpressionValues {
  const made = new Map<string, Value>();
  const make: Readonly<Record<string, () => Value>> = {
    object: () => fromJson(view.object ?? null),
    oldObject: () => fromJson(view.old ?? null),
    request: () => fromJson(requestOf(attributes, view), requestType),
    authorizer: () => access.authorizer,
    'authorizer.requestResource': () => access.requestResource,
  };
  return (name) => {
    const known = made.get(name);
    if (known !== undefined || !Object.hasOwn(make, name)) return known;
    const value = make[name]!();
    made.set(name, value);
    return value;
  };
}
