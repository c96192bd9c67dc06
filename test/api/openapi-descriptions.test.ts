import { readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import { apiVersionOf, openApiV3, resourceTypes, structsOf } from '../../src/api/index.ts';

interface Schema {
  description?: string;
  properties?: Record<string, Schema>;
}

const groupVersions = [...new Set(resourceTypes().map(apiVersionOf))];
const schemas = new Map<string, Schema>();
const parameters = new Map<string, { name: string; description?: string }[]>();
for (const groupVersion of groupVersions) {
  const { components, paths } = JSON.parse(openApiV3(groupVersion)!.bytes.toString());
  for (const [path, { parameters: shared, ...operations }] of Object.entries<Record<string, never>>(paths)) {
    const own = Object.values<{ parameters?: [] }>(operations).flatMap((operation) => operation.parameters ?? []);
    parameters.set(path, [...(shared ?? []), ...own]);
  }
  for (const [name, schema] of Object.entries<Schema>(components.schemas)) schemas.set(name, schema);
}

test('kubectl explain has something to say about every type and every field', (t) => {
  for (const [name, { description, properties = {} }] of schemas) {
    if (!description) t.fail(name);
    for (const [field, property] of Object.entries(properties)) if (!property.description) t.fail(`${name}.${field}`);
  }
  t.true(schemas.size > 500);
});

test('every parameter of a request is described', (t) => {
  for (const [path, all] of parameters) {
    for (const { name, description } of all) if (!description) t.fail(`${path}: ${name}`);
  }
  const log = parameters.get('/api/v1/namespaces/{namespace}/pods/{name}/log')!.map(({ name }) => name);
  t.true(log.includes('tailLines') && log.includes('namespace') && parameters.size > 200);
});

test('what is described is there', (t) => {
  const folder = new URL('../../src/api/openapi/descriptions/', import.meta.url);
  const fieldsOf = new Map<string, Set<string>>();
  for (const [name, { properties = {} }] of schemas) {
    const short = name.split('.').at(-1)!;
    for (const key of ['*', short, ...(short.endsWith('Condition') ? ['Condition'] : [])]) {
      fieldsOf.set(key, (fieldsOf.get(key) ?? new Set()).union(new Set(Object.keys(properties))));
    }
  }
  // What requests have in their query.
  for (const { name, fields } of structsOf('v1')) {
    if (name.endsWith('Options')) fieldsOf.set(name, new Set(fields.keys()));
  }
  for (const file of readdirSync(folder)) {
    let types: string[] = [];
    for (const line of readFileSync(new URL(file, folder), 'utf8').split('\n')) {
      if (line === '' || line.startsWith('#')) continue;
      const [, indent, head, text = ''] = /^( *)([^:]+):(?: (.*))?$/.exec(line) ?? t.fail(`${file}: ${line}`) ?? [];
      if (text !== '') t.regex(text, /^[^\s].*\.$/, `${file}: ${line}`);
      if (indent === '') {
        types = head!.split(', ').map((type) => type.replace(/^.*\//, ''));
        for (const type of types) t.true(fieldsOf.has(type), `${file}: there is no ${type}`);
      } else {
        t.true(
          types.some((type) => fieldsOf.get(type)?.has(head!)),
          `${file}: no ${types} has ${head}`,
        );
      }
    }
  }
});

test('descriptions tell the values of fields that have few', (t) => {
  const { properties } = schemas.get('io.k8s.api.core.v1.Container')!;
  t.regex(
    properties!['imagePullPolicy']!.description!,
    /\.\n\nPossible enum values:\n - `"Always"`\n - `"IfNotPresent"`\n - `"Never"`$/,
  );
});
