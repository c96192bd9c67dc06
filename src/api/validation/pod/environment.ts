import { type FieldPath, invalidValue, required, tooLong } from '../../field-errors.ts';
import { checkConfigKey, checkDns1123Label, checkDns1123Subdomain, checkEnvironmentName } from '../../names.ts';
import type { v1 } from '../../types/index.ts';
import { addEach, checkGiven, type Errors } from '../checks.ts';
import { checkFieldRef, checkResourceRef, environmentFields } from './downward-api.ts';
import { checkUnreservedPath } from './paths.ts';

/** While files of variables are new, their keys are kept short. */
const maxFileKeyBytes = 128;

const severalText = 'may not have more than one field specified at a time';

export function checkVariables(errors: Errors, path: FieldPath, variables: readonly v1.EnvVar[]): void {
  for (const [index, { name, value, valueFrom }] of variables.entries()) {
    const variable = path.index(index);
    if (checkGiven(errors, variable.child('name'), name)) {
      addEach(errors, variable.child('name'), name, checkEnvironmentName(name));
    }
    if (valueFrom !== undefined) checkSource(errors, variable.child('valueFrom'), valueFrom, value);
  }
}

function checkSource(errors: Errors, path: FieldPath, source: v1.EnvVarSource, value: string | undefined): void {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = source;
  let count = 0;
  if (fieldRef !== undefined) {
    count++;
    checkFieldRef(errors, path.child('fieldRef'), fieldRef, environmentFields);
  }
  if (resourceFieldRef !== undefined) {
    count++;
    checkResourceRef(errors, path.child('resourceFieldRef'), resourceFieldRef, false);
  }
  for (const [field, reference] of [
    ['configMapKeyRef', configMapKeyRef],
    ['secretKeyRef', secretKeyRef],
  ] as const) {
    if (reference === undefined) continue;
    count++;
    checkKeyRef(errors, path.child(field), reference);
  }
  if (fileKeyRef !== undefined) {
    count++;
    checkFileKeyRef(errors, path.child('fileKeyRef'), fileKeyRef);
  }
  if (count === 0) {
    const detail =
      'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`';
    errors.push(invalidValue(path, '', detail));
  } else if (value) errors.push(invalidValue(path, '', 'may not be specified when `value` is not empty'));
  else if (count > 1) errors.push(invalidValue(path, '', severalText));
}

function checkKeyRef(errors: Errors, path: FieldPath, { name = '', key }: v1.ConfigMapKeySelector): void {
  addEach(errors, path.child('name'), name, checkDns1123Subdomain(name));
  if (checkGiven(errors, path.child('key'), key)) addEach(errors, path.child('key'), key, checkConfigKey(key));
}

function checkFileKeyRef(errors: Errors, path: FieldPath, { volumeName, path: file, key }: v1.FileKeySelector): void {
  const keyPath = path.child('key');
  if (checkGiven(errors, keyPath, key)) {
    addEach(errors, keyPath, key, checkEnvironmentName(key));
    if (Buffer.byteLength(key) > maxFileKeyBytes) errors.push(tooLong(keyPath, maxFileKeyBytes));
  }
  const volume = path.child('volumeName');
  if (checkGiven(errors, volume, volumeName)) addEach(errors, volume, volumeName, checkDns1123Label(volumeName));
  if (checkGiven(errors, path.child('path'), file)) checkUnreservedPath(errors, path.child('path'), file);
}

export function checkVariableSources(errors: Errors, path: FieldPath, sources: readonly v1.EnvFromSource[]): void {
  for (const [index, { prefix, configMapRef, secretRef }] of sources.entries()) {
    const source = path.index(index);
    if (prefix) addEach(errors, source.child('prefix'), prefix, checkEnvironmentName(prefix));
    if (configMapRef !== undefined) checkName(errors, source.child('configMapRef', 'name'), configMapRef.name);
    if (secretRef !== undefined) checkName(errors, source.child('secretRef', 'name'), secretRef.name);
    if (configMapRef === undefined && secretRef === undefined) {
      errors.push(invalidValue(path, '', 'must specify one of: `configMapRef` or `secretRef`'));
    } else if (configMapRef !== undefined && secretRef !== undefined) {
      errors.push(invalidValue(path, '', severalText));
    }
  }
}

function checkName(errors: Errors, path: FieldPath, name: string | undefined): void {
  if (!name) errors.push(required(path));
  // A trailing dash is let pass, as for a name that more follows on.
  else addEach(errors, path, name, checkDns1123Subdomain(name.replace(/(?<=.)-$/, 'a')));
}
