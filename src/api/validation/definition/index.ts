import { parseJsonPath } from '../../custom/json-path.ts';
import { schemaPaths } from '../../custom/schema-paths.ts';
import { type FieldPath, fieldPath, forbiddenField, invalidValue, notSupported, required } from '../../field-errors.ts';
import { checkDns1035Label, checkDns1123Subdomain } from '../../names.ts';
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionVersion,
  JSONSchemaProps,
} from '../../types/apiextensions-v1.ts';
import { checkImmutable, type Errors } from '../checks.ts';
import { kindRules } from '../rules.ts';
import { checkConversion } from './conversion.ts';
import { checkSchema } from './schema.ts';
import { checkStructural } from './structural.ts';
import { checkSubresources } from './subresources.ts';

const MAX_SELECTABLE_FIELDS = 8;
const APPROVAL = 'api-approved.kubernetes.io';

/** What holds for CustomResourceDefinitions. */
export const definitionRules = kindRules<CustomResourceDefinition>({
  check({ metadata = {}, spec, status }, errors) {
    const path = fieldPath('spec');
    // That something is missing at all the description says already.
    const { group = '', names = { plural: '', kind: '' }, scope, conversion, ...rest } = spec ?? {};
    const versions = rest.versions ?? [];
    if (metadata.name !== `${names.plural}.${group}`) {
      const text = 'must be spec.names.plural+"."+spec.group';
      errors.push(invalidValue(fieldPath('metadata', 'name'), metadata.name, text));
    }
    if (group) checkGroup(errors, path.child('group'), group);
    const scopes = ['Cluster', 'Namespaced'];
    if (scope && !scopes.includes(scope)) errors.push(notSupported(path.child('scope'), scope, scopes));
    checkNames(errors, path.child('names'), names);
    if (rest.preserveUnknownFields === true) {
      const text =
        'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead';
      errors.push(invalidValue(path.child('preserveUnknownFields'), true, text));
    }
    checkVersions(errors, path.child('versions'), versions);
    if (conversion !== undefined) checkConversion(errors, path.child('conversion'), conversion);
    checkStored(errors, versions, status?.storedVersions ?? []);
    if (/(^|\.)(k8s|kubernetes)\.io$/.test(group) && !metadata.annotations?.[APPROVAL]) {
      const at = fieldPath('metadata', 'annotations').key(APPROVAL);
      const text = `protected groups must have approval annotation "${APPROVAL}", see https://github.com/kubernetes/enhancements/pull/1111`;
      errors.push(required(at, text));
    }
  },

  checkUpdate({ spec }, old, errors) {
    const path = fieldPath('spec');
    if (!spec?.names || !old.spec?.names) return;
    checkImmutable(errors, path.child('group'), spec.group, old.spec.group);
    checkImmutable(errors, path.child('names', 'plural'), spec.names.plural, old.spec.names.plural);
    const established = old.status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True');
    if (!established) return;
    checkImmutable(errors, path.child('scope'), spec.scope, old.spec.scope);
    checkImmutable(errors, path.child('names', 'kind'), spec.names.kind, old.spec.names.kind);
  },
});

function checkGroup(errors: Errors, path: FieldPath, group: string): void {
  const problems = checkDns1123Subdomain(group);
  if (problems.length > 0) errors.push(invalidValue(path, group, problems.join(',')));
  else if (!group.includes('.')) errors.push(invalidValue(path, group, 'should be a domain with at least one dot'));
}

function checkNames(errors: Errors, path: FieldPath, names: CustomResourceDefinitionNames): void {
  const label = (at: FieldPath, name: string | undefined, text = name, prefix = ''): void => {
    if (!name) return;
    const problems = checkDns1035Label(name);
    if (problems.length > 0) errors.push(invalidValue(at, text, prefix + problems.join(',')));
  };
  const { plural, singular, kind, listKind, shortNames = [], categories = [] } = names;
  label(path.child('plural'), plural);
  label(path.child('singular'), singular);
  const mixed = 'may have mixed case, but should otherwise match: ';
  label(path.child('kind'), kind?.toLowerCase(), kind, mixed);
  label(path.child('listKind'), listKind?.toLowerCase(), listKind, mixed);
  for (const [index, name] of shortNames.entries()) label(path.child('shortNames').index(index), name);
  for (const [index, name] of categories.entries()) label(path.child('categories').index(index), name);
  if (kind && kind === listKind) {
    errors.push(invalidValue(path.child('listKind'), listKind, 'kind and listKind may not be the same'));
  }
}

function checkVersions(errors: Errors, path: FieldPath, versions: readonly CustomResourceDefinitionVersion[]): void {
  const schemas = schemaPaths(versions);
  for (const [index, version] of versions.entries()) {
    checkVersion(errors, path.index(index), version);
    const schemaPath = schemas[index];
    if (schemaPath !== undefined) checkVersionSchema(errors, schemaPath, version);
  }
  if (new Set(versions.map(({ name }) => name)).size < versions.length) {
    errors.push(invalidValue(path, versions, 'must contain unique version names'));
  }
  if (versions.filter(({ storage }) => storage).length !== 1) {
    errors.push(invalidValue(path, versions, 'must have exactly one version marked as storage version'));
  }
}

