import {
  type BodyFormat,
  BodySyntaxError,
  decodeBody,
  type ExpectedKind,
  errors,
  type ParsedBody,
  type ParsedObject,
  parseBody,
  parseJson,
  parseYaml,
  type UnstructuredObject,
} from '../../api/index.ts';
import type { Exchange } from '../exchange.ts';
import type { PatchType } from '../registry/types.ts';
import { fieldValidationOf } from './parameters.ts';

const bodyFormats: Readonly<Record<string, BodyFormat>> = {
  // A body without a type is read as JSON, as Kubernetes does.
  '': 'json',
  'application/json': 'json',
  'application/yaml': 'yaml',
  'application/vnd.kubernetes.protobuf': 'protobuf',
};
const patchTypes: readonly PatchType[] = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];

/** The object in a request's body, whatever its encoding, its fields not checked yet: the registry does that. */
export function parseObject(exchange: Exchange, body: Buffer, expected: ExpectedKind): ParsedObject {
  return parseBody(body, formatOf(exchange), expected);
}

/** The object in a request's body, checked; what is wrong without being an error becomes a warning. */
export function decodeObject(exchange: Exchange, body: Buffer, expected: ExpectedKind): UnstructuredObject {
  const { object, warnings } = decodeBody(body, formatOf(exchange), expected, fieldValidationOf(exchange.query));
  exchange.warnings.push(...warnings);
  return object;
}

/** A patch and how it is to be applied; both come with the request. */
export function decodePatch(
  exchange: Exchange,
  body: Buffer,
): { patchType: PatchType; patch: unknown; duplicateFields: readonly string[] } {
  const type = mediaTypeOf(exchange);
  const patchType = patchTypes.find((known) => known === type);
  if (patchType === undefined) throw errors.unsupportedMediaType(patchTypes);
  const { value, duplicates } = parse(body, patchType === 'application/apply-patch+yaml' ? parseYaml : parseJson);
  return { patchType, patch: value, duplicateFields: duplicates };
}

function parse(body: Buffer, parser: (body: Uint8Array) => ParsedBody): ParsedBody {
  try {
    return parser(body);
  } catch (error) {
    if (error instanceof BodySyntaxError) throw errors.badRequest(error.message);
    throw error;
  }
}

/** How the body is encoded; undefined: in a way that we don't read. */
export function bodyFormatOf(exchange: Exchange): BodyFormat | undefined {
  return bodyFormats[mediaTypeOf(exchange)];
}

function formatOf(exchange: Exchange): BodyFormat {
  const format = bodyFormatOf(exchange);
  if (format === undefined) throw errors.unsupportedMediaType(Object.keys(bodyFormats).filter((type) => type !== ''));
  return format;
}

function mediaTypeOf({ request }: Exchange): string {
  return (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
