import { badRequest } from '../errors.ts';

/** One condition on one field. */
export interface FieldRequirement {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

/** What objects have the fields' values. Immutable. */
export class FieldSelector {
  readonly requirements: readonly FieldRequirement[];

  constructor(requirements: readonly FieldRequirement[]) {
    this.requirements = requirements;
  }

  get empty(): boolean {
    return this.requirements.length === 0;
  }

  /** `read` gives a field's value, '' where the object has none. */
  matches(read: (field: string) => string): boolean {
    for (const { field, operator, value } of this.requirements) {
      if ((read(field) === value) !== (operator === '=')) return false;
    }
    return true;
  }

  /** The value that the field must have, if one is asked for: `metadata.name` makes a list a get. */
  exactValue(field: string): string | undefined {
    return this.requirements.find((requirement) => requirement.field === field && requirement.operator === '=')?.value;
  }

  toString(): string {
    return this.requirements
      .map(({ field, operator, value }) => `${field}${operator}${value.replace(/[\\,=]/g, '\\$&')}`)
      .join(',');
  }
}

export const everyField = new FieldSelector([]);

/** Reads `status.phase=Running,spec.nodeName!=a`; `\` escapes `,`, `=` and itself. 400 where malformed. */
export function parseFieldSelector(text: string): FieldSelector {
  if (text === '') return everyField;
  const requirements = splitTerms(text)
    .filter((term) => term !== '')
    .map((term) => requirementOf(term, text));
  return new FieldSelector(requirements);
}

/** Splits at commas that no backslash escapes; escapes stay. */
function splitTerms(text: string): string[] {
  return text.match(/(?:\\.|[^,\\])+|\\$/gs) ?? [];
}

const termPattern = /^((?:\\.|[^=!\\]|!(?!=))*)(!=|==|=)(.*)$/s;

function requirementOf(term: string, whole: string): FieldRequirement {
  const match = termPattern.exec(term);
  if (match === null) throw badRequest(`invalid selector: '${whole}'; can't understand '${term}'`);
  const [, field = '', operator, raw = ''] = match;
  return { field, operator: operator === '!=' ? '!=' : '=', value: unescapeValue(raw) };
}

function unescapeValue(raw: string): string {
  return raw.replace(/\\(.?)|[,=]/gs, (found, escaped: string | undefined) => {
    if (escaped !== undefined && /^[\\,=]$/.test(escaped)) return escaped;
    if (found === '=' || found === ',') {
      throw badRequest(`invalid field selector: unescaped ${found} in value ${raw}`);
    }
    throw badRequest(`invalid field selector: invalid escape sequence: ${found}`);
  });
}
