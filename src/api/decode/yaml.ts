import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';
import { errorMessage } from '../../base/index.ts';
import { type PlainObject, setOwn } from '../plain.ts';
import { BodySyntaxError, maxDepth, type ParsedBody, parseJson } from './json.ts';

/** Loaded on first use: few clients send YAML, and kubectl's apply patches are JSON within. */
let yaml: typeof Yaml | undefined;
const loadYaml = (): typeof Yaml => {
  yaml ??= createRequire(import.meta.url)('yaml') as typeof Yaml;
  return yaml;
};

/** Tags of YAML 1.1 that Kubernetes' parser has: `yes` is true, but `1:30` and dates are strings. */
const foreignTags = new Set(['tag:yaml.org,2002:timestamp', 'tag:yaml.org,2002:binary', 'tag:yaml.org,2002:omap']);
const isForeign = (tag: Yaml.Tags[number]): boolean =>
  typeof tag === 'object' &&
  (foreignTags.has(tag.tag) || /:(pairs|set)$/.test(tag.tag) || ('format' in tag && tag.format === 'TIME'));

/**
 * Parses a YAML body of one document as Kubernetes does: by way of JSON, so that keys are strings and only JSON's
 * types come out. Throws BodySyntaxError.
 */
export function parseYaml(body: Uint8Array): ParsedBody {
  if (looksLikeJson(body)) {
    try {
      return parseJson(body);
    } catch (error) {
      if (!(error instanceof BodySyntaxError)) throw error;
      // A flow mapping of YAML may begin like JSON as well.
    }
  }
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  try {
    return parseDocument(text);
  } catch (error) {
    // Its parser is recursive: a body of brackets only exhausts the stack.
    if (error instanceof RangeError) throw new BodySyntaxError('yaml: exceeded max depth');
    if (error instanceof BodySyntaxError) throw error;
    // Whatever else a parser throws is about its text: aliases of nothing, merges of what is no map, too many aliases.
    throw new BodySyntaxError(`yaml: ${errorMessage(error)}`);
  }
}

function looksLikeJson(body: Uint8Array): boolean {
  for (const byte of body) {
    if (byte === 0x7b) return true;
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return false;
  }
  return false;
}

function parseDocument(text: string): ParsedBody {
  const { LineCounter, parseDocument: parse } = loadYaml();
  const lines = new LineCounter();
  const document = parse(text, {
    version: '1.1',
    merge: true,
    uniqueKeys: false,
    lineCounter: lines,
    prettyErrors: false,
    customTags: (tags) => tags.filter((tag) => !isForeign(tag)),
  });
  const problem = document.errors[0];
  if (problem !== undefined) {
    if (problem.message.includes('call stack')) throw new RangeError(problem.message);
    throw new BodySyntaxError(`yaml: line ${lines.linePos(problem.pos[0]).line}: ${problem.message}`);
  }
  const duplicates = duplicateKeys(document, lines);
  return { value: toJson(document.toJS({ maxAliasCount: 100, mapAsMap: true }), 0), duplicates };
}

function duplicateKeys(document: Yaml.Document, lines: Yaml.LineCounter): string[] {
  const { isScalar, visit } = loadYaml();
  const found: string[] = [];
  visit(document, {
    Map(_, map) {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        const line = lines.linePos(key.range?.[0] ?? 0).line;
        // Merged maps may be named more than once.
        if (seen.has(name) && name !== '<<') found.push(`line ${line}: key ${JSON.stringify(name)} already set in map`);
        seen.add(name);
      }
    },
  });
  return found;
}

function toJson(value: unknown, depth: number): unknown {
  if (depth > maxDepth) throw new BodySyntaxError('yaml: exceeded max depth');
  if (Array.isArray(value)) return value.map((item) => toJson(item, depth + 1));
  if (value instanceof Map) {
    const object: PlainObject = {};
    for (const [key, item] of value) setOwn(object, keyText(key), toJson(item, depth + 1));
    return object;
  }
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new BodySyntaxError(`json: unsupported value: ${value}`);
  }
  return value ?? null;
}

function keyText(key: unknown): string {
  if (typeof key === 'object' && key !== null) throw new BodySyntaxError('yaml: invalid map key');
  return String(key);
}
