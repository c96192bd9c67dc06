import { type FieldPath, fieldPath, forbiddenField, invalidValue, required, tooLong } from '../field-errors.ts';
import { checkConfigKey } from '../names.ts';
import { equalPlain } from '../plain.ts';
import type { v1 } from '../types/index.ts';
import { addEach, checkImmutable, type Errors } from './checks.ts';
import { kindRules } from './rules.ts';

const sshKey = 'ssh-privatekey';
const maxBytes = 1024 * 1024;
const immutableText = 'field is immutable when `immutable` is set';

export const configMapRules = kindRules<v1.ConfigMap>({
  check({ data = {}, binaryData = {} }, errors) {
    let bytes = checkKeys(errors, fieldPath('data'), data, Buffer.byteLength);
    bytes += checkKeys(errors, fieldPath('binaryData'), binaryData, decodedBytes);
    for (const key of Object.keys(data)) {
      if (!Object.hasOwn(binaryData, key)) continue;
      errors.push(invalidValue(fieldPath('data').key(key), key, 'duplicate of key present in binaryData'));
    }
    if (bytes > maxBytes) errors.push(tooLong(fieldPath(), maxBytes));
  },
  checkUpdate: (map, old, errors) => checkFrozen(errors, map, old, ['data', 'binaryData']),
});

export const secretRules = kindRules<v1.Secret>({
  check({ metadata, type, data = {} }, errors) {
    const path = fieldPath('data');
    if (checkKeys(errors, path, data, decodedBytes) > maxBytes) errors.push(tooLong(path, maxBytes));
    const account = 'kubernetes.io/service-account.name';
    if (type === 'kubernetes.io/service-account-token' && !metadata.annotations?.[account]) {
      errors.push(required(fieldPath('metadata', 'annotations').key(account)));
    }
    for (const key of neededKeys[type ?? ''] ?? []) {
      // A key for SSH has to have something in it.
      if (data[key] === undefined || (data[key] === '' && key === sshKey)) errors.push(required(path.key(key)));
    }
    if (type === 'kubernetes.io/basic-auth' && data['username'] === undefined && data['password'] === undefined) {
      errors.push(required(path.key('username')), required(path.key('password')));
    }
    const registry = type === undefined ? undefined : registryKeys[type];
    const problem = registry === undefined ? undefined : jsonProblem(data[registry]);
    if (problem !== undefined) errors.push(invalidValue(path.key(registry!), '<secret contents redacted>', problem));
  },
  checkUpdate(secret, old, errors) {
    checkImmutable(errors, fieldPath('type'), secret.type, old.type);
    checkFrozen(errors, secret, old, ['data']);
  },
});

const registryKeys: Readonly<Record<string, string>> = {
  'kubernetes.io/dockercfg': '.dockercfg',
  'kubernetes.io/dockerconfigjson': '.dockerconfigjson',
};

/** Keys that Secrets of a type must have. */
const neededKeys: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': [sshKey],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
};

/** Checks keys and adds up the sizes of values. */
function checkKeys(
  errors: Errors,
  path: FieldPath,
  data: Readonly<Record<string, string>>,
  sizeOf: (value: string) => number,
): number {
  let bytes = 0;
  for (const [key, value] of Object.entries(data)) {
    addEach(errors, path.key(key), key, checkConfigKey(key));
    bytes += sizeOf(value);
  }
  return bytes;
}

function decodedBytes(base64: string): number {
  return Buffer.byteLength(base64, 'base64');
}

/** Why a value is no JSON object, in the words of Go's decoder; none of what it holds but one character. */
function jsonProblem(base64: string | undefined): string | undefined {
  if (base64 === undefined) return undefined;
  const text = Buffer.from(base64, 'base64').toString();
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && !Array.isArray(value)) return undefined;
    const type = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
    return `json: cannot unmarshal ${type} into Go value of type map[string]interface {}`;
  } catch (error) {
    const token = /^Unexpected token '([\s\S]+?)',/.exec((error as Error).message)?.[1];
    return token === undefined
      ? 'unexpected end of JSON input'
      : `invalid character '${token}' looking for beginning of value`;
  }
}

/** Once `immutable` is set, neither it nor the data changes. */
function checkFrozen<T extends { immutable?: boolean }>(
  errors: Errors,
  object: T,
  old: T,
  fields: readonly (keyof T & string)[],
): void {
  if (!old.immutable) return;
  if (!object.immutable) errors.push(forbiddenField(fieldPath('immutable'), immutableText));
  for (const field of fields) {
    if (!equalPlain(object[field], old[field])) errors.push(forbiddenField(fieldPath(field), immutableText));
  }
}
