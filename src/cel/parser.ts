import type { Element, Entry, Expression } from './ast.ts';
import { balanced, call, qualifiedName, repeated } from './build.ts';
import { CompileError, SyntaxProblem } from './errors.ts';
import { type Token, tokenize } from './lexer.ts';
import { expandMacro } from './macros.ts';

/** Code points that an expression may have, and how deep its parts may lie in each other. */
export const MAX_EXPRESSION_SIZE = 100_000;
const MAX_DEPTH = 250;
/** Operators, or selections, that may follow each other: each lies in the one behind it. */
const MAX_CHAIN = 1_000;

const reserved = new Set(
  'as break const continue else for function if import let loop package namespace return var void while'.split(' '),
);

/** Binary operators by how strongly they bind, and the functions that they are. */
const levels: readonly Readonly<Record<string, string>>[] = [
  { '||': '_||_' },
  { '&&': '_&&_' },
  { '<': '_<_', '<=': '_<=_', '>': '_>_', '>=': '_>=_', '==': '_==_', '!=': '_!=_', in: '@in' },
  { '+': '_+_', '-': '_-_' },
  { '*': '_*_', '/': '_/_', '%': '_%_' },
];

/** Reads an expression. Throws CompileError. */
export function parse(source: string): Expression {
  const size = source.length > MAX_EXPRESSION_SIZE ? [...source].length : 0;
  if (size > MAX_EXPRESSION_SIZE) {
    const message = `expression code point size exceeds limit: size: ${size}, limit ${MAX_EXPRESSION_SIZE}`;
    throw new CompileError('', [{ position: 0, message }]);
  }
  try {
    return new Parser(tokenize(source)).parse();
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    throw new CompileError(source, [{ position: error.position, message: error.message }]);
  }
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): Expression {
    const expression = this.#expression();
    if (this.#token.kind !== 'end') throw this.#unexpected('expecting <EOF>');
    return expression;
  }

  get #token(): Token {
    return this.#tokens[this.#next]!;
  }

  /** The last token, the end, is never passed. */
  #take(): Token {
    const token = this.#token;
    if (token.kind !== 'end') this.#next++;
    return token;
  }

  #isOperator(text: string): boolean {
    return this.#token.kind === 'operator' && this.#token.text === text;
  }

  #accept(text: string): Token | undefined {
    return this.#isOperator(text) ? this.#take() : undefined;
  }

  #expect(text: string): Token {
    const token = this.#accept(text);
    if (token === undefined) throw this.#unexpected(`expecting '${text}'`);
    return token;
  }

  #unexpected(expectation: string): SyntaxProblem {
    const { text, kind, position } = this.#token;
    const verb = kind === 'end' ? 'mismatched' : 'extraneous';
    return new SyntaxProblem(position, `Syntax error: ${verb} input '${text}' ${expectation}`);
  }

  #expression(): Expression {
    if (++this.#depth > MAX_DEPTH) throw tooDeep(this.#token.position);
    const condition = this.#binary(0);
    const mark = this.#accept('?');
    let result = condition;
    if (mark !== undefined) {
      const yes = this.#binary(0);
      this.#expect(':');
      result = call('_?_:_', mark.position, undefined, [condition, yes, this.#expression()]);
    }
    this.#depth--;
    return result;
  }

  #binary(level: number): Expression {
    const operators = levels[level];
    if (operators === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    const operands = [left];
    const positions: number[] = [];
    for (;;) {
      const { kind, text, position } = this.#token;
      const name = kind === 'operator' && Object.hasOwn(operators, text) ? operators[text] : undefined;
      if (name === undefined) break;
      this.#next++;
      const right = this.#binary(level + 1);
      operands.push(right);
      positions.push(position);
      if (level > 1 && positions.length > MAX_CHAIN) throw tooDeep(position);
      if (level > 1) left = call(name, position, undefined, [left, right]);
    }
    if (level > 1) return left;
    return balanced(Object.values(operators)[0]!, operands, positions);
  }

  #unary(): Expression {
    const operator = this.#token;
    let count = 0;
    while (this.#isOperator(operator.text) && (operator.text === '!' || operator.text === '-')) {
      count++;
      this.#next++;
    }
    if (count === 0) return this.#member(this.#primary());
    const number = this.#token.kind === 'literal' ? this.#token.value : undefined;
    if (operator.text === '-' && (typeof number === 'bigint' || typeof number === 'number')) {
      this.#next++;
      const literal: Expression = { kind: 'literal', value: -number, position: operator.position };
      return repeated('-_', operator.position, this.#member(literal), count - 1);
    }
    return repeated(operator.text === '!' ? '!_' : '-_', operator.position, this.#member(this.#primary()), count);
  }

  #primary(): Expression {
    const start = this.#next;
    const token = this.#take();
    const { position } = token;
    if (token.kind === 'literal') {
      if (token.value === 2n ** 63n) throw new SyntaxProblem(position, 'Syntax error: invalid int literal');
      return { kind: 'literal', value: token.value!, position };
    }
    if (token.kind === 'identifier') return this.#identifier(token.text, token);
    if (token.kind === 'operator') {
      switch (token.text) {
        case '.': {
          const name = this.#take();
          if (name.kind !== 'identifier') break;
          return this.#identifier(`.${name.text}`, name);
        }
        case '(': {
          const inner = this.#expression();
          this.#expect(')');
          return inner;
        }
        case '[':
          return this.#list(position, false);
        case '[?':
          return this.#list(position, true);
        case '{':
          return this.#map(position);
      }
    }
    this.#next = start;
    const starts =
      "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";
    throw this.#unexpected(`expecting ${starts}`);
  }

  #identifier(name: string, { position }: Token): Expression {
    if (reserved.has(name)) throw new SyntaxProblem(position, `Syntax error: reserved identifier: ${name}`);
    const open = this.#accept('(');
    if (open === undefined) return { kind: 'identifier', name, position };
    return this.#call(name, open.position, undefined);
  }

  #call(name: string, position: number, target: Expression | undefined): Expression {
    const args: Expression[] = [];
    if (!this.#isOperator(')')) {
      do args.push(this.#expression());
      while (this.#accept(',') !== undefined);
    }
    this.#expect(')');
    return expandMacro(name, position, target, args) ?? call(name, position, target, args);
  }

  #member(start: Expression): Expression {
    let operand = start;
    for (let count = 0; ; count++) {
      const { kind, text, position } = this.#token;
      if (kind !== 'operator') return operand;
      if (count > MAX_CHAIN) throw tooDeep(position);
      if (text === '.' || text === '.?') {
        this.#next++;
        const name = this.#take();
        if (name.kind !== 'identifier' && name.kind !== 'quoted') {
          throw new SyntaxProblem(name.position, `Syntax error: mismatched input '${name.text}' expecting IDENTIFIER`);
        }
        const open = name.kind === 'identifier' && text === '.' ? this.#accept('(') : undefined;
        operand =
          open !== undefined
            ? this.#call(name.text, open.position, operand)
            : { kind: 'select', operand, field: name.text, optional: text === '.?', position };
      } else if (text === '[' || text === '[?') {
        this.#next++;
        const index = this.#expression();
        this.#expect(']');
        operand = call(text === '[' ? '_[_]' : '_[?_]', position, undefined, [operand, index]);
      } else if (text === '{' && qualifiedName(operand) !== undefined) {
        return this.#struct(qualifiedName(operand)!, position);
      } else return operand;
    }
  }

  #list(position: number, firstOptional: boolean): Expression {
    const elements: Element[] = [];
    let optional = firstOptional;
    while (!this.#isOperator(']')) {
      if (this.#accept('?') !== undefined) optional = true;
      elements.push({ value: this.#expression(), optional });
      optional = false;
      if (this.#accept(',') === undefined) break;
    }
    this.#expect(']');
    return { kind: 'list', elements, position };
  }

  #map(position: number): Expression {
    const entries: Entry[] = [];
    while (!this.#isOperator('}')) {
      const optional = this.#accept('?') !== undefined;
      const key = this.#expression();
      this.#expect(':');
      entries.push({ key, value: this.#expression(), optional });
      if (this.#accept(',') === undefined) break;
    }
    this.#expect('}');
    return { kind: 'map', entries, position };
  }

  /** Messages can't be made here: read so that the error says so. */
  #struct(name: string, position: number): Expression {
    this.#expect('{');
    while (!this.#isOperator('}')) {
      this.#accept('?');
      this.#take();
      this.#expect(':');
      this.#expression();
      if (this.#accept(',') === undefined) break;
    }
    this.#expect('}');
    return { kind: 'struct', name, position };
  }
}

function tooDeep(position: number): SyntaxProblem {
  return new SyntaxProblem(position, `expression recursion limit exceeded: ${MAX_DEPTH}`);
}
