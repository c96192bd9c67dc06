import { badRequest } from '../errors.ts';
import { quote } from '../text.ts';
import {
  checkRequirement,
  everything,
  type LabelOperator,
  type LabelRequirement,
  LabelSelector,
  requirementErrorText,
} from './label-selector.ts';

/*
 * selector    = [ requirement *( "," requirement ) ]
 * requirement = [ "!" ] key / key ( "=" / "==" / "!=" / ">" / "<" ) value / key ( "in" / "notin" ) "(" values ")"
 * values      = value *( "," value )      a value may be empty
 */

type Token = { kind: 'word' | 'symbol' | 'end'; text: string };

/** Reads a selector as `kubectl -l` takes it; 400 where it is malformed. */
export function parseLabelSelector(text: string): LabelSelector {
  if (text.trim() === '') return everything;
  const requirements = new Parser(text).parse();
  for (const requirement of requirements) {
    const errors = checkRequirement(requirement);
    if (errors.length > 0) throw badRequest(`unable to parse requirement: ${requirementErrorText(errors)}`);
  }
  return new LabelSelector(requirements);
}

class Parser {
  readonly #tokens: Token[];
  #position = 0;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
  }

  parse(): LabelRequirement[] {
    const requirements: LabelRequirement[] = [];
    for (;;) {
      const token = this.#peek();
      if (token.kind === 'end') return requirements;
      if (token.kind !== 'word' && token.text !== '!')
        throw this.#unexpected(token, '!, identifier, or "end of string"');
      requirements.push(this.#requirement());
      const next = this.#next();
      if (next.kind === 'end') return requirements;
      if (next.text !== ',') throw this.#unexpected(next, "',' or 'end of string'");
      const after = this.#peek();
      if (after.kind !== 'word' && after.text !== '!') throw this.#unexpected(after, "identifier after ','");
    }
  }

  #requirement(): LabelRequirement {
    if (this.#peek().text === '!') {
      this.#next();
      return { key: this.#key(), operator: '!', values: [] };
    }
    const key = this.#key();
    const token = this.#peek();
    if (token.kind === 'end' || token.text === ',') return { key, operator: 'exists', values: [] };
    const operator = this.#operator();
    const values = operator === 'in' || operator === 'notin' ? this.#values() : [this.#exactValue()];
    return { key, operator, values };
  }

  #key(): string {
    const token = this.#next();
    if (token.kind !== 'word') throw this.#unexpected(token, 'identifier');
    return token.text;
  }

  #operator(): LabelOperator {
    const token = this.#next();
    const known = ['=', '==', '!=', '>', '<', 'in', 'notin'];
    if (token.kind === 'end' || !known.includes(token.text)) {
      throw this.#unexpected(token, 'in, notin, =, ==, !=, gt, lt');
    }
    return token.text as LabelOperator;
  }

  #values(): string[] {
    const open = this.#next();
    if (open.text !== '(') throw this.#unexpected(open, "'('");
    const values = new Set<string>();
    for (;;) {
      values.add(this.#peek().kind === 'word' ? this.#next().text : '');
      const token = this.#next();
      if (token.text === ')') return [...values].sort();
      if (token.text !== ',') throw this.#unexpected(token, "',' or ')'");
    }
  }

  #exactValue(): string {
    const token = this.#peek();
    if (token.kind === 'end' || token.text === ',') return '';
    if (token.kind !== 'word') throw this.#unexpected(token, 'identifier');
    return this.#next().text;
  }

  #peek(): Token {
    return this.#tokens[this.#position]!;
  }

  #next(): Token {
    const token = this.#peek();
    if (token.kind !== 'end') this.#position++;
    return token;
  }

  #unexpected(token: Token, expected: string): Error {
    return badRequest(`unable to parse requirement: found '${token.text}', expected: ${expected}`);
  }
}

const tokenPattern = /\s+|(==|!=|[=!<>(),])|([^\s=!<>(),]+)/y;

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < text.length) {
    const match = tokenPattern.exec(text);
    if (match === null) throw badRequest(`unable to parse requirement: ${quote(text)}`);
    if (match[1] !== undefined) tokens.push({ kind: 'symbol', text: match[1] });
    else if (match[2] !== undefined) tokens.push({ kind: 'word', text: match[2] });
  }
  tokens.push({ kind: 'end', text: '' });
  return tokens;
}
