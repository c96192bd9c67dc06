import { type FieldPath, fieldPath, forbiddenField, invalidValue, required, tooLong } from '../field-errors.ts';
import { checkConfigKey } from '../names.ts';
import { equalPlain } from '../plain.ts';
import type { v1 } from '../types/index.ts';
import { addEach, checkImmutable, type Errors } from './checks.ts';
import { kindRules } from './rules.ts';

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
      if (data[key] === undefined) errors.push(required(path.key(key)));
    }
    if (type === 'kubernetes.io/basic-auth' && data['username'] === undefined && data['password'] === undefined) {
      errors.push(required(path.key('username')), required(path.key('password')));
    }
    const registry = type === undefined ? undefined : registryKeys[type];
    if (registry !== undefined && data[registry] !== undefined && !isJson(data[registry])) {
      errors.push(invalidValue(path.key(registry), '<secret contents redacted>', 'must be a JSON object'));
    }
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
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
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

function isJson(base64: string | undefined): boolean {
  try {
    JSON.parse(Buffer.from(base64 ?? '', 'base64').toString());
    return true;
  } catch {
    return false;
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