function checkVersion(errors: Errors, path: FieldPath, version: CustomResourceDefinitionVersion): void {
  const { name, schema, subresources, additionalPrinterColumns = [], deprecated, deprecationWarning } = version;
  const problems = name ? checkDns1035Label(name) : [];
  if (problems.length > 0) errors.push(invalidValue(path.child('name'), name, problems.join(',')));
  if (deprecationWarning !== undefined && !deprecated) {
    const text = 'can only be set for deprecated versions';
    errors.push(invalidValue(path.child('deprecationWarning'), deprecationWarning, text));
  }
  const root = schema?.openAPIV3Schema;
  if (root === undefined) errors.push(required(path.child('schema', 'openAPIV3Schema'), 'schemas are required'));
  if (subresources !== undefined) checkSubresources(errors, path.child('subresources'), subresources);
  for (const [index, column] of additionalPrinterColumns.entries()) {
    checkColumn(errors, path.child('additionalPrinterColumns').index(index), column);
  }
  checkSelectable(errors, path.child('selectableFields'), version, root);
}

function checkVersionSchema(errors: Errors, path: FieldPath, { schema }: CustomResourceDefinitionVersion): void {
  const root = schema?.openAPIV3Schema;
  if (root === undefined) return;
  if (root.nullable) errors.push(forbiddenField(path.child('nullable'), 'nullable cannot be true at the root'));
  checkSchema(errors, path, root);
  checkStructural(errors, path, root);
}

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];
const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];

function checkColumn(errors: Errors, path: FieldPath, column: CustomResourceColumnDefinition): void {
  const { type, format, jsonPath } = column;
  if (type && !columnTypes.includes(type)) errors.push(notSupported(path.child('type'), type, columnTypes));
  if (format && !columnFormats.includes(format)) {
    errors.push(notSupported(path.child('format'), format, columnFormats));
  }
  if (!jsonPath) return;
  if (!jsonPath.startsWith('.')) {
    errors.push(invalidValue(path.child('jsonPath'), jsonPath, 'must be a simple json path starting with .'));
  } else if (parseJsonPath(jsonPath) === undefined) {
    errors.push(invalidValue(path.child('jsonPath'), jsonPath, 'must be a valid JSON path'));
  }
}

function checkSelectable(
  errors: Errors,
  path: FieldPath,
  { selectableFields = [] }: CustomResourceDefinitionVersion,
  root: JSONSchemaProps | undefined,
): void {
  if (selectableFields.length > MAX_SELECTABLE_FIELDS) {
    const detail = `must have at most ${MAX_SELECTABLE_FIELDS} items`;
    errors.push({ type: 'FieldValueTooMany', field: path.toString(), badValue: selectableFields.length, detail });
  }
  const seen = new Set<string>();
  for (const [index, { jsonPath }] of selectableFields.entries()) {
    if (!jsonPath) continue;
    const at = path.index(index).child('jsonPath');
    const fields = jsonPath.startsWith('.') ? parseJsonPath(jsonPath)?.fields : undefined;
    let found = fields === undefined ? undefined : root;
    for (const field of fields ?? []) found = found?.properties?.[field];
    if (seen.has(jsonPath))
      errors.push({ type: 'FieldValueDuplicate', field: at.toString(), badValue: jsonPath, detail: '' });
    seen.add(jsonPath);
    if (fields === undefined)
      errors.push(invalidValue(at, jsonPath, 'is an invalid path: must be a simple json path starting with .'));
    else if (fields[0] === 'metadata') errors.push(invalidValue(at, jsonPath, 'must not point to fields in metadata'));
    else if (found === undefined)
      errors.push(invalidValue(at, jsonPath, 'is an invalid path: does not refer to a valid field'));
    else if (!['string', 'integer', 'boolean'].includes(found.type ?? '')) {
      errors.push(
        invalidValue(
          at,
          jsonPath,
          'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
        ),
      );
    }
  }
}

function checkStored(
  errors: Errors,
  versions: readonly CustomResourceDefinitionVersion[],
  stored: readonly string[],
): void {
  const path = fieldPath('status', 'storedVersions');
  if (stored.length === 0) return;
  for (const [index, name] of stored.entries()) {
    if (!versions.some((version) => version.name === name)) {
      errors.push(invalidValue(path.index(index), name, 'must appear in spec.versions'));
    }
  }
  const storage = versions.find((version) => version.storage)?.name;
  if (storage !== undefined && !stored.includes(storage)) {
    errors.push(invalidValue(path, stored, `must have the storage version ${storage}`));
  }
}
