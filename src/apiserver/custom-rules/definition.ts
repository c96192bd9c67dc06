import {
  type CustomResourceDefinition,
  type CustomSchema,
  equalPlain,
  type FieldError,
  type FieldPath,
  fieldSchema,
  invalidValue,
  itemSchema,
  notSupported,
  parseJsonPath,
  required,
  schemaPaths,
} from '../../api/index.ts';
import { type CompiledRule, compileRules, hasRules } from './compile.ts';
import { below, CostCount, type Occurrences, ruleCost } from './costs.ts';

const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];

/**
 * What is wrong with the x-kubernetes-validations of a definition. What they may cost is asked only of schemas that are new: a
 * definition that was taken once stays.
 */
export function checkDefinitionRules(
  { spec }: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
): FieldError[] {
  const versions = spec.versions ?? [];
  return schemaPaths(versions).flatMap((path, index) => {
    const { name, schema } = versions[index]!;
    const root = schema?.openAPIV3Schema;
    if (root === undefined) return [];
    const before = old?.spec.versions.find((version) => version.name === name)?.schema?.openAPIV3Schema;
    const costs = before !== undefined && equalPlain(root, before) ? undefined : new CostCount();
    const place = { path, isRoot: true, within: undefined, occurrences: 1 };
    return [...checkNode(root, place, costs), ...(costs?.conclude(path) ?? [])];
  });
}

/** Where a schema stands. */
interface Place {
  path: FieldPath;
  isRoot: boolean;
  /** The list above whose items can't be told from those that were before. */
  within: FieldPath | undefined;
  occurrences: Occurrences;
}

function checkNode(schema: CustomSchema, place: Place, costs: CostCount | undefined): FieldError[] {
  if (!hasRules(schema)) return [];
  const { path, isRoot, within, occurrences } = place;
  const errors: FieldError[] = [];
  const { rules, whole } = compileRules(schema, isRoot);
  const at = path.child('x-kubernetes-validations');
  for (const [index, rule] of rules.entries()) {
    errors.push(...checkRule(rule, at.index(index), schema, within));
    if (costs !== undefined) errors.push(...checkCosts(rule, at.index(index), whole, occurrences, costs));
  }
  const inside = { isRoot: false, within, occurrences: below(occurrences, schema) };
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    errors.push(...checkNode(property, { ...inside, path: path.child('properties').key(name) }, costs));
  }
  const { additionalProperties } = schema;
  if (typeof additionalProperties === 'object') {
    errors.push(...checkNode(additionalProperties, { ...inside, path: path.child('additionalProperties') }, costs));
  }
  const items = itemSchema(schema);
  if (items !== undefined) {
    const correlated = schema['x-kubernetes-list-type'] === 'map';
    const uncorrelated = within ?? (correlated ? undefined : path);
    errors.push(...checkNode(items, { ...inside, within: uncorrelated, path: path.child('items') }, costs));
  }
  return errors;
}

function checkCosts(
  { rule, program, message }: CompiledRule,
  path: FieldPath,
  schema: CustomSchema,
  occurrences: Occurrences,
  costs: CostCount,
): FieldError[] {
  const errors: FieldError[] = [];
  const costOf = (source: string): number => ruleCost(source, schema, { optionalOldSelf: rule.optionalOldSelf });
  if (program !== undefined) errors.push(...costs.rule(path.child('rule'), costOf(rule.rule), schema, occurrences));
  if (message !== undefined && rule.messageExpression) {
    errors.push(...costs.message(path.child('messageExpression'), costOf(rule.messageExpression)));
  }
  return errors;
}

function checkRule(
  { rule, problems, transition }: CompiledRule,
  path: FieldPath,
  schema: CustomSchema,
  within: FieldPath | undefined,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!rule.rule?.trim()) return [required(path.child('rule'), 'rule is not specified')];
  if (problems.rule !== undefined) errors.push(invalidValue(path.child('rule'), rule, problems.rule));
  if (transition && within !== undefined) {
    const text = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${within}`;
    errors.push(invalidValue(path.child('rule'), rule.rule, text));
  }
  const { message, messageExpression, reason, fieldPath: at } = rule;
  if (message !== undefined && message !== '' && message.trim() === '') {
    errors.push(invalidValue(path.child('message'), message, 'message must be non-empty if specified'));
  } else if (message?.trim().includes('\n')) {
    errors.push(invalidValue(path.child('message'), message, 'message must not contain line breaks'));
  } else if (rule.rule.trim().includes('\n') && !message) {
    errors.push(required(path.child('message'), 'message must be specified if rule contains line breaks'));
  }
  if (messageExpression && problems.messageExpression !== undefined) {
    errors.push(invalidValue(path.child('messageExpression'), rule, problems.messageExpression));
  }
  if (reason !== undefined && !reasons.includes(reason)) {
    errors.push(notSupported(path.child('reason'), reason, reasons));
  }
  if (at) {
    const text = pathProblem(at, schema);
    if (text !== undefined) {
      errors.push(invalidValue(path.child('fieldPath'), at, `fieldPath must be a valid path: ${text}`));
    }
  }
  if (rule.optionalOldSelf !== undefined && !transition && problems.rule === undefined) {
    const text = 'may not be set if oldSelf is not used in rule';
    errors.push(invalidValue(path.child('optionalOldSelf'), rule.optionalOldSelf, text));
  }
  return errors;
}

function pathProblem(at: string, schema: CustomSchema): string | undefined {
  const fields = at.startsWith('.') || at.startsWith('[') ? parseJsonPath(at)?.fields : undefined;
  if (fields === undefined) return `expected [ or . but got: ${at}`;
  let found: CustomSchema | undefined = schema;
  for (const field of fields) {
    found = fieldSchema(found, field);
    if (found === undefined) return 'does not refer to a valid field';
  }
  return undefined;
}
