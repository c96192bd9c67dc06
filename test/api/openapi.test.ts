import test from 'ava';
import { apiVersionOf, openApiV2, openApiV3, openApiV3Index, resourceTypes } from '../../src/api/index.ts';

interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Record<string, never>> };
}
interface Operation {
  parameters?: { name: string }[];
  requestBody?: { content: object };
  'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string };
}

const documentOf = (groupVersion: string): Document =>
  JSON.parse(openApiV3(groupVersion)!.bytes.toString()) as Document;
const groupVersions = [...new Set(resourceTypes().map(apiVersionOf))];

test('every document is whole: each reference leads to a schema', (t) => {
  for (const groupVersion of groupVersions) {
    const document = documentOf(groupVersion);
    t.is(document.openapi, '3.0.0');
    const schemas = new Set(Object.keys(document.components.schemas));
    const text = JSON.stringify(document);
    for (const [, name] of text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)) {
      if (!schemas.has(name!)) t.fail(`${groupVersion} lacks ${name}`);
    }
    t.pass();
  }
});

test('what kubectl looks for before it validates and patches is there', (t) => {
  // It takes the server for able when a PATCH of the kind has these parameters, written out in the operation.
  for (const type of resourceTypes().filter(({ verbs }) => verbs.includes('patch'))) {
    const kind = { group: type.group, kind: type.kind, version: type.version };
    const patches = Object.values(documentOf(apiVersionOf(type)).paths)
      .map(({ patch }) => patch)
      .filter((patch) => JSON.stringify(patch?.['x-kubernetes-group-version-kind']) === JSON.stringify(kind));
    const names = patches[0]?.parameters?.map(({ name }) => name) ?? [];
    t.deepEqual(names, ['dryRun', 'fieldManager', 'fieldValidation', 'force'], type.kind);
    t.true(Object.keys(patches[0]?.requestBody?.content ?? {}).includes('application/strategic-merge-patch+json'));
  }
});

test('what kubectl explain looks for is there', (t) => {
  const { paths, components } = documentOf('apps/v1');
  const kind = { group: 'apps', kind: 'Deployment', version: 'v1' };
  t.deepEqual(
    paths['/apis/apps/v1/namespaces/{namespace}/deployments']?.['get']?.['x-kubernetes-group-version-kind'],
    kind,
  );
  t.deepEqual<unknown, unknown>(
    components.schemas['io.k8s.api.apps.v1.Deployment']?.['x-kubernetes-group-version-kind'],
    [kind],
  );
  t.truthy(documentOf('v1').paths['/api/v1/nodes']?.['get']);
});

test('schemas carry how lists and maps merge, what is required, and defaults', (t) => {
  const { schemas } = documentOf('v1').components;
  const property = (type: string, name: string): unknown =>
    (schemas[`io.k8s.api.core.v1.${type}`]!['properties'] as unknown as Record<string, unknown>)[name];
  t.deepEqual(property('Container', 'ports'), {
    type: 'array',
    items: { $ref: '#/components/schemas/io.k8s.api.core.v1.ContainerPort' },
    'x-kubernetes-patch-merge-key': 'containerPort',
    'x-kubernetes-patch-strategy': 'merge',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['containerPort', 'protocol'],
  });
  t.deepEqual(property('ContainerPort', 'protocol'), { type: 'string', enum: ['TCP', 'UDP', 'SCTP'], default: 'TCP' });
  t.deepEqual(property('PodSpec', 'nodeSelector'), {
    type: 'object',
    additionalProperties: { type: 'string' },
    'x-kubernetes-map-type': 'atomic',
  });
  t.deepEqual<unknown, unknown>(schemas['io.k8s.api.core.v1.PodSpec']?.['required'], ['containers']);
  t.deepEqual<unknown, unknown>(schemas['io.k8s.apimachinery.pkg.util.intstr.IntOrString'], {
    oneOf: [{ type: 'integer' }, { type: 'string' }],
    format: 'int-or-string',
  });
  const selector = documentOf('apps/v1').components.schemas['io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector'];
  t.is<unknown, unknown>(selector?.['x-kubernetes-map-type'], 'atomic');
});

test('the index leads to every document by its hash', async (t) => {
  const { paths } = await openApiV3Index();
  t.is(Object.keys(paths).length, groupVersions.length);
  t.is(paths['apis/apps/v1']?.serverRelativeURL, `/openapi/v3/apis/apps/v1?hash=${openApiV3('apps/v1')?.hash}`);
  t.is(paths['api/v1']?.serverRelativeURL, `/openapi/v3/api/v1?hash=${openApiV3('v1')?.hash}`);
  t.is(openApiV3Index(), openApiV3Index());
});

test('documents are made once, and only of what is served', (t) => {
  t.is(openApiV3('apps/v1'), openApiV3('apps/v1'));
  t.is(openApiV3('apps/v1beta1'), undefined);
  t.is(openApiV3('__proto__'), undefined);
});

test('the document of v2 is whole, and has no form that v2 does not know', async (t) => {
  const text = (await openApiV2()).bytes.toString();
  const document = JSON.parse(text) as { paths: Record<string, object>; definitions: Record<string, object> };
  for (const [, name] of text.matchAll(/"\$ref":"#\/definitions\/([^"]+)"/g)) {
    if (document.definitions[name!] === undefined) t.fail(`${name} is missing`);
  }
  // (As names of properties they may well be there: of JSONSchemaProps.)
  t.false(/"(oneOf|allOf|anyOf)":\[|"requestBody":/.test(text));
  const paths = groupVersions.flatMap((groupVersion) => Object.keys(documentOf(groupVersion).paths));
  t.deepEqual(Object.keys(document.paths).sort(), paths.sort());
});
