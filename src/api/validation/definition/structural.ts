import { compilePattern } from '../../custom/pattern.ts';
import { type FieldPath, forbiddenField, invalidValue, required } from '../../field-errors.ts';
import { equalPlain } from '../../plain.ts';
import type { JSONSchemaProps } from '../../types/apiextensions-v1.ts';
import type { Errors } from '../checks.ts';

type Level = 'root' | 'item' | 'field';

const typeless: Record<Level, string> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
};

const integerOrString = [{ type: 'integer' }, { type: 'string' }];

/** That a schema is structural: it says of every field what it is, outside of anyOf and its like. */
export function checkStructural(errors: Errors, path: FieldPath, schema: JSONSchemaProps, level: Level = 'root'): void {
  const { type = '', items, properties = {}, additionalProperties, allOf = [], anyOf = [] } = schema;
  if (type === 'array' && items === undefined) errors.push(required(path.child('items'), 'must be specified'));
  if (items !== undefined && !Array.isArray(items)) checkStructural(errors, path.child('items'), items, 'item');
  for (const [name, property] of Object.entries(properties)) {
    const below = path.child('properties').key(name);
    if (level === 'root' && name === 'metadata') checkMetadata(errors, below, property);
    else checkStructural(errors, below, property, 'field');
  }
  if (additionalProperties !== undefined && level === 'root') {
    errors.push(forbiddenField(path.child('additionalProperties'), 'must not be used at the root'));
  }
  if (typeof additionalProperties === 'object') {
    checkStructural(errors, path.child('additionalProperties'), additionalProperties, 'field');
  }
  checkExtensions(errors, path, schema, level);
  const skipsFirst = equalPlain(allOf[0]?.anyOf, integerOrString);
  checkJunctors(errors, path, schema, equalPlain(anyOf, integerOrString), skipsFirst);
  checkComplete(errors, path, schema);
}

function checkExtensions(errors: Errors, path: FieldPath, schema: JSONSchemaProps, level: Level): void {
  const { type = '', properties = {} } = schema;
  const embedded = schema['x-kubernetes-embedded-resource'] === true;
  const intOrString = schema['x-kubernetes-int-or-string'] === true;
  const preserves = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const typePath = path.child('type');
  if (embedded && type !== 'object') {
    const text = 'must be object if x-kubernetes-embedded-resource is true';
    errors.push(type === '' ? required(typePath, text) : invalidValue(typePath, type, text));
  } else if (type === '' && !intOrString && !preserves) errors.push(required(typePath, typeless[level]));
  if (level === 'root' && type !== '' && type !== 'object') {
    errors.push(invalidValue(typePath, type, 'must be object at the root'));
  }
  if (intOrString) {
    const text = 'must be false if x-kubernetes-int-or-string is true';
    if (preserves) errors.push(invalidValue(path.child('x-kubernetes-preserve-unknown-fields'), true, text));
    if (embedded) errors.push(invalidValue(path.child('x-kubernetes-embedded-resource'), true, text));
    if (type !== '') errors.push(forbiddenField(typePath, 'must be empty if x-kubernetes-int-or-string is true'));
  }
  if (embedded && schema.additionalProperties !== undefined) {
    const text = 'must not be used if x-kubernetes-embedded-resource is set';
    errors.push(forbiddenField(path.child('additionalProperties'), text));
  }
  if (embedded && !preserves && Object.keys(properties).length === 0) {
    const text =
      'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields';
    errors.push(required(path.child('properties'), text));
  }
  if (level !== 'root' && !embedded) return;
  for (const name of ['apiVersion', 'kind']) {
    const given = properties[name];
    if (given !== undefined && given.type !== 'string') {
      errors.push(invalidValue(path.child('properties').key(name).child('type'), given.type ?? '', 'must be string'));
    }
  }
}

/** What all objects have can only be narrowed by name. */
function checkMetadata(errors: Errors, path: FieldPath, schema: JSONSchemaProps): void {
  const { type, properties = {}, description: _, ...rest } = schema;
  if (type !== 'object') errors.push(invalidValue(path.child('type'), type ?? '', 'must be object'));
  const others = Object.keys(properties).filter((name) => name !== 'name' && name !== 'generateName');
  if (others.length > 0 || Object.keys(rest).length > 0) {
    const text = 'must not specify anything other than name and generateName, but metadata is implicitly specified';
    errors.push(forbiddenField(path, text));
  }
}

