import {
  type FactField,
  type FactGroup,
  type Facts,
  type FactType,
  type GoType,
  isTypeMeta,
  metaGroup,
  orderedFields,
  resolveType,
  type ScalarName,
} from './facts.ts';

/** TypeScript of each scalar; those with an alias in meta-v1.ts name it. */
const scalars: Record<ScalarName, string> = {
  string: 'string',
  bool: 'boolean',
  int32: 'number',
  int64: 'number',
  float64: 'number',
  bytes: 'metav1.Base64',
  Time: 'metav1.Time',
  MicroTime: 'metav1.MicroTime',
  Quantity: 'metav1.Quantity',
  IntOrString: 'metav1.IntOrString',
  RawExtension: 'unknown',
  FieldsV1: 'unknown',
  JSON: 'unknown',
  JSONSchemaPropsOrBool: 'JSONSchemaProps | boolean',
  JSONSchemaPropsOrArray: 'JSONSchemaProps | JSONSchemaProps[]',
  JSONSchemaPropsOrStringArray: 'JSONSchemaProps | string[]',
};

/** Types of meta/v1 that src/api declares by hand, by module. */
const handWritten: Record<string, readonly string[]> = {
  '../object.ts': ['ListMeta', 'ManagedFieldsEntry', 'ObjectMeta', 'OwnerReference'],
  '../status.ts': ['Status', 'StatusCause', 'StatusDetails'],
};
const notDeclared = new Set([...Object.values(handWritten).flat(), 'FieldsV1', 'RawExtension', 'TypeMeta', 'Unknown']);

const metaAliases = `/** RFC 3339 in UTC, whole seconds. */
export type Time = string;

/** RFC 3339 in UTC, six decimals. */
export type MicroTime = string;

/** \`500m\`, \`1Gi\`, … */
export type Quantity = string;

/** A number, or a percentage or name. */
export type IntOrString = number | string;

/** Bytes in base64. */
export type Base64 = string;
`;

/** `core-v1` for v1, `apps-v1`, `rbac-v1`, …: the file of a group version. */
export function moduleName(groupVersion: string): string {
  const [group, version] = splitGroupVersion(groupVersion);
  return `${group === '' ? 'core' : group.split('.')[0]}-${version}`;
}

/** `v1` for core, `appsv1`, `rbacv1`, …: the name under which a group version is exported. */
export function namespaceName(groupVersion: string): string {
  const [group, version] = splitGroupVersion(groupVersion);
  return `${group.split('.')[0]}${version}`;
}

function splitGroupVersion(groupVersion: string): [group: string, version: string] {
  const slash = groupVersion.indexOf('/');
  return slash < 0 ? ['', groupVersion] : [groupVersion.slice(0, slash), groupVersion.slice(slash + 1)];
}

/** The declarations of one group version. */
export function typescriptOf(facts: Facts, group: string, header: string): string {
  const facet = facts.groups[group]!;
  const declarations = [...enumsOf(facet), ...aliasesOf(facts, group)];
  for (const [name, type] of Object.entries(facet.types)) {
    if (group === metaGroup && notDeclared.has(name)) continue;
    if (name.startsWith('JSONSchemaPropsOr') || name === 'JSON') continue;
    declarations.push(declarationOf(facts, group, name, type));
  }
  const body = declarations.join('\n');
  return [header, ...importsOf(facts, group, body), body].join('\n');
}

/** The file that exports every group version as a namespace. */
export function typescriptIndex(groups: readonly string[], header: string): string {
  const lines = groups.map((group) => `export type * as ${namespaceName(group)} from './${moduleName(group)}.ts';`);
  return `${header}\n${lines.join('\n')}\n`;
}

