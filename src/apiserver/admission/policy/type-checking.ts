import {
  type admissionregistrationv1,
  apiVersionOf,
  type ResourceType,
  type Scheme,
  structOf,
  typeOf,
} from '../../../api/index.ts';
import {
  CompileError,
  celTypes,
  compile,
  describedType,
  type Schema,
  schemaType,
  type Type,
} from '../../../cel/index.ts';
import { policyVariables } from '../dynamic/expressions.ts';
import { compileVariables } from './compiled.ts';

type Policy = admissionregistrationv1.ValidatingAdmissionPolicy;
type Rule = admissionregistrationv1.NamedRuleWithOperations;
type Warning = admissionregistrationv1.ExpressionWarning;
type Variables = Readonly<Record<string, Type>>;

/** So many kinds of one rule are looked at. */
const MAX_KINDS = 10;

/**
 * What is wrong with a policy's expressions for the kinds that its rules name: there they meet typed objects, while they are stored
 * as fitting objects of any kind. For people to read: it changes nothing of what the policy does.
 */
export function checkPolicyTypes({ spec = {} }: Policy, scheme: Scheme): Warning[] {
  const params = paramsType(spec.paramKind, scheme);
  const kinds = kindsOf(spec.matchConstraints?.resourceRules ?? [], scheme).map((type): [string, Variables] => {
    const object = objectType(type);
    const variables = { ...policyVariables, object, oldObject: object, ...(params === undefined ? {} : { params }) };
    return [nameOf(type), { ...variables, variables: compileVariables(spec.variables, variables).variablesType }];
  });
  const check = (fieldRef: string, source: string): Warning[] => {
    const found = kinds.flatMap(([name, variables]) => {
      const problem = problemOf(source, variables);
      return problem === undefined ? [] : [`${name}: ${problem}\n`];
    });
    return found.length === 0 ? [] : [{ fieldRef, warning: found.join('\n') }];
  };
  return (spec.validations ?? []).flatMap(({ expression, messageExpression }, index) => [
    ...check(`spec.validations[${index}].expression`, expression),
    ...(messageExpression ? check(`spec.validations[${index}].messageExpression`, messageExpression) : []),
  ]);
}

function problemOf(source: string, variables: Variables): string | undefined {
  try {
    compile(source, { variables });
    return undefined;
  } catch (error) {
    if (error instanceof CompileError) return error.message;
    throw error;
  }
}

/** By group, version and kind. Rules with wildcards name none. */
function kindsOf(rules: readonly Rule[], scheme: Scheme): ResourceType[] {
  const found = new Map<string, ResourceType>();
  for (const { apiGroups = [], apiVersions = [], resources = [] } of rules) {
    if ([...apiGroups, ...apiVersions].some((name) => name.includes('*'))) continue;
    const named = resources.filter((resource) => !/[*/]/.test(resource)).toSorted();
    const types = apiGroups.toSorted().flatMap((group) =>
      apiVersions.toSorted().flatMap((version) =>
        named.flatMap((resource) => {
          const type = scheme.findResource(group, version, resource);
          return type === undefined ? [] : [type];
        }),
      ),
    );
    for (const type of types.slice(0, MAX_KINDS)) found.set(nameOf(type), type);
  }
  const order = ({ group, version, kind }: ResourceType): string => JSON.stringify([group, version, kind]);
  return [...found.values()].toSorted((a, b) => (order(a) < order(b) ? -1 : 1));
}

/** As Kubernetes writes it: `apps/v1, Kind=Deployment`, and `/v1, Kind=Pod`. */
function nameOf({ group, version, kind }: ResourceType): string {
  return `${group}/${version}, Kind=${kind}`;
}

function paramsType(paramKind: admissionregistrationv1.ParamKind | undefined, scheme: Scheme): Type | undefined {
  const type = scheme.findKind(paramKind?.apiVersion ?? '', paramKind?.kind ?? '');
  return type && objectType(type);
}

function objectType(type: ResourceType): Type {
  if (type.custom === undefined) return describedType(typeOf(apiVersionOf(type), type.kind)!);
  const { schema } = type.custom;
  const root = schemaType({ ...(schema as Schema), type: 'object' }, type.kind);
  // An open schema: anything may be there.
  if (root.kind !== 'object') return root;
  const own = (property: string, own: Type): [string, { property: string; type: Type }] => [
    property,
    { property, type: own },
  ];
  const fields = new Map([
    ...root.fields,
    own('apiVersion', celTypes.string),
    own('kind', celTypes.string),
    own('metadata', describedType(structOf('meta/v1', 'ObjectMeta')!)),
  ]);
  return { ...root, fields };
}
