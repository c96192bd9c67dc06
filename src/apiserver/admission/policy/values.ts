import type { UnstructuredObject } from '../../../api/index.ts';
import { type Budget, EvaluationError, fromJson, MapValue, type Type, type Value } from '../../../cel/index.ts';
import { type ExpressionValues, evaluateExpression } from '../dynamic/expressions.ts';
import { namespaceType } from '../dynamic/request.ts';
import type { CompiledPolicy } from './compiled.ts';

/** The values of all variables of a policy's expressions. */
export function policyValues(
  policy: CompiledPolicy,
  request: ExpressionValues,
  {
    params,
    namespace,
    budget,
  }: {
    params: UnstructuredObject | undefined;
    namespace: UnstructuredObject | undefined;
    budget: Budget;
  },
): ExpressionValues {
  const own = new Map<string, Value>([
    ['params', fromJson(params ?? null)],
    ['namespaceObject', namespaceValue(namespace)],
  ]);
  const values: ExpressionValues = (name) => own.get(name) ?? (own.has(name) ? null : request(name));
  own.set('variables', new Variables(policy, values, budget));
  return values;
}

/** The variables that a policy defines, each evaluated when it is first looked at. */
class Variables extends MapValue {
  readonly #policy: CompiledPolicy;
  readonly #values: ExpressionValues;
  readonly #budget: Budget;
  readonly #known = new Map<string, Value>();

  constructor(policy: CompiledPolicy, values: ExpressionValues, budget: Budget) {
    super();
    this.#policy = policy;
    this.#values = values;
    this.#budget = budget;
  }

  override get objectType(): Extract<Type, { kind: 'object' }> {
    return this.#policy.variablesType;
  }

  override get size(): number {
    return this.#policy.variables.size;
  }

  override keys(): readonly string[] {
    return [...this.#policy.variables.keys()];
  }

  override get(key: Value): Value | undefined {
    if (typeof key !== 'string') return undefined;
    const known = this.#known.get(key);
    const variable = this.#policy.variables.get(key);
    if (known !== undefined || variable === undefined) return known;
    const outcome = evaluateExpression(variable, this.#values, this.#budget);
    if ('error' in outcome) {
      throw new EvaluationError(`composited variable "${key}" fails to evaluate: ${outcome.error}`);
    }
    this.#known.set(key, outcome.value);
    return outcome.value;
  }
}

/** Of a namespace only what can't be a secret of its. */
function namespaceValue(namespace: UnstructuredObject | undefined): Value {
  if (namespace === undefined) return null;
  const { metadata, spec, status } = namespace as UnstructuredObject & { spec?: unknown; status?: unknown };
  return fromJson({ metadata: { ...metadata, UID: metadata.uid }, spec, status }, namespaceType);
}
