import { traversal } from '../budget.ts';
import { EvaluationError } from '../errors.ts';
import { type Cost, declare, type Library } from '../functions.ts';
import { opaque } from '../types.ts';
import { LiteralMap, OpaqueValue, type Value } from '../values.ts';

const urlType = opaque('kubernetes.URL');
/** An absolute URI, or an absolute path: what may stand in the request line of HTTP. */
const grammar = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?]*)(?:\?(.*))?$/s;
const length: Cost = ([text]) => 1 + traversal((text as string).length);

class UrlValue extends OpaqueValue {
  override readonly type = urlType;
  readonly scheme: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
  readonly #text: string;

  constructor(text: string, scheme: string, host: string, path: string, query: string) {
    super();
    this.#text = text;
    this.scheme = scheme;
    this.host = host;
    this.path = path;
    this.query = query;
  }

  override equals(other: OpaqueValue): boolean {
    return other instanceof UrlValue && other.#text === this.#text;
  }
}

function parseUrl(text: string): UrlValue | undefined {
  const match = grammar.exec(text);
  if (match === null || text === '' || /[\0-\x20\x7f]|%(?![0-9a-fA-F]{2})/.test(text)) return undefined;
  const [, scheme = '', authority, path = '', query = ''] = match;
  if (scheme === '' && !path.startsWith('/') && authority === undefined) return undefined;
  if (authority !== undefined && path !== '' && !path.startsWith('/')) return undefined;
  if (scheme !== '' && authority === undefined && !path.startsWith('/')) {
    return new UrlValue(text, scheme.toLowerCase(), '', '', query);
  }
  const host = (authority ?? '').replace(/^.*@/, '');
  const port = /:([^:\]]*)$/.exec(host)?.[1] ?? '';
  const bracketed = host.startsWith('[');
  if (!/^\d*$/.test(port) || (bracketed && !/^\[[0-9a-fA-F:.%]+\](:\d*)?$/.test(host))) return undefined;
  if (!bracketed && /[[\]]/.test(host)) return undefined;
  return new UrlValue(text, scheme.toLowerCase(), host, path, query);
}

function queryOf({ query }: UrlValue): Value {
  const entries = new Map<string, [string, string[]]>();
  for (const [name, value] of new URLSearchParams(query)) {
    const known = entries.get(name) ?? [name, []];
    known[1].push(value);
    entries.set(name, known);
  }
  return new LiteralMap(entries);
}

export const urls: Library = [
  declare(
    'url(string): kubernetes.URL',
    (text: string) => {
      const parsed = parseUrl(text);
      if (parsed !== undefined) return parsed;
      throw new EvaluationError(
        `URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`,
      );
    },
    length,
  ),
  declare('isURL(string): bool', (text: string) => parseUrl(text) !== undefined, length),
  declare('(kubernetes.URL).getScheme(): string', ({ scheme }: UrlValue) => scheme),
  declare('(kubernetes.URL).getHost(): string', ({ host }: UrlValue) => host),
  declare('(kubernetes.URL).getHostname(): string', ({ host }: UrlValue) =>
    host.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1'),
  ),
  declare('(kubernetes.URL).getPort(): string', ({ host }: UrlValue) => /:(\d*)$/.exec(host)?.[1] ?? ''),
  declare('(kubernetes.URL).getEscapedPath(): string', ({ path }: UrlValue) => path),
  declare('(kubernetes.URL).getQuery(): map<string, list<string>>', queryOf),
];

/** Whether something can be asked for by it over HTTP. */
export function isUrl(text: string): boolean {
  return parseUrl(text) !== undefined;
}
