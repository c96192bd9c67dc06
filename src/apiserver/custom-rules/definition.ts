import {
  type CustomResourceDefinition,
  type CustomSchema,
  type FieldError,
  type FieldPath,
  fieldPath,
  fieldSchema,
  invalidValue,
  itemSchema,
  notSupported,
  parseJsonPath,
  required,
} from '../../api/index.ts';
import { type CompiledRule, compileRules, hasRules } from './compile.ts';

const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];

/** What is wrong with the x-kubernetes-validations of a definition. */
export function checkDefinitionRules({ spec }: CustomResourceDefinition): FieldError[] {
  const path = fieldPath('spec', 'versions');
  return (spec.versions ?? []).flatMap(({ schema }, index) => {
    const root = schema?.openAPIV3Schema;
    const at = path.index(index).child('schema', 'openAPIV3Schema');
    return root === undefined ? [] : checkNode(root, at, true, undefined);
  });
}

/** `within`: the list above whose items can't be told from those that were before. */
function checkNode(
  schema: CustomSchema,
  path: FieldPath,
  isRoot: boolean,
  within: FieldPath | undefined,
): FieldError[] {
  if (!hasRules(schema)) return [];
  const errors: FieldError[] = [];
  const { rules } = compileRules(schema, isRoot);
  const at = path.child('x-kubernetes-validations');
  for (const [index, rule] of rules.entries()) errors.push(...checkRule(rule, at.index(index), schema, within));
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    errors.push(...checkNode(property, path.child('properties').key(name), false, within));
  }
  const { additionalProperties } = schema;
  if (typeof additionalProperties === 'object') {
    errors.push(...checkNode(additionalProperties, path.child('additionalProperties'), false, within));
  }
  const items = itemSchema(schema);
  if (items !== undefined) {
    const correlated = schema['x-kubernetes-list-type'] === 'map';
    errors.push(...checkNode(items, path.child('items'), false, within ?? (correlated ? undefined : path)));
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
