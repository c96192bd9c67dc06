import test from 'ava';
import {
  applyDefaults,
  type CustomResourceDefinition,
  compareVersions,
  customResourceTypes,
  errors,
  findResource,
  type KubernetesObject,
  LiveScheme,
  parseJsonPath,
  resourceTypes,
  tableOf,
  validate,
} from '../../../src/api/index.ts';
import { widgets } from '../../support/custom-resources.ts';

const type = findResource('apiextensions.k8s.io', 'v1', 'customresourcedefinitions')!;

// biome-ignore lint/suspicious/noExplicitAny: definitions are made wrong in many ways.
type Loose = any;

/** What is wrong with the definition after a change, as users read it. */
function problems(change: (definition: Loose) => void): string[] {
  const definition = structuredClone(widgets) as Loose;
  change(definition);
  applyDefaults(definition);
  const object = definition as KubernetesObject;
  const { causes = [] } = errors.invalid(type, '', validate(object, type)).status.details ?? {};
  return causes.map(({ field, message }) => `${field}: ${message}`);
}

const schemaOf = ({ spec }: Loose) => spec.versions[0].schema.openAPIV3Schema.properties.spec;
const at = 'spec.validation.openAPIV3Schema.properties[spec]';

test('a definition that is fine is fine, and gets the names that it leaves out', (t) => {
  t.deepEqual(
    problems(() => {}),
    [],
  );
  const definition = structuredClone(widgets) as Loose;
  applyDefaults(definition);
  t.like(definition.spec, { names: { singular: 'widget', listKind: 'WidgetList' }, conversion: { strategy: 'None' } });
});

for (const [what, change, text] of [
  [
    'another name',
    (d: Loose) => {
      d.metadata.name = 'x';
    },
    'metadata.name: Invalid value: "x": must be spec.names.plural+"."+spec.group',
  ],
  [
    'no domain',
    (d: Loose) => {
      d.spec.group = 'x';
      d.metadata.name = 'widgets.x';
    },
    'spec.group: Invalid value: "x": should be a domain with at least one dot',
  ],
  [
    'a strange scope',
    (d: Loose) => {
      d.spec.scope = 'World';
    },
    'spec.scope: Unsupported value: "World": supported values: "Cluster", "Namespaced"',
  ],
  [
    'list and kind alike',
    (d: Loose) => {
      d.spec.names.listKind = 'Widget';
    },
    'spec.names.listKind: Invalid value: "Widget": kind and listKind may not be the same',
  ],
  [
    'no schema',
    (d: Loose) => {
      delete d.spec.versions[0].schema;
      delete d.spec.versions[0].selectableFields;
    },
    'spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required',
  ],
  [
    'no type',
    (d: Loose) => {
      schemaOf(d).properties.x = {};
    },
    `${at}.properties[x].type: Required value: must not be empty for specified object fields`,
  ],
  [
    'no items',
    (d: Loose) => {
      schemaOf(d).properties.x = { type: 'array' };
    },
    `${at}.properties[x].items: Required value: must be specified`,
  ],
  [
    'metadata',
    (d: Loose) => {
      d.spec.versions[0].schema.openAPIV3Schema.properties.metadata = {
        type: 'object',
        properties: { labels: { type: 'object' } },
      };
    },
    'spec.validation.openAPIV3Schema.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified',
  ],
  [
    'a reference',
    (d: Loose) => {
      schemaOf(d).properties.x = { type: 'string', $ref: '#/x' };
    },
    `${at}.properties[x].$ref: Forbidden: $ref is not supported`,
  ],
  [
    'a default of another type',
    (d: Loose) => {
      schemaOf(d).properties.replicas.default = 'x';
    },
    `${at}.properties[replicas].default: Invalid value: "string": ${at}.properties[replicas].default in body must be of type integer: "string"`,
  ],
  [
    'a key without a property',
    (d: Loose) => {
      schemaOf(d).properties.parts['x-kubernetes-list-map-keys'] = ['id'];
    },
    `${at}.properties[parts].x-kubernetes-list-map-keys[0]: Invalid value: "id": entries must all be names of item properties`,
  ],
  [
    'a key that may be missing',
    (d: Loose) => {
      delete schemaOf(d).properties.parts.items.required;
    },
    `${at}.properties[parts].items.properties[name].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property`,
  ],
  [
    'structure in a junctor',
    (d: Loose) => {
      schemaOf(d).anyOf = [{ properties: { color: { type: 'string' } } }];
    },
    `${at}.anyOf[0].properties[color].type: Forbidden: must be empty to be structural`,
  ],
  [
    'an unknown field in a junctor',
    (d: Loose) => {
      schemaOf(d).not = { required: ['q'], properties: { q: {} } };
    },
    `${at}.properties[q]: Required value: because it is defined in ${at}.not.properties[q]`,
  ],
  [
    'a scale outside of spec',
    (d: Loose) => {
      d.spec.versions[0].subresources.scale.specReplicasPath = '.status.x';
    },
    'spec.versions[0].subresources.scale.specReplicasPath: Invalid value: ".status.x": should be a json path under .spec',
  ],
  [
    'a strange column',
    (d: Loose) => {
      d.spec.versions[0].additionalPrinterColumns[0].type = 'text';
    },
    'spec.versions[0].additionalPrinterColumns[0].type: Unsupported value: "text": supported values: "boolean", "date", "integer", "number", "string"',
  ],
  [
    'a webhook over http',
    (d: Loose) => {
      d.spec.conversion = {
        strategy: 'Webhook',
        webhook: { conversionReviewVersions: ['v1'], clientConfig: { url: 'http://x' } },
      };
    },
    `spec.conversion.webhookClientConfig.url: Invalid value: "http": 'https' is the only allowed URL scheme`,
  ],
  [
    'a group of Kubernetes',
    (d: Loose) => {
      d.spec.group = 'x.k8s.io';
      d.metadata.name = 'widgets.x.k8s.io';
    },
    'metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111',
  ],
] as const) {
  test(`refused: ${what}`, (t) => {
    t.deepEqual(problems(change), [text]);
  });
}

