import { SyntaxProblem } from './errors.ts';
import { Uint, type Value } from './values.ts';

export interface Token {
  readonly kind: 'identifier' | 'quoted' | 'literal' | 'operator' | 'end';
  /** As written; of a quoted identifier what is between the quotes. */
  readonly text: string;
  /** Of literals. */
  readonly value?: Value;
  readonly position: number;
}

const space = /[\t\n\f\r ]+|\/\/[^\n]*/y;
const identifier = /[A-Za-z_][A-Za-z0-9_]*/y;
const quoted = /`([A-Za-z0-9_./ -]+)`/y;
const float = /(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)/y;
const integer = /(?:0x[0-9a-fA-F]+|\d+)([uU]?)/y;
const operator = /\.\?|\[\?|==|!=|<=|>=|&&|\|\||[-+*/%<>!?:.,()[\]{}]/y;
const stringStart = /([rRbB]{0,2})("""|'''|"|')/y;

const MAX_INT = 2n ** 63n - 1n;
const MAX_UINT = 2n ** 64n - 1n;

/** Cuts an expression into its tokens. The sign of a number is a token of its own. */
export function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let position = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = position;
    return pattern.exec(source);
  };
  while (position < source.length) {
    let found = match(space);
    if (found !== null) {
      position += found[0].length;
      continue;
    }
    found = match(stringStart);
    if (found !== null && isPrefix(found[1]!)) {
      const { value, end } = readString(source, position, found);
      tokens.push({ kind: 'literal', text: source.slice(position, end), value, position });
      position = end;
      continue;
    }
    found = match(identifier);
    if (found !== null) {
      tokens.push({ ...word(found[0]), position });
      position += found[0].length;
      continue;
    }
    found = match(quoted);
    if (found !== null) {
      tokens.push({ kind: 'quoted', text: found[1]!, position });
      position += found[0].length;
      continue;
    }
    found = match(float);
    if (found !== null) {
      tokens.push({ kind: 'literal', text: found[0], value: Number(found[0]), position });
      position += found[0].length;
      continue;
    }
    found = match(integer);
    if (found !== null) {
      tokens.push({ kind: 'literal', text: found[0], value: readInteger(found[0], position), position });
      position += found[0].length;
      continue;
    }
    found = match(operator);
    if (found === null) {
      const [character] = source.slice(position);
      throw new SyntaxProblem(position, `Syntax error: token recognition error at: '${character}'`);
    }
    tokens.push({ kind: 'operator', text: found[0], position });
    position += found[0].length;
  }
  tokens.push({ kind: 'end', text: '<EOF>', position: source.length });
  return tokens;
}

function word(text: string): Omit<Token, 'position'> {
  if (text === 'true' || text === 'false') return { kind: 'literal', text, value: text === 'true' };
  if (text === 'null') return { kind: 'literal', text, value: null };
  if (text === 'in') return { kind: 'operator', text };
  return { kind: 'identifier', text };
}

/** One too large by one may still be the smallest of all, behind a minus sign: the parser looks at that. */
function readInteger(text: string, position: number): Value {
  const unsigned = /[uU]$/.test(text);
  const value = BigInt(unsigned ? text.slice(0, -1) : text);
  if (unsigned) {
    if (value > MAX_UINT) throw new SyntaxProblem(position, 'Syntax error: invalid uint literal');
    return new Uint(value);
  }
  if (value > MAX_INT + 1n) throw new SyntaxProblem(position, 'Syntax error: invalid int literal');
  return value;
}

function isPrefix(prefix: string): boolean {
  return new Set(prefix.toLowerCase()).size === prefix.length;
}

function readString(source: string, start: number, found: RegExpExecArray): { value: Value; end: number } {
  const prefix = found[1]!.toLowerCase();
  const quote = found[2]!;
  const raw = prefix.includes('r');
  const asBytes = prefix.includes('b');
  let position = start + found[0].length;
  const chunks: (string | number)[] = [];
  for (;;) {
    if (position >= source.length || (quote.length === 1 && /[\n\r]/.test(source[position]!))) {
      throw new SyntaxProblem(start, `Syntax error: token recognition error at: '${source.slice(start, position)}'`);
    }
    if (source.startsWith(quote, position)) break;
    if (source[position] !== '\\' || raw) {
      chunks.push(source[position]!);
      // A raw string keeps its backslashes, but a quote behind one doesn't end it.
      if (raw && source[position] === '\\' && position + 1 < source.length) chunks.push(source[++position]!);
      position++;
      continue;
    }
    const escaped = readEscape(source, position, asBytes);
    chunks.push(escaped.value);
    position = escaped.end;
  }
  const end = position + quote.length;
  if (!asBytes) {
    const text = chunks.map((chunk) => (typeof chunk === 'string' ? chunk : String.fromCodePoint(chunk))).join('');
    return { value: text, end };
  }
  return { value: bytesOf(chunks), end };
}

/** Surrogate halves that follow each other belong together. */
function bytesOf(chunks: readonly (string | number)[]): Uint8Array {
  const parts: Buffer[] = [];
  let text = '';
  for (const chunk of chunks) {
    if (typeof chunk === 'string') {
      text += chunk;
      continue;
    }
    parts.push(Buffer.from(text), Buffer.from([chunk]));
    text = '';
  }
  return new Uint8Array(Buffer.concat([...parts, Buffer.from(text)]));
}

const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '?': '?',
  '"': '"',
  "'": "'",
  '`': '`',
};
const numericEscape = /[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})/y;

/** A number is a code point, or in bytes a byte. */
function readEscape(source: string, position: number, asBytes: boolean): { value: string | number; end: number } {
  const simple = simpleEscapes[source[position + 1] ?? ''];
  if (simple !== undefined) return { value: simple, end: position + 2 };
  numericEscape.lastIndex = position + 1;
  const found = numericEscape.exec(source);
  const unicode = found?.[2] ?? found?.[3];
  const code =
    found === null ? -1 : found[4] ? Number.parseInt(found[4], 8) : Number.parseInt(unicode ?? found[1]!, 16);
  const surrogate = code >= 0xd800 && code <= 0xdfff;
  if (found === null || code > 0x10ffff || surrogate || (asBytes && unicode !== undefined)) {
    throw new SyntaxProblem(position, 'Syntax error: unable to unescape string');
  }
  return { value: code, end: position + 1 + found[0].length };
}
