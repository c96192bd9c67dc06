import type { apiextensionsv1, CustomSchema } from '../../api/index.ts';
import { CompileError, celTypes, compile, type Program, type Schema, schemaType, type Type } from '../../cel/index.ts';

export type ValidationRule = apiextensionsv1.ValidationRule;

/** A rule of a definition, ready to be evaluated. */
export interface CompiledRule {
  rule: ValidationRule;
  /** Undefined: it doesn't compile. */
  program: Program | undefined;
  message: Program | undefined;
  /** It compares with what was before: without that it says nothing, unless it takes that as optional. */
  transition: boolean;
  /** What is wrong with it, by the rule's field. */
  problems: Partial<Record<'rule' | 'messageExpression', string>>;
}

/** The rules of one schema node, and the type of what they are about. */
export interface NodeRules {
  /** The schema, with what every object has if it is the root's. */
  whole: CustomSchema;
  type: Type;
  rules: readonly CompiledRule[];
}

/** What the root of every object has, whatever its schema says. */
const objectMeta: Record<string, CustomSchema> = {
  apiVersion: { type: 'string' },
  kind: { type: 'string' },
  metadata: { type: 'object', properties: { name: { type: 'string' }, generateName: { type: 'string' } } },
};

/** Compiles the rules that stand at a schema node itself. */
export function compileRules(schema: CustomSchema, isRoot: boolean): NodeRules {
  const whole = isRoot ? { ...schema, properties: { ...schema.properties, ...objectMeta } } : schema;
  const type = schemaType(whole as Schema);
  return { whole, type, rules: (schema['x-kubernetes-validations'] ?? []).map((rule) => compileRule(rule, type)) };
}

function compileRule(rule: ValidationRule, self: Type): CompiledRule {
  const problems: CompiledRule['problems'] = {};
  const attempt = (
    source: string,
    variables: Record<string, Type>,
    result: Type,
  ): { program?: Program; problem?: string } => {
    try {
      return { program: compile(source, { variables, result: [result] }) };
    } catch (error) {
      const message = (error as Error).message;
      return { problem: error instanceof CompileError ? `compilation failed: ${message}` : message };
    }
  };
  const oldSelf = rule.optionalOldSelf ? celTypes.optional(self) : self;
  // What compiles without it doesn't look at it.
  const without = attempt(rule.rule, { self }, celTypes.bool);
  const checked = without.program === undefined ? attempt(rule.rule, { self, oldSelf }, celTypes.bool) : without;
  const message = rule.messageExpression
    ? attempt(rule.messageExpression, { self, oldSelf }, celTypes.string)
    : undefined;
  if (checked.problem !== undefined) problems.rule = checked.problem;
  if (message?.problem !== undefined) {
    problems.messageExpression = `messageExpression ${message.problem}`;
  }
  return {
    rule,
    program: checked.program,
    message: message?.program,
    transition: without.program === undefined && checked.program !== undefined,
    problems,
  };
}

/** Compiled on first use; a schema is replaced, never changed. */
const compiled = new WeakMap<CustomSchema, NodeRules>();

export function rulesOf(schema: CustomSchema, isRoot: boolean): NodeRules {
  let rules = compiled.get(schema);
  if (rules === undefined) {
    rules = compileRules(schema, isRoot);
    compiled.set(schema, rules);
  }
  return rules;
}

const having = new WeakMap<CustomSchema, boolean>();

/** Whether there are rules at a node or below: most schemas have none. */
export function hasRules(schema: CustomSchema): boolean {
  let found = having.get(schema);
  if (found === undefined) {
    const { properties = {}, items, additionalProperties, allOf = [] } = schema;
    const below = [
      ...Object.values(properties),
      ...(items === undefined || Array.isArray(items) ? [] : [items]),
      ...(typeof additionalProperties === 'object' ? [additionalProperties] : []),
      ...allOf,
    ];
    found = (schema['x-kubernetes-validations'] ?? []).length > 0 || below.some(hasRules);
    having.set(schema, found);
  }
  return found;
}
