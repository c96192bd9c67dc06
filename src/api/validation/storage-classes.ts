import {
  duplicate,
  type FieldPath,
  fieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
  tooLong,
} from '../field-errors.ts';
import { checkQualifiedName } from '../names.ts';
import { equalPlain } from '../plain.ts';
import type { storagev1, v1 } from '../types/index.ts';
import { addEach, checkImmutable, type Errors, eachRepeated } from './checks.ts';
import { type KindRules, kindRules } from './rules.ts';

const maxParameters = 512;
const maxParameterBytes = 256 * 1024;
const reclaimPolicies = ['Delete', 'Retain'];

/** Rules of what volumes are made after, by kind and group. */
export const storageClassRules: Readonly<Record<string, KindRules>> = {
  'StorageClass.storage.k8s.io': kindRules<storagev1.StorageClass>({
    check({ provisioner, parameters = {}, reclaimPolicy, allowedTopologies = [] }, errors) {
      checkDriver(errors, fieldPath('provisioner'), provisioner);
      checkParameters(errors, parameters);
      if (reclaimPolicy && !reclaimPolicies.includes(reclaimPolicy)) {
        errors.push(notSupported(fieldPath('reclaimPolicy'), reclaimPolicy, reclaimPolicies));
      }
      checkTopologies(errors, fieldPath('allowedTopologies'), allowedTopologies);
    },
    checkUpdate(storageClass, old, errors) {
      checkSame(errors, storageClass, old, ['parameters', 'provisioner', 'reclaimPolicy']);
      checkImmutable(errors, fieldPath('volumeBindingMode'), storageClass.volumeBindingMode, old.volumeBindingMode);
    },
  }),
  'VolumeAttributesClass.storage.k8s.io': kindRules<storagev1.VolumeAttributesClass>({
    check({ driverName, parameters = {} }, errors) {
      checkDriver(errors, fieldPath('driverName'), driverName);
      checkParameters(errors, parameters);
      if (Object.keys(parameters).length > 0) return;
      errors.push(required(fieldPath('parameters'), 'must contain at least one key/value pair'));
    },
    checkUpdate: (attributes, old, errors) => checkSame(errors, attributes, old, ['driverName', 'parameters']),
  }),
};

function checkDriver(errors: Errors, path: FieldPath, name: string | undefined): void {
  const lower = name?.toLowerCase();
  if (lower) addEach(errors, path, lower, checkQualifiedName(lower));
}

function checkParameters(errors: Errors, parameters: Readonly<Record<string, string>>): void {
  const path = fieldPath('parameters');
  const entries = Object.entries(parameters);
  if (entries.length > maxParameters) {
    errors.push(tooLong(path, maxParameters));
    return;
  }
  let bytes = 0;
  for (const [key, value] of entries) {
    if (key === '') errors.push(invalidValue(path, key, 'field can not be empty.'));
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes > maxParameterBytes) errors.push(tooLong(path, maxParameterBytes));
}

function checkSame<T>(errors: Errors, object: T, old: T, fields: readonly (keyof T & string)[]): void {
  for (const name of fields) {
    if (equalPlain(object[name] ?? {}, old[name] ?? {})) continue;
    errors.push(forbiddenField(fieldPath(name), `updates to ${name} are forbidden.`));
  }
}

function checkTopologies(errors: Errors, path: FieldPath, terms: readonly v1.TopologySelectorTerm[]): void {
  terms.forEach(({ matchLabelExpressions: expressions = [] }, index) => {
    const list = path.index(index).child('matchLabelExpressions');
    expressions.forEach(({ key, values }, at) => {
      if (key) addEach(errors, list.index(at).child('key'), key, checkQualifiedName(key));
      eachRepeated(
        // A list that has to be there is null where it isn't given.
        values ?? [],
        (value) => value,
        (value, where) => errors.push(duplicate(list.index(at).child('values').index(where), value)),
      );
    });
    eachRepeated(
      expressions,
      ({ key }) => key,
      ({ key }, at) => errors.push(duplicate(list.index(at).child('key'), key)),
    );
  });
  eachRepeated(
    terms,
    (term) => topologyOf(term),
    (_term, index) => errors.push(duplicate(path.index(index).child('matchLabelExpressions'), '')),
  );
}

/** The same text for terms that mean the same, in whatever order they are. */
function topologyOf({ matchLabelExpressions = [] }: v1.TopologySelectorTerm): string {
  const parts = matchLabelExpressions.map(({ key, values }) => [key, [...(values ?? [])].sort()] as const);
  return JSON.stringify(parts.sort(([a], [b]) => (a < b ? -1 : 1)));
}
