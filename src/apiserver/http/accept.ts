/** One media range of an Accept header, in the client's order of preference. */
export interface MediaRange {
  /** `application/json`, lower case. */
  type: string;
  parameters: Readonly<Record<string, string>>;
}

/** How an object is to be shown: as it is, as a Table, or as its metadata alone. */
export interface Representation {
  as: 'object' | 'table' | 'metadata';
  encoding: Encoding;
  /** Of meta.k8s.io, for Tables and metadata; v1 when nothing is said. */
  version?: MetaVersion;
}

/** Both name the same; older clients ask for the older. */
export type MetaVersion = 'v1' | 'v1beta1';

export type Encoding = 'json' | 'yaml' | 'protobuf';

/** What there is of a kind. */
export interface Offer {
  tables: boolean;
  protobuf: boolean;
}

export const mediaTypes: Readonly<Record<Encoding, string>> = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf: 'application/vnd.kubernetes.protobuf',
};

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

/** The first representation of an object (or list) that the client accepts and we speak. Undefined: none, answer 406. */
export function negotiate(ranges: readonly MediaRange[], offer: Offer): Representation | undefined {
  for (const { type, parameters } of ranges) {
    const encoding = encodingOf(type);
    if (encoding === undefined || (encoding === 'protobuf' && !offer.protobuf)) continue;
    const as = parameters['as'];
    if (as === undefined) return { as: 'object', encoding };
    const { g: group, v: version } = parameters;
    if (group !== 'meta.k8s.io' || (version !== 'v1' && version !== 'v1beta1')) continue;
    // Tables have no protobuf form, and nobody asks for the older version in it.
    if (encoding === 'protobuf' && (as === 'Table' || version === 'v1beta1')) continue;
    if (as === 'Table' && offer.tables) return { as: 'table', encoding, version };
    if (/^PartialObjectMetadata(List)?$/.test(as)) return { as: 'metadata', encoding, version };
  }
  return undefined;
}

function encodingOf(type: string): Encoding | undefined {
  if (type === mediaTypes.json || type === '*/*' || type === 'application/*') return 'json';
  if (type === mediaTypes.yaml) return 'yaml';
  return type === mediaTypes.protobuf ? 'protobuf' : undefined;
}
