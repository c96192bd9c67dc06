/** One media range of an Accept header, in the client's order of preference. */
export interface MediaRange {
  /** `application/json`, lower case. */
  type: string;
  parameters: Readonly<Record<string, string>>;
}

/** How an object is to be shown: as it is, as a Table, or as its metadata alone. */
export interface Representation {
  as: 'object' | 'table' | 'metadata';
  encoding: 'json' | 'yaml';
}

const MAX_RANGES = 32;

/** Parses an Accept header; an absent one accepts anything. Quality values order the ranges. */
export function parseAccept(header: string | undefined): MediaRange[] {
  if (header === undefined || header.trim() === '') return [{ type: '*/*', parameters: {} }];
  const ranges = header
    .split(',', MAX_RANGES)
    .map((text) => {
      const [type = '', ...rest] = text.split(';').map((part) => part.trim());
      const parameters: Record<string, string> = {};
      for (const parameter of rest) {
        const equals = parameter.indexOf('=');
        if (equals > 0) parameters[parameter.slice(0, equals).toLowerCase()] = parameter.slice(equals + 1);
      }
      return { type: type.toLowerCase(), parameters, quality: Number(parameters['q'] ?? 1) };
    })
    .filter((range) => range.quality > 0);
  ranges.sort((a, b) => b.quality - a.quality);
  return ranges.map(({ type, parameters }) => ({ type, parameters }));
}

/**
 * The first representation of an object (or list) that the client accepts and we speak. Undefined: none, answer 406.
 * Protobuf is not offered: clients that prefer it list JSON next.
 */
export function negotiate(ranges: readonly MediaRange[], tables: boolean): Representation | undefined {
  for (const { type, parameters } of ranges) {
    const encoding = encodingOf(type);
    if (encoding === undefined) continue;
    const as = parameters['as'];
    if (as === undefined) return { as: 'object', encoding };
    if (parameters['g'] !== 'meta.k8s.io') continue;
    if (as === 'Table' && parameters['v'] === 'v1' && tables) return { as: 'table', encoding };
    if (/^PartialObjectMetadata(List)?$/.test(as) && parameters['v'] === 'v1') return { as: 'metadata', encoding };
  }
  return undefined;
}

function encodingOf(type: string): 'json' | 'yaml' | undefined {
  if (type === 'application/json' || type === '*/*' || type === 'application/*') return 'json';
  return type === 'application/yaml' ? 'yaml' : undefined;
}