function checkJunctors(
  errors: Errors,
  path: FieldPath,
  schema: JSONSchemaProps,
  skipsAnyOf: boolean,
  skipsFirstAllOf: boolean,
): void {
  const { allOf = [], anyOf = [], oneOf = [], not, pattern = '' } = schema;
  if (!skipsAnyOf) anyOf.forEach((each, i) => void checkNested(errors, path.child('anyOf').index(i), each));
  allOf.forEach((each, i) => void checkNested(errors, path.child('allOf').index(i), each, skipsFirstAllOf && i === 0));
  oneOf.forEach((each, i) => void checkNested(errors, path.child('oneOf').index(i), each));
  if (not !== undefined) checkNested(errors, path.child('not'), not);
  if (pattern !== '' && compilePattern(pattern) === undefined) {
    errors.push(invalidValue(path.child('pattern'), pattern, "must be a valid regular expression, but isn't"));
  }
}

/** What only belongs where the structure is told, with what Kubernetes says of it elsewhere. */
const structureOnly = {
  type: 'must be empty to be structural',
  default: 'must be undefined to be structural',
  additionalProperties: 'must be undefined to be structural',
  title: 'must be empty to be structural',
  description: 'must be empty to be structural',
  nullable: 'must be false to be structural',
  externalDocs: 'must be undefined to be structural',
  'x-kubernetes-preserve-unknown-fields': 'must be false to be structural',
  'x-kubernetes-embedded-resource': 'must be false to be structural',
  'x-kubernetes-int-or-string': 'must be false to be structural',
  'x-kubernetes-list-map-keys': 'must be empty to be structural',
  'x-kubernetes-list-type': 'must be undefined to be structural',
  'x-kubernetes-map-type': 'must be undefined to be structural',
  'x-kubernetes-validations': 'must be empty to be structural',
} as const satisfies Partial<Record<keyof JSONSchemaProps, string>>;

function checkNested(errors: Errors, path: FieldPath, schema: JSONSchemaProps, skipsAnyOf = false): void {
  checkJunctors(errors, path, schema, skipsAnyOf, false);
  const { items, properties = {} } = schema;
  if (items !== undefined && !Array.isArray(items)) checkNested(errors, path.child('items'), items);
  for (const [name, property] of Object.entries(properties)) {
    const below = path.child('properties').key(name);
    if (name === 'metadata') errors.push(forbiddenField(below, 'must not be specified in a nested context'));
    checkNested(errors, below, property);
  }
  for (const [field, text] of Object.entries(structureOnly)) {
    const value = schema[field as keyof typeof structureOnly];
    if (value !== undefined && value !== '' && value !== false) errors.push(forbiddenField(path.child(field), text));
  }
}

/** That what anyOf and its like look at is told outside of them as well. */
function checkComplete(errors: Errors, path: FieldPath, schema: JSONSchemaProps): void {
  const { allOf = [], anyOf = [], oneOf = [], not } = schema;
  const branches: [FieldPath, JSONSchemaProps][] = [
    ...Object.entries({ allOf, anyOf, oneOf }).flatMap(([name, list]) =>
      list.map((each, i): [FieldPath, JSONSchemaProps] => [path.child(name).index(i), each]),
    ),
    ...(not === undefined ? [] : [[path.child('not'), not] as [FieldPath, JSONSchemaProps]]),
  ];
  for (const [at, branch] of branches) checkKnown(errors, path, schema, at, branch);
}

function checkKnown(
  errors: Errors,
  path: FieldPath,
  schema: JSONSchemaProps,
  nestedPath: FieldPath,
  nested: JSONSchemaProps,
): void {
  for (const [name, property] of Object.entries(nested.properties ?? {})) {
    const below = path.child('properties').key(name);
    const at = nestedPath.child('properties').key(name);
    const known = schema.properties?.[name];
    if (known !== undefined) checkKnown(errors, below, known, at, property);
    else errors.push(required(below, `because it is defined in ${at}`));
  }
  const { items } = nested;
  if (items === undefined || Array.isArray(items)) return;
  const at = nestedPath.child('items');
  if (schema.items === undefined) errors.push(required(path.child('items'), `because it is defined in ${at}`));
  else if (!Array.isArray(schema.items)) checkKnown(errors, path.child('items'), schema.items, at, items);
}
