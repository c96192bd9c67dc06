import { readFileSync } from 'node:fs';
import { missingTypes, unmarkedKinds, wrappedLists } from './supplement.ts';

/** The facts file as it is written: Go type declarations of one Kubernetes version. */
export interface Facts {
  source: string;
  groups: Record<string, FactGroup>;
}

export interface FactGroup {
  aliases: Record<string, string>;
  enums: Record<string, FactEnum>;
  types: Record<string, FactType>;
}

export interface FactEnum {
  /** No other values are valid. */
  closed: boolean;
  values: string[];
}

export interface FactType {
  fields: Record<string, FactField>;
  /** A top-level object: carries apiVersion and kind. */
  kind?: boolean;
  resource?: boolean;
  namespaced?: boolean;
}

export interface FactField {
  type: string;
  pb?: [number: number, wire: string];
  inline?: boolean;
  omitempty?: boolean;
  optional?: boolean;
  required?: boolean;
  patchStrategy?: string;
  patchMergeKey?: string;
  listType?: 'atomic' | 'set' | 'map';
  listMapKeys?: string[];
  mapType?: 'atomic' | 'granular';
  structType?: 'atomic' | 'granular';
  default?: string;
}

/** A Go type, resolved. */
export type GoType =
  | { is: 'scalar'; name: ScalarName }
  | { is: 'enum'; group: string; name: string; values: FactEnum }
  | { is: 'struct'; group: string; name: string }
  | { is: 'pointer'; of: GoType }
  | { is: 'list'; of: GoType; wrapped: boolean }
  | { is: 'map'; of: GoType };

/** Scalars of Go, and the types whose JSON form is not that of their fields. */
export type ScalarName = (typeof scalarNames)[number];

export const scalarNames = [
  'string',
  'bool',
  'int32',
  'int64',
  'float64',
  'bytes',
  'Time',
  'MicroTime',
  'Quantity',
  'IntOrString',
  'RawExtension',
  'FieldsV1',
  'JSON',
  'JSONSchemaPropsOrBool',
  'JSONSchemaPropsOrArray',
  'JSONSchemaPropsOrStringArray',
] as const;

export const metaGroup = 'meta/v1';

/** What the packages are called where they are imported; `v1` is whichever of several has the name. */
const qualifiers: Record<string, readonly string[]> = {
  metav1: [metaGroup],
  corev1: ['v1'],
  apiv1: ['v1'],
  batchv1: ['batch/v1'],
  authenticationv1: ['authentication.k8s.io/v1'],
  authorizationv1: ['authorization.k8s.io/v1'],
  v1: ['v1', metaGroup, 'authentication.k8s.io/v1', 'coordination.k8s.io/v1'],
};

export function readFacts(path: string): Facts {
  const facts = JSON.parse(readFileSync(path, 'utf8')) as Facts;
  for (const [group, types] of Object.entries(missingTypes)) {
    facts.groups[group] ??= { aliases: {}, enums: {}, types: {} };
    Object.assign(facts.groups[group].types, types);
  }
  for (const [group, names] of Object.entries(unmarkedKinds)) {
    for (const name of names) facts.groups[group]!.types[name]!.kind = true;
  }
  return facts;
}

/** Resolves a Go type as written in `group`, following aliases. */
export function resolveType(facts: Facts, group: string, text: string): GoType {
  const again = (rest: string): GoType => resolveType(facts, group, rest);
  if (text.startsWith('*')) return { is: 'pointer', of: again(text.slice(1)) };
  if (text === '[]byte') return { is: 'scalar', name: 'bytes' };
  if (text.startsWith('[]')) return { is: 'list', of: again(text.slice(2)), wrapped: false };
  // Every map's key is a string or a named string.
  const map = /^map\[[\w.]+\](.*)$/.exec(text);
  if (map) return { is: 'map', of: again(map[1]!) };
  const dot = text.indexOf('.');
  const name = text.slice(dot + 1);
  if (text.startsWith('types.')) return { is: 'scalar', name: 'string' };
  if (isScalar(name)) return { is: 'scalar', name };
  // Some betas take types over from their group's v1.
  const candidates = dot < 0 ? [group, group.replace(/v\d\w+$/, 'v1')] : qualifiers[text.slice(0, dot)];
  if (candidates === undefined) throw new Error(`unknown package in type ${text} of ${group}`);
  for (const candidate of candidates) {
    const found = facts.groups[candidate];
    if (found === undefined) continue;
    const alias = found.aliases[name];
    if (alias !== undefined) {
      const type = resolveType(facts, candidate, alias);
      return type.is === 'list' ? { ...type, wrapped: wrappedLists.has(name) } : type;
    }
    const values = found.enums[name];
    if (values !== undefined) return { is: 'enum', group: candidate, name, values };
    if (found.types[name] !== undefined) return { is: 'struct', group: candidate, name };
  }
  throw new Error(`unknown type ${text} in ${group}`);
}

function isScalar(name: string): name is ScalarName {
  return (scalarNames as readonly string[]).includes(name);
}

/** Fields in the order of their protobuf numbers, which is nearly that of their declaration. */
export function orderedFields(type: FactType): [name: string, field: FactField][] {
  return Object.entries(type.fields).sort(
    ([nameA, a], [nameB, b]) => (a.pb?.[0] ?? 0) - (b.pb?.[0] ?? 0) || (nameA < nameB ? -1 : 1),
  );
}

/** True of the field that carries apiVersion and kind. */
export function isTypeMeta(field: FactField): boolean {
  return field.inline === true && /(^|\.)TypeMeta$/.test(field.type);
}
