import test from 'ava';
import {
  apiVersionOf,
  customResourceTypes,
  openApiV2,
  openApiV2Protobuf,
  openApiV3,
  openApiV3Index,
  type ResourceType,
  resourceTypes,
} from '../../src/api/index.ts';

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
  const property = (type: string, name: string): unknown => {
    const properties = schemas[`io.k8s.api.core.v1.${type}`]!['properties'] as unknown as Record<string, object>;
    const { description: _, ...rest } = properties[name] as { description?: string };
    return rest;
  };
  t.deepEqual(property('Container', 'ports'), {
    type: 'array',
    items: { allOf: [{ $ref: '#/components/schemas/io.k8s.api.core.v1.ContainerPort' }], default: {} },
    'x-kubernetes-patch-merge-key': 'containerPort',
    'x-kubernetes-patch-strategy': 'merge',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['containerPort', 'protocol'],
  });
  t.deepEqual(property('ContainerPort', 'protocol'), { type: 'string', enum: ['SCTP', 'TCP', 'UDP'], default: 'TCP' });
  // As Go has it: what is no pointer and must be given is empty where it is not.
  t.deepEqual(property('ContainerPort', 'containerPort'), { type: 'integer', format: 'int32', default: 0 });
  t.deepEqual(property('ContainerPort', 'hostPort'), { type: 'integer', format: 'int32' });
  t.deepEqual(property('Pod', 'spec'), {
    allOf: [{ $ref: '#/components/schemas/io.k8s.api.core.v1.PodSpec' }],
    default: {},
  });
  t.deepEqual(property('Container', 'securityContext'), {
    allOf: [{ $ref: '#/components/schemas/io.k8s.api.core.v1.SecurityContext' }],
  });
  t.deepEqual(property('Container', 'command'), {
    type: 'array',
    items: { type: 'string', default: '' },
    'x-kubernetes-list-type': 'atomic',
  });
  t.deepEqual(property('PodStatus', 'startTime'), {
    allOf: [{ $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.Time' }],
  });
  t.deepEqual(property('PodSpec', 'nodeSelector'), {
    type: 'object',
    additionalProperties: { type: 'string', default: '' },
    'x-kubernetes-map-type': 'atomic',
  });
  t.deepEqual<unknown, unknown>(schemas['io.k8s.api.core.v1.PodSpec']?.['required'], ['containers']);
  t.like(schemas['io.k8s.apimachinery.pkg.util.intstr.IntOrString'], {
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

/** A definition as it is served. */
const defined = (properties: Record<string, object>): ResourceType[] =>
  customResourceTypes({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'widgets', kind: 'Widget' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {}, scale: { specReplicasPath: '.spec.a', statusReplicasPath: '.status.a' } },
          schema: { openAPIV3Schema: { type: 'object', properties } },
        },
      ],
    },
    status: {
      acceptedNames: { plural: 'widgets', kind: 'Widget' },
      conditions: [{ type: 'Established', status: 'True' }],
      storedVersions: ['v1'],
    },
  });

