import {
  BodySyntaxError,
  decodeProtobuf,
  errors,
  type ParsedBody,
  parseJson,
  parseYaml,
  type UnstructuredObject,
} from '../../api/index.ts';
import type { Exchange } from '../exchange.ts';
import type { PatchType } from '../registry/types.ts';

export const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const bodyTypes = ['application/json', 'application/yaml', PROTOBUF];
const patchTypes: readonly PatchType[] = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];

/** The object in a request's body, whatever its encoding; undefined for an empty body. Duplicate fields are refused, warned of or ignored as the client asked. */
export function decodeBody(exchange: Exchange, body: Buffer): UnstructuredObject | undefined {
  if (body.length === 0) return undefined;
  const type = mediaTypeOf(exchange);
  if (type === PROTOBUF) return decodeProtobuf(body).object;
  const isYaml = type === 'application/yaml';
  if (!isYaml && type !== 'application/json' && type !== '') throw errors.unsupportedMediaType(bodyTypes);
  const value = parse(exchange, body, isYaml ? parseYaml : parseJson);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw errors.badRequest('the request body must be an object');
  }
  return value as UnstructuredObject;
}

/** A patch and how it is to be applied; both come with the request. */
export function decodePatch(exchange: Exchange, body: Buffer): { patchType: PatchType; patch: unknown } {
  const type = mediaTypeOf(exchange);
  const patchType = patchTypes.find((known) => known === type);
  if (patchType === undefined) throw errors.unsupportedMediaType(patchTypes);
  const isApply = patchType === 'application/apply-patch+yaml';
  return { patchType, patch: parse(exchange, body, isApply ? parseYaml : parseJson) };
}

function parse(exchange: Exchange, body: Buffer, parser: (body: Uint8Array) => ParsedBody): unknown {
  let parsed: ParsedBody;
  try {
    parsed = parser(body);
  } catch (error) {
    if (error instanceof BodySyntaxError)
      throw errors.badRequest(`couldn't get version/kind; json parse error: ${error.message}`);
    throw error;
  }
  if (parsed.duplicates.length > 0) judgeDuplicates(exchange, parsed.duplicates);
  return parsed.value;
}

function judgeDuplicates(exchange: Exchange, duplicates: readonly string[]): void {
  const validation = exchange.query.get('fieldValidation') ?? 'Warn';
  const texts = duplicates.map((path) => `duplicate field ${JSON.stringify(path)}`);
  if (validation === 'Strict') throw errors.badRequest(`strict decoding error: ${texts.join(', ')}`);
  if (validation !== 'Ignore') exchange.warnings.push(...texts);
}

function mediaTypeOf({ request }: Exchange): string {
  return (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
