import {
  type CustomSchema,
  duplicate,
  equalPlain,
  type FieldError,
  type FieldPath,
  fieldErrorText,
  fieldPath,
  fieldSchema,
  forbiddenField,
  invalidValue,
  isPlainObject,
  itemSchema,
  itemsByKeys,
  parseJsonPath,
  required,
} from '../../api/index.ts';
import {
  Budget,
  CostExceededError,
  fromJson,
  Optional,
  PER_CALL_LIMIT,
  PER_REQUEST_LIMIT,
  type Program,
  type Value,
} from '../../cel/index.ts';
import { type CompiledRule, hasRules, rulesOf, type ValidationRule } from './compile.ts';

/** Bytes of a message that an expression makes. */
const MAX_MESSAGE_BYTES = 5 * 1024;

/** Errors after which rules aren't looked at: what they are about isn't what they think it is. */
const blocking: ReadonlySet<FieldError['type']> = new Set([
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);

/**
 * What x-kubernetes-validations say against an object, in Kubernetes' words. `found`: what is wrong with it by its schema.
 * `warn` is told what isn't held against an update because it was so before.
 */
export function checkRules(
  object: object,
  old: object | undefined,
  schema: CustomSchema,
  found: readonly FieldError[],
  warn: (text: string) => void,
): FieldError[] {
  if (!hasRules(schema)) return [];
  if (found.some(({ type }) => blocking.has(type))) {
    const detail =
      'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';
    return [{ type: 'FieldValueInvalid', field: '<nil>', badValue: null, detail }];
  }
  const walk = new RuleWalk(warn);
  walk.node(object, old, schema, fieldPath(), true);
  return walk.errors;
}

class RuleWalk {
  readonly errors: FieldError[] = [];
  readonly #warn: (text: string) => void;
  readonly #budget = new Budget(PER_REQUEST_LIMIT);
  #exhausted = false;

  constructor(warn: (text: string) => void) {
    this.#warn = warn;
  }

  node(value: unknown, old: unknown, schema: CustomSchema, path: FieldPath, isRoot = false): void {
    if (this.#exhausted || value === null || value === undefined || !hasRules(schema)) return;
    const { type, rules } = rulesOf(schema, isRoot);
    if (rules.length > 0) {
      const before = old === undefined || old === null ? undefined : fromJson(old, type);
      const unchanged = before !== undefined && equalPlain(value, old);
      const self = fromJson(value, type);
      for (const rule of rules) {
        this.#rule(rule, self, before, unchanged, schema.type ?? '', path);
        if (this.#exhausted) return;
      }
    }
    for (const branch of schema.allOf ?? []) this.node(value, old, branch, path);
    const items = itemSchema(schema);
    if (Array.isArray(value)) {
      if (items === undefined || !hasRules(items)) return;
      const beforeOf = Array.isArray(old) ? itemsByKeys(old, schema) : undefined;
      value.forEach((item, index) => void this.node(item, beforeOf?.(item), items, path.index(index)));
    } else if (isPlainObject(value)) {
      const keyed = schema.properties === undefined;
      for (const key of Object.keys(value)) {
        const below = fieldSchema(schema, key);
        const before = isPlainObject(old) && Object.hasOwn(old, key) ? old[key] : undefined;
        if (below !== undefined) this.node(value[key], before, below, keyed ? path.key(key) : path.child(key));
      }
    }
  }

  #rule(
    { rule, program, message, transition, problems }: CompiledRule,
    self: Value,
    before: Value | undefined,
    unchanged: boolean,
    typeName: string,
    path: FieldPath,
  ): void {
    const told = (text: string): void => void this.errors.push(invalidValue(path, typeName, text));
    if (program === undefined) {
      told(`rule compile error: ${problems.rule}`);
      return;
    }
    if (transition && before === undefined && !rule.optionalOldSelf) return;
    const oldSelf = rule.optionalOldSelf ? new Optional(before) : before;
    const variables = { self, ...(oldSelf === undefined ? {} : { oldSelf }) };
    let holds: Value;
    try {
      holds = this.#evaluate(program, variables);
    } catch (error) {
      const text = (error as Error).message;
      if (error instanceof CostExceededError) {
        this.#exhausted = true;
        told(
          this.#budget.remaining <= 0
            ? 'validation failed due to running out of cost budget, no further validation rules will be run'
            : `'${text}': no further validation rules will be run due to call cost exceeds limit for rule: ${nameOf(rule)}`,
        );
      } else if (text.startsWith('no such overload')) {
        told(
          `'${text}': call arguments did not match a supported operator, function or macro signature for rule: ${nameOf(rule)}`,
        );
      } else told(`${text} evaluating rule: ${nameOf(rule)}`);
      return;
    }
    if (holds === true) return;
    const error = refusal(rule, pathOf(rule, path), typeName, this.#message(rule, message, variables));
    if (!transition && unchanged) this.#warn(fieldErrorText(error));
    else this.errors.push(error);
  }

  /** What a message expression makes, if it makes something that can be shown. */
  #message(rule: ValidationRule, program: Program | undefined, variables: Record<string, Value>): string {
    const fallback = rule.message?.trim() || `failed rule: ${nameOf(rule)}`;
    if (program === undefined) return fallback;
    try {
      const made = this.#evaluate(program, variables);
      const text = typeof made === 'string' ? made.trim() : '';
      const shown = text !== '' && !text.includes('\n') && Buffer.byteLength(text) <= MAX_MESSAGE_BYTES;
      return shown ? text : fallback;
    } catch {
      return fallback;
    }
  }

  /** Each evaluation has its own limit, and all of a request one together. */
  #evaluate(program: Program, variables: Record<string, Value>): Value {
    const limit = Math.min(PER_CALL_LIMIT, this.#budget.remaining);
    const own = new Budget(limit);
    try {
      return program.evaluate(variables, own);
    } finally {
      const spent = limit - Math.max(0, own.remaining);
      this.#budget.spend(spent);
    }
  }
}

function nameOf({ rule, message = '' }: ValidationRule): string {
  return message.trim() || rule.trim();
}

function pathOf({ fieldPath: at }: ValidationRule, path: FieldPath): FieldPath {
  const fields = at ? parseJsonPath(at)?.fields : undefined;
  return fields === undefined ? path : path.child(...fields);
}

function refusal({ reason }: ValidationRule, path: FieldPath, typeName: string, text: string): FieldError {
  switch (reason) {
    case 'FieldValueForbidden':
      return forbiddenField(path, text);
    case 'FieldValueRequired':
      return required(path, text);
    case 'FieldValueDuplicate':
      return duplicate(path, typeName);
    default:
      return invalidValue(path, typeName, text);
  }
}
