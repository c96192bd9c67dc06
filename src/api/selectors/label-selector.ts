import type { FieldError } from '../field-errors.ts';
import { fieldErrorText, fieldPath, invalidValue, notSupported } from '../field-errors.ts';
import { checkLabelValue, checkQualifiedName } from '../names.ts';

export type LabelOperator = '=' | '==' | '!=' | 'in' | 'notin' | 'exists' | '!' | '>' | '<';

/** One condition on one label. */
export interface LabelRequirement {
  readonly key: string;
  readonly operator: LabelOperator;
  readonly values: readonly string[];
}

export type Labels = Readonly<Record<string, string>>;

/** What objects carry labels that meet all requirements. Immutable, so freely shared. */
export class LabelSelector {
  /** Sorted by key. */
  readonly requirements: readonly LabelRequirement[];
  /** Matches no object whatever its labels. */
  readonly nothing: boolean;

  constructor(requirements: readonly LabelRequirement[], nothing = false) {
    this.requirements = requirements.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    this.nothing = nothing;
  }

  /** Whether every object matches. */
  get empty(): boolean {
    return !this.nothing && this.requirements.length === 0;
  }

  matches(labels: Labels | undefined): boolean {
    if (this.nothing) return false;
    for (const requirement of this.requirements) {
      if (!meets(requirement, labels)) return false;
    }
    return true;
  }

  /** The text form, which parses back to the same selector. */
  toString(): string {
    return this.requirements.map(requirementText).join(',');
  }
}

export const everything = new LabelSelector([]);
export const nothing = new LabelSelector([], true);

/** What is wrong with a requirement; empty if nothing is. */
export function checkRequirement({ key, operator, values }: LabelRequirement): FieldError[] {
  const errors: FieldError[] = [];
  const keyProblems = checkQualifiedName(key);
  if (keyProblems.length > 0) errors.push(invalidValue(fieldPath('key'), key, keyProblems.join('; ')));
  const path = fieldPath('values');
  const complain = (detail: string): unknown => errors.push(invalidValue(path, values, detail));
  switch (operator) {
    case 'in':
    case 'notin':
      if (values.length === 0) complain("for 'in', 'notin' operators, values set can't be empty");
      break;
    case '=':
    case '==':
    case '!=':
      if (values.length !== 1) complain('exact-match compatibility requires one single value');
      break;
    case 'exists':
    case '!':
      if (values.length > 0) complain('values set must be empty for exists and does not exist');
      break;
    case '>':
    case '<':
      if (values.length !== 1) complain("for 'Gt', 'Lt' operators, exactly one value is required");
      values.forEach((value, index) => {
        if (integerOf(value) === undefined) {
          const detail = "for 'Gt', 'Lt' operators, the value must be an integer";
          errors.push(invalidValue(path.index(index), value, detail));
        }
      });
      break;
    default:
      errors.push(
        notSupported(fieldPath('operator'), operator, ['in', 'notin', '=', '==', '!=', 'gt', 'lt', 'exists', '!']),
      );
  }
  values.forEach((value, index) => {
    const problems = checkLabelValue(value);
    if (problems.length > 0) errors.push(invalidValue(path.index(index), value, problems.join('; ')));
  });
  return errors;
}

/** All errors in one text, as Go prints an aggregate. */
export function requirementErrorText(errors: readonly FieldError[]): string {
  const texts = errors.map(fieldErrorText);
  return texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`;
}

function meets({ key, operator, values }: LabelRequirement, labels: Labels | undefined): boolean {
  const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case '=':
    case '==':
      return value !== undefined && value === values[0];
    case 'in':
      return value !== undefined && values.includes(value);
    case '!=':
    case 'notin':
      return value === undefined || !values.includes(value);
    case 'exists':
      return value !== undefined;
    case '!':
      return value === undefined;
    default: {
      const actual = value === undefined ? undefined : integerOf(value);
      const bound = integerOf(values[0]!);
      if (actual === undefined || bound === undefined) return false;
      return operator === '>' ? actual > bound : actual < bound;
    }
  }
}

function requirementText({ key, operator, values }: LabelRequirement): string {
  if (operator === 'exists') return key;
  if (operator === '!') return `!${key}`;
  if (operator === 'in' || operator === 'notin') return `${key} ${operator} (${values.toSorted().join(',')})`;
  return `${key}${operator}${values[0]}`;
}

function integerOf(text: string): bigint | undefined {
  if (!/^[+-]?\d{1,19}$/.test(text)) return undefined;
  const value = BigInt(text.replace('+', ''));
  return BigInt.asIntN(64, value) === value ? value : undefined;
}
