/**
 * Reads JSON only to say what is wrong with it, in the words of Go's parser that users of Kubernetes know, or which
 * keys are given twice. Slow but careful; bodies that are fine never come here.
 */
export interface JsonScan {
  /** What is wrong with the syntax, or undefined. */
  error?: string;
  /** Paths of keys given more than once in one object, in order: `spec.containers[0].image`. */
  duplicates: string[];
}

export function scanJson(bytes: Uint8Array, maxDepth: number): JsonScan {
  const scanner = new Scanner(bytes, maxDepth);
  try {
    scanner.document();
    return { duplicates: scanner.duplicates };
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    return { error: error.message, duplicates: scanner.duplicates };
  }
}

class JsonSyntaxError extends Error {}

const whitespace = new Set([0x20, 0x09, 0x0a, 0x0d]);
const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const literals: Record<number, string> = { 116: 'true', 102: 'false', 110: 'null' };

class Scanner {
  readonly duplicates: string[] = [];
  readonly #bytes: Uint8Array;
  readonly #maxDepth: number;
  #position = 0;
  #depth = 0;

  constructor(bytes: Uint8Array, maxDepth: number) {
    this.#bytes = bytes;
    this.#maxDepth = maxDepth;
  }

  document(): void {
    this.#value('');
    this.#space();
    if (this.#position < this.#bytes.length) throw this.#invalid('after top-level value');
  }

  #value(path: string): void {
    this.#space();
    const byte = this.#peek();
    if (byte === 0x7b) this.#nested(() => this.#object(path));
    else if (byte === 0x5b) this.#nested(() => this.#array(path));
    else if (byte === quote) this.#string();
    else if (byte === 0x2d || isDigit(byte)) this.#number();
    else if (literals[byte] !== undefined) this.#literal(literals[byte]);
    else throw this.#invalid('looking for beginning of value');
  }

  #nested(read: () => void): void {
    if (++this.#depth > this.#maxDepth) throw new JsonSyntaxError('exceeded max depth');
    this.#position++;
    read();
    this.#depth--;
  }

  #object(path: string): void {
    const seen = new Set<string>();
    this.#space();
    if (this.#peek() === 0x7d) {
      this.#position++;
      return;
    }
    for (;;) {
      this.#space();
      if (this.#peek() !== quote) throw this.#invalid('looking for beginning of object key string');
      const key = this.#string();
      const keyPath = path === '' ? key : `${path}.${key}`;
      if (seen.has(key) && !this.duplicates.includes(keyPath)) this.duplicates.push(keyPath);
      seen.add(key);
      this.#space();
      if (this.#peek() !== colon) throw this.#invalid('after object key');
      this.#position++;
      this.#value(keyPath);
      this.#space();
      const byte = this.#peek();
      if (byte !== comma && byte !== 0x7d) throw this.#invalid('after object key:value pair');
      this.#position++;
      if (byte === 0x7d) return;
    }
  }

  #array(path: string): void {
    this.#space();
    if (this.#peek() === 0x5d) {
      this.#position++;
      return;
    }
    for (let index = 0; ; index++) {
      this.#value(`${path}[${index}]`);
      this.#space();
      const byte = this.#peek();
      if (byte !== comma && byte !== 0x5d) throw this.#invalid('after array element');
      this.#position++;
      if (byte === 0x5d) return;
    }
  }

  #string(): string {
    const start = this.#position++;
    for (;;) {
      const byte = this.#peek();
      if (byte < 0x20) throw this.#invalid('in string literal');
      this.#position++;
      if (byte === backslash) this.#escape();
      else if (byte === quote) break;
    }
    return JSON.parse(Buffer.from(this.#bytes.subarray(start, this.#position)).toString('utf8')) as string;
  }

  #escape(): void {
    const byte = this.#peek();
    if (byte !== 0x75) {
      if (!'"\\/bfnrt'.includes(String.fromCharCode(byte))) throw this.#invalid('in string escape code');
      this.#position++;
      return;
    }
    this.#position++;
    for (let digit = 0; digit < 4; digit++) {
      if (!/[0-9a-fA-F]/.test(String.fromCharCode(this.#peek()))) {
        throw this.#invalid('in \\u hexadecimal character escape');
      }
      this.#position++;
    }
  }

  #number(): void {
    if (this.#at() === 0x2d) this.#position++;
    if (this.#at() === 0x30) this.#position++;
    else this.#digits('in numeric literal');
    if (this.#at() === 0x2e) {
      this.#position++;
      this.#digits('after decimal point in numeric literal');
    }
    if (this.#at() === 0x65 || this.#at() === 0x45) {
      this.#position++;
      if (this.#at() === 0x2b || this.#at() === 0x2d) this.#position++;
      this.#digits('in exponent of numeric literal');
    }
  }

  #digits(context: string): void {
    if (!isDigit(this.#peek())) throw this.#invalid(context);
    while (isDigit(this.#at())) this.#position++;
  }

  #literal(word: string): void {
    for (const letter of word) {
      if (this.#peek() !== letter.charCodeAt(0)) throw this.#invalid(`in literal ${word} (expecting '${letter}')`);
      this.#position++;
    }
  }

  #space(): void {
    while (whitespace.has(this.#at())) this.#position++;
  }

  /** The byte here, or -1 at the end. */
  #at(): number {
    return this.#bytes[this.#position] ?? -1;
  }

  /** The byte here; the end is an error. */
  #peek(): number {
    if (this.#position >= this.#bytes.length) throw new JsonSyntaxError('unexpected end of JSON input');
    return this.#bytes[this.#position]!;
  }

  #invalid(context: string): JsonSyntaxError {
    return new JsonSyntaxError(`invalid character ${quoteByte(this.#peek())} ${context}`);
  }
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/** A byte as Go's parser names it. */
function quoteByte(byte: number): string {
  const character = String.fromCharCode(byte);
  if (character === "'") return "'\\''";
  if (character === '"') return `'"'`;
  if (byte >= 0x7f && byte < 0xa1) return `'\\u${byte.toString(16).padStart(4, '0')}'`;
  return `'${JSON.stringify(character)
    .slice(1, -1)
    .replace(/^\\u00/, '\\x')}'`;
}