function importsOf(facts: Facts, group: string, body: string): string[] {
  const lines: string[] = [];
  if (group === metaGroup) {
    for (const [module, names] of Object.entries(handWritten)) {
      lines.push(`import type { ${names.join(', ')} } from '${module}';`);
      lines.push(`export type { ${names.join(', ')} };`);
    }
    lines.push('', metaAliases);
    return lines;
  }
  const own = ['KubernetesList', 'KubernetesObject'].filter((name) => body.includes(`extends ${name}`));
  if (own.length > 0) lines.push(`import type { ${own.join(', ')} } from '../object.ts';`);
  for (const other of Object.keys(facts.groups)) {
    const name = namespaceName(other);
    if (other !== group && new RegExp(`\\b${name}\\.`).test(body)) {
      lines.push(`import type * as ${name} from './${moduleName(other)}.ts';`);
    }
  }
  return lines.length > 0 ? [...lines, ''] : lines;
}

function enumsOf(group: FactGroup): string[] {
  return Object.entries(group.enums).map(([name, { values, closed }]) => {
    const literals = values.map((value) => `'${value}'`);
    // An open union still offers its known values to editors.
    return `export type ${name} = ${[...literals, ...(closed ? [] : ['(string & {})'])].join(' | ')};\n`;
  });
}

function aliasesOf(facts: Facts, group: string): string[] {
  return Object.entries(facts.groups[group]!.aliases).map(
    ([name, text]) => `export type ${name} = ${typeText(resolveType(facts, group, text), group)};\n`,
  );
}

function declarationOf(facts: Facts, group: string, name: string, type: FactType): string {
  const fields = orderedFields(type);
  const bases: string[] = [];
  const lines: string[] = [];
  const skipped = new Set<string>();
  if (type.kind) {
    const has = (field: string, suffix: string): boolean => type.fields[field]?.type.endsWith(suffix) === true;
    const known = has('metadata', 'ListMeta') && type.fields['items'] !== undefined;
    const literal = `apiVersion: '${group === metaGroup ? 'v1' : group}'; kind: '${name}'`;
    if (known && group !== metaGroup) {
      const items = typeText(resolveType(facts, group, type.fields['items']!.type), group).replace(/\[\]$/, '');
      return `export interface ${name} extends KubernetesList<${items}> { ${literal} }\n`;
    }
    if (has('metadata', 'ObjectMeta') && group !== metaGroup) {
      bases.push('KubernetesObject');
      skipped.add('metadata');
      lines.push(`  ${literal.replace('; ', ';\n  ')};`);
    } else {
      lines.push(`  ${literal.replaceAll(': ', '?: ').replace('; ', ';\n  ')};`);
    }
  }
  for (const [fieldName, field] of fields) {
    if (isTypeMeta(field) || skipped.has(fieldName)) continue;
    const text = typeText(resolveType(facts, group, field.type), group);
    if (field.inline) bases.push(text);
    else lines.push(`  ${propertyName(fieldName)}${isOptional(field) ? '?' : ''}: ${text};`);
  }
  const heritage = bases.length > 0 ? ` extends ${bases.join(', ')}` : '';
  return lines.length > 0
    ? `export interface ${name}${heritage} {\n${lines.join('\n')}\n}\n`
    : `export type ${name} = ${bases[0] ?? 'Record<string, never>'};\n`;
}

function isOptional(field: FactField): boolean {
  return field.required !== true && (field.optional === true || field.omitempty === true);
}

function propertyName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : `'${name}'`;
}

function typeText(type: GoType, group: string): string {
  switch (type.is) {
    case 'scalar':
      return group === metaGroup ? scalars[type.name].replace('metav1.', '') : scalars[type.name];
    case 'enum':
    case 'struct':
      return type.group === group ? type.name : `${namespaceName(type.group)}.${type.name}`;
    case 'pointer':
      return typeText(type.of, group);
    case 'list': {
      const inner = typeText(type.of, group);
      return inner.includes('|') ? `(${inner})[]` : `${inner}[]`;
    }
    case 'map':
      return `Record<string, ${typeText(type.of, group)}>`;
  }
}
