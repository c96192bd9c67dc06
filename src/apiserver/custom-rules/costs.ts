import { type CustomSchema, type FieldError, type FieldPath, forbiddenField } from '../../api/index.ts';
import { celTypes, estimateCost, type Schema, schemaType } from '../../cel/index.ts';
import { mostElementsAt, mostInRequest } from './sizes.ts';

/** What a rule may cost by its estimate, for all values that it is checked for in one object, and all rules together. */
const RULE_LIMIT = 10_000_000;
const DEFINITION_LIMIT = 100_000_000;
/** So many of the most expensive rules are named when all together are too much, if they are worth it. */
const NAMED = 4;
const WORTH_NAMING = DEFINITION_LIMIT / 100;

/** What evaluating a rule once costs at most, for a value of this schema. Throws CompileError. */
export function ruleCost(
  rule: string,
  schema: CustomSchema,
  { optionalOldSelf = false }: { optionalOldSelf?: boolean | undefined } = {},
): number {
  const self = schemaType(schema as Schema);
  const oldSelf = optionalOldSelf ? celTypes.optional(self) : self;
  const options = { variables: { self, oldSelf }, result: [celTypes.bool, celTypes.string] };
  return estimateCost(rule, options, (path) => mostElementsAt(schema, path));
}

/** How often a schema's values can be in one object: undefined while nothing bounds it. */
export type Occurrences = number | undefined;

/** The same of the values below: items of a list, values of a map, fields of an object. */
export function below(occurrences: Occurrences, { type, additionalProperties, ...limits }: CustomSchema): Occurrences {
  const factor = type === 'array' ? limits.maxItems : isMap({ type, additionalProperties }) ? limits.maxProperties : 1;
  return occurrences === undefined || factor === undefined ? undefined : occurrences * Math.max(0, factor);
}

function isMap({ type, additionalProperties }: CustomSchema): boolean {
  return type === 'object' && additionalProperties !== undefined;
}

/** Adds up what the rules of one schema cost. */
export class CostCount {
  #total = 0;
  #expensive: { path: FieldPath; cost: number }[] = [];

  /** Counts a rule's cost for each time that its value can be there. Returns what is wrong with it alone. */
  rule(path: FieldPath, cost: number, schema: CustomSchema, occurrences: Occurrences): FieldError[] {
    return this.#count(path, 'estimated rule cost', cost * (occurrences ?? mostInRequest(schema)));
  }

  /** A message is made for one value. */
  message(path: FieldPath, cost: number): FieldError[] {
    return this.#count(path, 'estimated messageExpression cost', cost);
  }

  /** What is wrong with all together. */
  conclude(path: FieldPath): FieldError[] {
    if (this.#total <= DEFINITION_LIMIT) return [];
    const what = 'estimated rule & messageExpression cost total for entire OpenAPIv3 schema';
    const contributed = `contributed to estimated rule & messageExpression cost total exceeding cost limit for entire OpenAPIv3 schema`;
    return [
      ...this.#expensive.map(({ path: at }) => forbiddenField(at, contributed)),
      forbiddenField(path, exceeds(what, this.#total, DEFINITION_LIMIT)),
    ];
  }

  #count(path: FieldPath, what: string, cost: number): FieldError[] {
    this.#total += cost;
    if (cost >= WORTH_NAMING) {
      this.#expensive = [...this.#expensive, { path, cost }].toSorted((a, b) => b.cost - a.cost).slice(0, NAMED);
    }
    return cost > RULE_LIMIT ? [forbiddenField(path, exceeds(what, cost, RULE_LIMIT))] : [];
  }
}

function exceeds(what: string, cost: number, limit: number): string {
  const times = cost / limit;
  const factor = times > 100 ? 'more than 100x' : `${times.toFixed(times < 1.5 ? 6 : 1)}x`;
  return `${what} exceeds budget by factor of ${factor} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`;
}
