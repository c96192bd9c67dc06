/** Request bodies: from bytes to an object of the kind that the path asks for. */
import { metaGroupVersion, typeOf } from '../description/index.ts';
import { badRequest } from '../errors.ts';
import type { KubernetesObject, UnstructuredObject } from '../object.ts';
import { isPlainObject } from '../plain.ts';
import { groupOf } from '../resource.ts';
import { cannotBeHandled, checkFields, type FieldValidation, notRegistered } from './fields.ts';
import { packageOf } from './go-names.ts';
import { BodySyntaxError, type ParsedBody, parseJson } from './json.ts';
import { decodeProtobuf, type ExpectedKind } from './protobuf.ts';
import { parseYaml } from './yaml.ts';

export type BodyFormat = 'json' | 'yaml' | 'protobuf';

/** An object whose fields are still to be checked (see checkFields). */
export interface ParsedObject {
  object: KubernetesObject;
  /** Paths of fields given more than once. */
  duplicates: readonly string[];
}

/**
 * Parses a body as kube-apiserver does: missing apiVersion and kind are those expected, any other kind is refused. Throws
 * ApiError 400 with Kubernetes' texts.
 */
export function parseBody(body: Uint8Array, format: BodyFormat, expected: ExpectedKind): ParsedObject {
  if (format === 'protobuf') {
    const { object } = decodeProtobuf(body, expected);
    requireKind(object, expected);
    return { object, duplicates: [] };
  }
  const { value, duplicates } = parse(body, format, expected);
  const object = withKind(value, expected, body);
  requireKind(object, expected);
  return { object, duplicates };
}

export interface DecodedBody {
  object: UnstructuredObject;
  /** For the Warning header. */
  warnings: string[];
}

/** Parses a body and checks its fields. Throws ApiError 400 with Kubernetes' texts. */
export function decodeBody(
  body: Uint8Array,
  format: BodyFormat,
  expected: ExpectedKind,
  fieldValidation: FieldValidation = 'Warn',
): DecodedBody {
  const { object, duplicates } = parseBody(body, format, expected);
  return checkFields(object, { fieldValidation, duplicates });
}

function parse(body: Uint8Array, format: 'json' | 'yaml', expected: ExpectedKind): ParsedBody {
  try {
    return format === 'json' ? parseJson(body) : parseYaml(body);
  } catch (error) {
    if (!(error instanceof BodySyntaxError)) throw error;
    throw unrecognized(`couldn't get version/kind; json parse error: ${error.message}`, expected, body);
  }
}

/** What Go's parser expects of any object, as its errors name it. */
const typeMetaText = `struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`;

function withKind(value: unknown, expected: ExpectedKind, body: Uint8Array): KubernetesObject {
  const text = (problem: string): Error =>
    unrecognized(`couldn't get version/kind; json parse error: json: cannot unmarshal ${problem}`, expected, body);
  if (value !== null && !isPlainObject(value)) {
    const name = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
    throw text(`${name} into Go value of type ${typeMetaText}`);
  }
  const object: Record<string, unknown> = { ...value };
  for (const field of ['apiVersion', 'kind'] as const) {
    const given = object[field] ?? '';
    if (typeof given !== 'string') {
      const name = Array.isArray(given) ? 'array' : typeof given === 'boolean' ? 'bool' : typeof given;
      throw text(`${name} into Go struct field .${field} of type string`);
    }
    object[field] = given || expected[field];
  }
  return object as unknown as KubernetesObject;
}

/** As much of a wrong object as errors show. */
const shownCharacters = 500;

/** Refuses an object of another kind than the path's (ApiError 400). */
export function requireKind(object: KubernetesObject, expected: ExpectedKind): void {
  if (object.kind === expected.kind && object.apiVersion === expected.apiVersion) return;
  for (const [field, name] of [
    ['kind', 'Kind'],
    ['apiVersion', 'apiVersion'],
  ] as const) {
    // Patches can take them away, or make anything of them.
    if (typeof object[field] === 'string' && object[field] !== '') continue;
    throw badRequest(`Object '${name}' is missing in '${JSON.stringify(object).slice(0, shownCharacters)}'`);
  }
  const type = typeOf(object.apiVersion, object.kind);
  // Options are the same in every group version.
  if (object.kind === expected.kind && type?.groupVersion === metaGroupVersion) return;
  // Of custom resources nothing is known here but what is expected.
  const isCustom = typeOf(expected.apiVersion, expected.kind) === undefined;
  const isVersion = object.kind === expected.kind && groupOf(object.apiVersion) === groupOf(expected.apiVersion);
  if (type === undefined && !(isCustom && isVersion)) {
    throw cannotBeHandled(object, notRegistered(object), expected.kind);
  }
  if (object.apiVersion !== expected.apiVersion) {
    throw badRequest(
      `the API version in the data (${object.apiVersion}) does not match the expected API version (${expected.apiVersion})`,
    );
  }
  const group = /^[^./]+(?=[./].*\/|\/)/.exec(expected.apiVersion)?.[0] ?? 'core';
  const from = `${packageOf(object.apiVersion)}.${object.kind}`;
  const problem = `converting (${from}) to (${group}.${expected.kind}): unknown conversion`;
  throw cannotBeHandled(object, problem, expected.kind);
}

function unrecognized(text: string, expected: ExpectedKind, body: Uint8Array): Error {
  return badRequest(
    `the object provided is unrecognized (must be of type ${expected.kind}): ${text} (${summary(body)})`,
  );
}

/** The beginning of a body: as it is when it looks like JSON, else in hexadecimal. */
function summary(body: Uint8Array): string {
  const limit = 30;
  if (body.length === 0) return '<empty>';
  const head = Buffer.from(body.subarray(0, limit));
  const text = head[0] === 0x7b ? head.toString('utf8') : head.toString('hex');
  return body.length > limit ? `${text} ...` : text;
}