test('refused: no version, or two, to store', (t) => {
  const none = problems(({ spec }) => {
    spec.versions[0].storage = false;
  });
  t.is(none.length, 1);
  t.regex(none[0]!, /^spec.versions: Invalid value: .*: must have exactly one version marked as storage version$/);
});

test('an object with properties may have any others, but none of a schema', (t) => {
  const withOthers = (additionalProperties: unknown) =>
    problems((definition) => {
      schemaOf(definition).additionalProperties = additionalProperties;
    });
  t.deepEqual(withOthers(true), []);
  t.deepEqual(withOthers({ type: 'string' }), [
    `${at}.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive`,
  ]);
});

test('int-or-string may say so itself', (t) => {
  const anyOf = [{ type: 'integer' }, { type: 'string' }];
  t.deepEqual(
    problems((d) => {
      schemaOf(d).properties.x = { 'x-kubernetes-int-or-string': true, anyOf };
      schemaOf(d).properties.y = { 'x-kubernetes-int-or-string': true, allOf: [{ anyOf }, { pattern: '^x' }] };
    }),
    [],
  );
});

test('versions are ordered as Kubernetes orders them', (t) => {
  const versions = [
    'foo1',
    'v10',
    'v1alpha1',
    'v2',
    'v1',
    'v3beta1',
    'v11alpha2',
    'v1beta2',
    'bar',
    'v12alpha1',
    'v3beta2',
  ];
  t.deepEqual(versions.sort(compareVersions), [
    'v10',
    'v2',
    'v1',
    'v3beta2',
    'v3beta1',
    'v1beta2',
    'v12alpha1',
    'v11alpha2',
    'v1alpha1',
    'bar',
    'foo1',
  ]);
});

test('JSON paths', (t) => {
  const object = {
    metadata: { labels: { 'a.b/c': 'x' } },
    list: [
      { n: 1, type: 'A', ok: true },
      { n: 2, type: 'B' },
    ],
  };
  const find = (path: string) => parseJsonPath(path)?.find(object);
  t.deepEqual(find('.list[0].n'), [1]);
  t.deepEqual(find('{.list[-1].n}'), [2]);
  t.deepEqual(find('.list[*].n'), [1, 2]);
  t.deepEqual(find('.list[?(@.type=="B")].n'), [2]);
  t.deepEqual(find(`.list[?(@.n > 1)].type`), ['B']);
  t.deepEqual(find('.list[?(@.ok)].type'), ['A']);
  t.deepEqual(find(`.metadata.labels.a\\.b/c`), ['x']);
  t.deepEqual(find(`.metadata.labels['a.b/c']`), ['x']);
  t.deepEqual(find('.constructor'), []);
  for (const wrong of ['spec', '.a[', '.a[?(', '.', '..a', `.${'a'.repeat(5_000)}`])
    t.is(parseJsonPath(wrong), undefined, wrong);
});

function established(change: (definition: Loose) => void = () => {}): CustomResourceDefinition {
  const definition = structuredClone(widgets) as Loose;
  definition.status = { conditions: [{ type: 'Established', status: 'True' }], acceptedNames: definition.spec.names };
  change(definition);
  return definition;
}

test('columns are printed as the definition says; without any, the age', (t) => {
  const now = Date.parse('2025-01-01T01:00:00Z');
  const object = {
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: { name: 'w', creationTimestamp: '2025-01-01T00:00:00Z' },
    spec: { color: { odd: 1 }, replicas: 2.5 },
  };
  const print = (definition: CustomResourceDefinition) =>
    tableOf(customResourceTypes(definition)[0]!, [object], { now, includeObject: 'None' });
  const { rows, columnDefinitions } = print(established());
  t.deepEqual(rows[0]!.cells, ['w', '{"odd":1}', 2, null, '60m']);
  t.deepEqual(
    columnDefinitions.map(({ name, priority }) => [name, priority]),
    [
      ['Name', 0],
      ['Color', 0],
      ['Replicas', 0],
      ['Phase', 1],
      ['Age', 0],
    ],
  );
  const plain = print(
    established(({ spec }) => {
      delete spec.versions[0].additionalPrinterColumns;
    }),
  );
  t.deepEqual(plain.rows[0]!.cells, ['w', '60m']);
});

test('a scheme tells of custom kinds as long as they are defined, and never of others in their place', (t) => {
  const scheme = new LiveScheme(resourceTypes());
  const before = scheme.types;
  scheme.define('widgets.example.com', customResourceTypes(established()));
  t.is(scheme.types.length, before.length + 1);
  t.is(scheme.findKind('example.com/v1', 'Widget'), scheme.findResource('example.com', 'v1', 'widgets'));
  const impostor = established(({ spec }) => {
    spec.group = 'storage.k8s.io';
    spec.names.plural = 'storageclasses';
  });
  impostor.status!.acceptedNames = { plural: 'storageclasses', kind: 'StorageClass' };
  scheme.define('storageclasses.storage.k8s.io', customResourceTypes(impostor));
  t.is(scheme.findResource('storage.k8s.io', 'v1', 'storageclasses')?.custom, undefined);
  scheme.define('storageclasses.storage.k8s.io', []);
  scheme.define('widgets.example.com', []);
  t.deepEqual(scheme.types, before);
  t.deepEqual(customResourceTypes(widgets as unknown as CustomResourceDefinition), []);
});