test('the document of v2 has what custom resources add as long as they are served', async (t) => {
  const own = await openApiV2();
  const properties = {
    spec: {
      type: 'object',
      required: ['color', 'maybe'],
      properties: {
        color: { type: 'string', enum: ['red'], maxLength: 3, default: 'red', anyOf: [{ pattern: '^r' }] },
        maybe: { type: 'object', nullable: true, properties: { a: { type: 'string' } } },
        port: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: { a: { type: 'string' } } },
        lists: { type: 'array', items: { type: 'array', 'x-kubernetes-preserve-unknown-fields': true } },
        map: { type: 'object', additionalProperties: { type: 'integer', nullable: true } },
      },
    },
  };
  const served = [...resourceTypes(), ...defined(properties)];
  const { bytes, hash } = await openApiV2(served);
  t.not(hash, own.hash);
  const { paths, definitions } = JSON.parse(bytes.toString()) as {
    paths: Record<string, Record<string, { parameters: unknown[] }>>;
    definitions: Record<string, { properties: Record<string, object> }>;
  };
  t.deepEqual(definitions['com.example.v1.Widget']?.properties['spec'], {
    type: 'object',
    required: ['color'],
    properties: {
      color: { type: 'string', enum: ['red'], maxLength: 3, default: 'red' },
      maybe: {},
      port: { 'x-kubernetes-int-or-string': true },
      free: { 'x-kubernetes-preserve-unknown-fields': true },
      lists: { type: 'array', items: { 'x-kubernetes-preserve-unknown-fields': true } },
      map: { type: 'object', additionalProperties: {} },
    },
  } as object);
  t.like(definitions['com.example.v1.Widget']?.properties['metadata'], {
    $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta',
  });
  t.truthy(paths['/apis/example.com/v1/namespaces/{namespace}/widgets/{name}/scale']?.['patch']);
  // Each name is there once.
  const names = [...bytes.toString().matchAll(/"(?:io\.k8s|com\.example)\.[^"]+":\{/g)].map(([name]) => name);
  t.is(new Set(names).size, names.length);
  t.is((await openApiV2(served)).bytes, bytes);
  t.is((await openApiV2([...resourceTypes()])).hash, own.hash);

  const encoded = await openApiV2Protobuf(served);
  const ownEncoded = await openApiV2Protobuf();
  t.true(encoded.bytes.subarray(0, ownEncoded.bytes.length).equals(ownEncoded.bytes));
  t.true(encoded.bytes.includes('com.example.v1.WidgetList') && !ownEncoded.bytes.includes('com.example'));
});

test('of custom resources that may have any field, v2 tells none', async (t) => {
  const [type] = defined({ spec: { type: 'string' } });
  type!.custom!.schema['x-kubernetes-preserve-unknown-fields'] = true;
  const { definitions } = JSON.parse((await openApiV2([...resourceTypes(), type!])).bytes.toString());
  const kinds = [{ group: 'example.com', kind: 'Widget', version: 'v1' }];
  t.deepEqual(definitions['com.example.v1.Widget'], { type: 'object', 'x-kubernetes-group-version-kind': kinds });
});

test('operations are named as generators of clients know them, each once', async (t) => {
  const { paths } = JSON.parse((await openApiV2([...resourceTypes(), ...defined({})])).bytes.toString()) as {
    paths: Record<string, Record<string, { operationId: string; tags: string[]; responses: Record<string, object> }>>;
  };
  const idOf = (path: string, method: string): string | undefined => paths[path]?.[method]?.operationId;
  const pods = '/api/v1/namespaces/{namespace}/pods';
  t.is(idOf(pods, 'get'), 'listCoreV1NamespacedPod');
  t.is(idOf(pods, 'delete'), 'deleteCoreV1CollectionNamespacedPod');
  t.is(idOf('/api/v1/pods', 'get'), 'listCoreV1PodForAllNamespaces');
  t.is(idOf(`${pods}/{name}/eviction`, 'post'), 'createCoreV1NamespacedPodEviction');
  t.is(
    idOf('/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale', 'put'),
    'replaceAppsV1NamespacedDeploymentScale',
  );
  t.is(idOf('/apis/rbac.authorization.k8s.io/v1/clusterroles/{name}', 'get'), 'readRbacAuthorizationV1ClusterRole');
  t.is(idOf('/apis/example.com/v1/namespaces/{namespace}/widgets', 'post'), 'createExampleComV1NamespacedWidget');
  t.is(idOf(`${pods}/{name}/log`, 'get'), 'readCoreV1NamespacedPodLog');
  t.is(idOf(`${pods}/{name}/exec`, 'post'), 'connectCoreV1PostNamespacedPodExec');
  t.is(idOf('/api/v1/nodes/{name}/proxy', 'put'), 'connectCoreV1PutNodeProxy');
  t.deepEqual(paths['/api/v1/nodes']?.['get']?.tags, ['core_v1']);
  t.deepEqual(Object.keys(paths[`${pods}/{name}`]!['put']!.responses), ['200', '201', '401']);
  const ids = Object.values(paths).flatMap((item) =>
    Object.values(item).flatMap(({ operationId }) => operationId ?? []),
  );
  t.is(new Set(ids).size, ids.length);
});
