import test, { type ExecutionContext } from 'ava';
import type { CustomResourceDefinition, ResourceType, UnstructuredObject } from '../../../src/api/index.ts';
import type { RunningRegistry } from '../../../src/apiserver/registry/index.ts';
import { widgets } from '../../support/custom-resources.ts';
import { at, createFixture, fields, Recorder, refused, registryOn, typeOf } from './harness.ts';

const definitions = typeOf('customresourcedefinitions', 'apiextensions.k8s.io');

type Change = (definition: CustomResourceDefinition) => void;

/** Defines Widgets, established as their controller would say. */
async function define(registry: RunningRegistry, change: Change = () => {}): Promise<CustomResourceDefinition> {
  const object = structuredClone(widgets) as unknown as CustomResourceDefinition;
  change(object);
  const created = fields(await registry.create({ ...at(definitions), object })) as CustomResourceDefinition;
  return establish(registry, created);
}

async function establish(registry: RunningRegistry, created: CustomResourceDefinition) {
  const conditions = ['NamesAccepted', 'Established'].map((type) => ({ type, status: 'True' }));
  const status = { ...created.status, acceptedNames: created.spec.names, conditions };
  const update = { ...at(definitions), name: created.metadata.name!, subresource: 'status' };
  const { result } = await registry.update({ ...update, object: { ...created, status } as UnstructuredObject });
  return structuredClone(fields(result)) as CustomResourceDefinition;
}

const found = ({ scheme }: RunningRegistry) => scheme.findResource('example.com', 'v1', 'widgets');

function widgetType({ scheme }: RunningRegistry, version = 'v1'): ResourceType {
  return scheme.findResource('example.com', version, 'widgets')!;
}

const widget = (name: string, spec: object, version = 'v1', rest: object = {}): UnstructuredObject => ({
  apiVersion: `example.com/${version}`,
  kind: 'Widget',
  metadata: { name, namespace: 'default' },
  spec,
  ...rest,
});

test('a definition is served once it is established, by every peer, until it goes; its watches end then', async (t) => {
  const { registry, store, clock } = await createFixture(t);
  const other = registryOn(t, store, clock);
  const object = structuredClone(widgets) as unknown as CustomResourceDefinition;
  const created = fields(await registry.create({ ...at(definitions), object }));
  t.is(found(registry), undefined);
  await establish(registry, created);
  await other.state.fresh();
  t.is(widgetType(registry).kind, 'Widget');
  t.is(other.scheme.findKind('example.com/v1', 'Widget')?.resource, 'widgets');
  await registry.create({ ...at(widgetType(registry)), object: widget('a', { color: 'red' }) });
  const recorder = new Recorder();
  await other.watch({ ...at(widgetType(other)), ...recorder });
  t.deepEqual(
    recorder.events.map(({ type }) => type),
    ['ADDED'],
  );
  const late = registryOn(t, store, clock);
  await late.ready();
  t.is(widgetType(late).kind, 'Widget');

  await registry.delete({ ...at(definitions), name: 'widgets.example.com' });
  const going = structuredClone(fields(await registry.get({ ...at(definitions), name: 'widgets.example.com' })));
  t.deepEqual(going.metadata.finalizers, ['customresourcecleanup.apiextensions.k8s.io']);
  t.is(going.status.conditions.at(-1).type, 'Terminating');
  t.false(widgetType(registry).verbs.includes('create'));
  going.metadata = { ...going.metadata, finalizers: [] };
  await registry.update({ ...at(definitions), name: 'widgets.example.com', object: going });
  await other.state.fresh();
  t.is(found(registry), undefined);
  t.is(found(other), undefined);
  t.deepEqual(recorder.ended, { status: undefined });
});

test('unknown fields are refused, told of or dropped; defaults are filled in', async (t) => {
  const { registry } = await createFixture(t);
  await define(registry);
  const type = widgetType(registry);
  const object = widget('a', { color: 'red', nope: 1, parts: [{ name: 'x', y: { z: 1 } }], free: { any: [1] } });
  const strict = await refused(t, registry.create({ ...at(type), object, fieldValidation: 'Strict' }), 'BadRequest');
  t.is(
    strict.message,
    'Widget in version "v1" cannot be handled as a Widget: strict decoding error: unknown field "spec.nope", unknown field "spec.parts[0].y"',
  );
  const request = at(type);
  const made = fields(await registry.create({ ...request, object }));
  t.deepEqual(request.warnings, ['unknown field "spec.nope"', 'unknown field "spec.parts[0].y"']);
  t.deepEqual(made.spec, { color: 'red', parts: [{ name: 'x', size: 3 }], free: { any: [1] }, replicas: 1 });
  t.is(made.metadata.generation, 1);
});

test('a resource within an object has metadata as any other, and says what it is', async (t) => {
  const { registry } = await createFixture(t);
  await define(registry, ({ spec }) => {
    const properties = spec.versions[0]!.schema!.openAPIV3Schema!.properties!['spec']!.properties!;
    const template = { 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true };
    properties['template'] = { type: 'object', ...template };
  });
  const create = (template: object) => {
    const request = at(widgetType(registry));
    return { request, made: registry.create({ ...request, object: widget('a', { color: 'red', template }) }) };
  };
  const refusal = await refused(t, create({ metadata: {}, data: 1 }).made, 'Invalid');
  t.deepEqual(
    refusal.details?.causes?.map(({ field, message }) => `${field}: ${message}`),
    ['apiVersion', 'kind'].map((field) => `spec.template.${field}: Required value: must not be empty`),
  );
  const head = { apiVersion: 'v1', kind: 'Pod' };
  await refused(t, create({ ...head, metadata: { labels: 3 } }).made, 'BadRequest');
  const { request, made } = create({ ...head, metadata: { name: 'x', odd: 1, labels: { a: 'b' } }, any: [1] });
  const metadata = { name: 'x', labels: { a: 'b' } };
  t.deepEqual(fields(await made).spec.template, { ...head, metadata, any: [1] });
  t.deepEqual(request.warnings, ['unknown field "spec.template.metadata.odd"']);
});

test('status and spec are written apart; generation counts changes of the spec', async (t) => {
  const { registry } = await createFixture(t);
  await define(registry);
  const type = widgetType(registry);
  const object = widget('a', { color: 'red' }, 'v1', { status: { phase: 'Lost' } });
  const made = fields(await registry.create({ ...at(type), object }));
  t.is(made.status, undefined);
  const status = fields(
    (
      await registry.update({
        ...at(type),
        name: 'a',
        subresource: 'status',
        object: {
          ...made,
          spec: { color: 'blue' },
          status: { phase: 'Fine' },
          metadata: { ...made.metadata, labels: { a: 'b' } },
        },
      })
    ).result,
  );
  t.is(status.spec.color, 'red');
  t.is(status.status.phase, 'Fine');
  t.is(status.metadata.labels, undefined);
  t.is(status.metadata.generation, 1);
  const body = { ...status, spec: { color: 'green' }, status: {} };
  const changed = fields((await registry.update({ ...at(type), name: 'a', object: body })).result);
  t.is(changed.metadata.generation, 2);
  t.is(changed.status.phase, 'Fine');
  const { resourceVersion: _, ...metadata } = changed.metadata;
  const unconditional = registry.update({ ...at(type), name: 'a', object: { ...changed, metadata } });
  t.regex(
    (await refused(t, unconditional, 'Invalid')).message!,
    /metadata.resourceVersion: .*must be specified for an update/,
  );
});

test('server-side apply merges list maps by their keys, and knows whose what is', async (t) => {
  const { registry } = await createFixture(t);
  await define(registry);
  const type = widgetType(registry);
  const apply = (manager: string, spec: object, force = false) =>
    registry.patch({
      ...at(type),
      name: 'a',
      patchType: 'application/apply-patch+yaml',
      patch: widget('a', spec),
      fieldManager: manager,
      force,
    });
  await apply('one', { color: 'red', parts: [{ name: 'a', size: 1 }], free: { x: { y: 1 }, l: [1] } });
  const { result } = await apply('two', { color: 'red', parts: [{ name: 'b' }], free: { x: { z: 2 } } });
  t.deepEqual(fields(result).spec, {
    color: 'red',
    parts: [
      { name: 'b', size: 3 },
      { name: 'a', size: 1 },
    ],
    free: { x: { y: 1, z: 2 }, l: [1] },
    replicas: 1,
  });
  const conflict = await refused(t, apply('two', { color: 'blue', free: { l: [2] } }), 'Conflict');
  t.deepEqual(
    conflict.details?.causes?.map(({ field }) => field),
    ['.spec.color', '.spec.free.l'],
  );
  const forced = fields((await apply('two', { color: 'blue' }, true)).result);
  t.deepEqual(forced.spec.parts, [{ name: 'a', size: 1 }]);
  t.deepEqual(forced.spec.free, { x: { y: 1 }, l: [1] });
  const patch = { patchType: 'application/strategic-merge-patch+json', patch: {} } as const;
  const strategic = await refused(t, registry.patch({ ...at(type), name: 'a', ...patch }), 'UnsupportedMediaType');
  t.regex(strategic.message!, /json-patch\+json, application\/merge-patch\+json, application\/apply-patch\+yaml$/);
});

/** v1 is stored; v2 calls the color `paint`, if `renamed`. */
const twoVersions =
  (renamed: boolean): Change =>
  ({ spec }) => {
    const v2 = structuredClone(spec.versions[0]!);
    Object.assign(v2, { name: 'v2', storage: false, additionalPrinterColumns: undefined, subresources: undefined });
    const inner = v2.schema!.openAPIV3Schema!.properties!['spec']!;
    inner.properties!['extra'] = { type: 'string', default: 'new' };
    if (renamed) {
      inner.properties!['paint'] = inner.properties!['color']!;
      delete inner.properties!['color'];
      inner.required = ['paint'];
      v2.selectableFields = [{ jsonPath: '.spec.paint' }];
      const webhook = { clientConfig: { url: 'https://example.com' }, conversionReviewVersions: ['v1'] };
      spec.conversion = { strategy: 'Webhook', webhook };
    }
    spec.versions.push(v2);
  };

test('who applies is the same in every version, and gives up in one what it applied in another', async (t) => {
  const { registry } = await createFixture(t);
  await define(registry, twoVersions(false));
  const apply = async (version: string, manager: string, spec: object, metadata: object = {}) => {
    const patch = widget('a', spec, version);
    Object.assign(patch.metadata, metadata);
    const target = { ...at(widgetType(registry, version)), name: 'a', fieldManager: manager };
    return fields((await registry.patch({ ...target, patchType: 'application/apply-patch+yaml', patch })).result);
  };
  await apply('v1', 'one', { color: 'red' }, { finalizers: ['example.com/a'], labels: { a: 'b' } });
  const { metadata } = await apply('v2', 'one', { color: 'red' }, { labels: { a: 'b' } });
  t.is(metadata.finalizers, undefined);
  t.deepEqual(
    metadata.managedFields.map(({ manager, apiVersion }: { manager: string; apiVersion: string }) => [
      manager,
      apiVersion,
    ]),
    [['one', 'example.com/v2']],
  );
});

test('versions that differ by their names alone show the same objects', async (t) => {
  const { registry } = await createFixture(t);
  const definition = await define(registry, twoVersions(false));
  const [v1, v2] = [widgetType(registry), widgetType(registry, 'v2')];
  await registry.create({ ...at(v2), object: widget('a', { color: 'red', extra: 'x' }, 'v2') });
  const asV1 = fields(await registry.get({ ...at(v1), name: 'a' }));
  t.is(asV1.apiVersion, 'example.com/v1');
  t.is(asV1.spec.extra, undefined);
  // What v1 doesn't know is stored all the same, as v2 was what it came in.
  t.is(fields(await registry.get({ ...at(v2), name: 'a' })).spec.extra, 'x');
  await registry.create({ ...at(v1), object: widget('b', { color: 'blue' }) });
  const listed = await registry.list(at(v2));
  t.deepEqual(
    listed.items.map(({ object }) => [object.apiVersion, (object as UnstructuredObject)['spec']]),
    [
      ['example.com/v2', { color: 'red', extra: 'x', replicas: 1 }],
      ['example.com/v2', { color: 'blue', replicas: 1, extra: 'new' }],
    ],
  );
  // v2 becomes the one to store: what is there stays readable, and is noted.
  for (const version of definition.spec.versions) version.storage = version.name === 'v2';
  const recorder = new Recorder();
  await registry.watch({ ...at(v1), ...recorder });
  const object = definition as unknown as UnstructuredObject;
  const { result } = await registry.update({ ...at(definitions), name: 'widgets.example.com', object });
  t.deepEqual(fields(result).status.storedVersions, ['v1', 'v2']);
  // Who watched by the old definition comes again by the new.
  t.deepEqual([recorder.events.length, recorder.ended], [2, { status: undefined }]);
  t.is(fields(await registry.get({ ...at(widgetType(registry)), name: 'b' })).apiVersion, 'example.com/v1');
});

type Review = {
  request: { uid: string; desiredAPIVersion: string; objects: UnstructuredObject[] };
  apiVersion: string;
};

/** Renames the color; counts its calls. */
function renaming() {
  const calls: number[] = [];
  const convert = (object: UnstructuredObject, apiVersion: string): UnstructuredObject => {
    const { color, paint, ...spec } = object['spec'] as Record<string, unknown>;
    const tint = color ?? paint;
    return {
      ...object,
      apiVersion,
      spec: apiVersion.endsWith('v2') ? { ...spec, paint: tint } : { ...spec, color: tint },
    };
  };
  const post = async (_config: unknown, review: object): Promise<unknown> => {
    const { request, apiVersion } = review as Review;
    calls.push(request.objects.length);
    const convertedObjects = request.objects.map((object) => convert(object, request.desiredAPIVersion));
    await new Promise((resolve) => setImmediate(resolve));
    return {
      kind: 'ConversionReview',
      apiVersion,
      response: { uid: request.uid, result: { status: 'Success' }, convertedObjects },
    };
  };
  return { calls, post, close: () => {} };
}

test('a webhook converts between versions: lists in one call, watches in order', async (t) => {
  const webhook = renaming();
  const { registry } = await createFixture(t, { conversions: () => webhook });
  await define(registry, twoVersions(true));
  const [v1, v2] = [widgetType(registry), widgetType(registry, 'v2')];
  const made = fields(await registry.create({ ...at(v2), object: widget('a', { paint: 'red' }, 'v2') }));
  t.deepEqual([made.apiVersion, made.spec.paint], ['example.com/v2', 'red']);
  t.is(fields(await registry.get({ ...at(v1), name: 'a' })).spec.color, 'red');
  for (const name of ['b', 'c']) await registry.create({ ...at(v1), object: widget(name, { color: 'blue' }) });
  webhook.calls.length = 0;
  const spec = ({ object }: { object: unknown }) => (object as { spec: { paint: string } }).spec.paint;
  const listed = await registry.list(at(v2));
  t.deepEqual(listed.items.map(spec), ['red', 'blue', 'blue']);
  t.deepEqual(webhook.calls, [2]);
  t.deepEqual((await registry.list({ ...at(v2), fieldSelector: 'spec.paint=blue' })).items.map(spec), ['blue', 'blue']);
  t.deepEqual(webhook.calls, [2]);

  const recorder = new Recorder();
  await registry.watch({ ...at(v2), ...recorder, fieldSelector: 'spec.paint=green' });
  const merge = (name: string, type: ResourceType, patch: object) =>
    registry.patch({ ...at(type), name, patchType: 'application/merge-patch+json', patch });
  await merge('a', v1, { spec: { color: 'green' } });
  const patched = fields((await merge('b', v2, { spec: { paint: 'green' } })).result);
  t.deepEqual([patched.apiVersion, patched.spec.paint], ['example.com/v2', 'green']);
  await registry.delete({ ...at(v2), name: 'a' });
  for (let turn = 0; turn < 50 && recorder.events.length < 3; turn++) await new Promise((r) => setImmediate(r));
  t.deepEqual(
    recorder.events.map(({ type, encoded }) => [type, encoded.object.apiVersion, encoded.object.metadata.name]),
    [
      ['ADDED', 'example.com/v2', 'a'],
      ['ADDED', 'example.com/v2', 'b'],
      ['DELETED', 'example.com/v2', 'a'],
    ],
  );
  const dry = fields(await registry.create({ ...at(v2), object: widget('d', { paint: 'red' }, 'v2'), dryRun: true }));
  t.is(dry.spec.paint, 'red');
});

for (const [what, answer, text] of [
  ['fails', { result: { status: 'Failed', message: 'no idea how' }, convertedObjects: [] }, /: no idea how$/],
  ['loses objects', { result: { status: 'Success' }, convertedObjects: [] }, /returned 0 objects, expected 1/],
  [
    'changes names',
    { convertedObjects: [{ ...widget('other', {}, 'v2') }], result: { status: 'Success' } },
    /metadata.name must not change/,
  ],
  [
    'answers in another version',
    { convertedObjects: [{ ...widget('a', {}, 'v3') }], result: { status: 'Success' } },
    /invalid groupVersion \(expected example.com\/v2, received example.com\/v3\)/,
  ],
] as const) {
  test(`a webhook that ${what} makes the request fail, and says why`, async (t: ExecutionContext) => {
    const post = async (_config: unknown, review: object) => {
      const { request, apiVersion } = review as Review;
      return { kind: 'ConversionReview', apiVersion, response: { uid: request.uid, ...answer } };
    };
    const { registry } = await createFixture(t, { conversions: () => ({ post, close: () => {} }) });
    await define(registry, twoVersions(true));
    await registry.create({ ...at(widgetType(registry)), object: widget('a', { color: 'red' }) });
    const v2 = widgetType(registry, 'v2');
    const failed = await refused(t, registry.get({ ...at(v2), name: 'a' }), 'InternalError');
    t.regex(failed.message!, /conversion webhook for example.com\/v1, Kind=Widget failed: /);
    t.regex(failed.message!, text);
    await refused(t, registry.list(at(v2)), 'InternalError');
    await refused(t, registry.watch({ ...at(v2), ...new Recorder() }), 'InternalError');
  });
}

test('CEL rules hold for what is new and for changes; what was wrong before only warns', async (t) => {
  const { registry } = await createFixture(t);
  const definition = await define(registry);
  const type = widgetType(registry);
  await registry.create({ ...at(type), object: widget('old', { color: 'red', replicas: 9 }) });
  const spec = definition.spec.versions[0]!.schema!.openAPIV3Schema!.properties!['spec']!;
  spec['x-kubernetes-validations'] = [
    { rule: 'self.replicas < 5', messageExpression: "'too many of ' + self.color", fieldPath: '.replicas' },
    {
      rule: 'oldSelf.optMap(old, old.color == self.color).orValue(true)',
      optionalOldSelf: true,
      reason: 'FieldValueForbidden',
      message: 'stays',
    },
  ];
  spec.properties!['parts']!.items = {
    ...(spec.properties!['parts']!.items as object),
    'x-kubernetes-validations': [{ rule: 'self.size >= oldSelf.size', message: 'parts only grow' }],
  };
  const object = definition as unknown as UnstructuredObject;
  await registry.update({ ...at(definitions), name: 'widgets.example.com', object });
  const strict = widgetType(registry);
  const many = await refused(
    t,
    registry.create({ ...at(strict), object: widget('a', { color: 'red', replicas: 7 }) }),
    'Invalid',
  );
  t.is(many.message, 'Widget.example.com "a" is invalid: spec.replicas: Invalid value: "object": too many of red');
  await registry.create({ ...at(strict), object: widget('a', { color: 'red', parts: [{ name: 'x' }] }) });
  const merge = (name: string, patch: object, request = at(strict)) =>
    registry.patch({ ...request, name, patchType: 'application/merge-patch+json', patch });
  const color = await refused(t, merge('a', { spec: { color: 'blue' } }), 'Invalid');
  t.deepEqual(
    color.details?.causes?.map(({ field, reason, message }) => [field, reason, message]),
    [['spec', 'FieldValueForbidden', 'Forbidden: stays']],
  );
  const shrunk = await refused(t, merge('a', { spec: { parts: [{ name: 'x', size: 1 }] } }), 'Invalid');
  t.regex(shrunk.message!, /spec.parts\[0\]: Invalid value: "object": parts only grow$/);
  const request = at(strict);
  await merge('old', { metadata: { labels: { a: 'b' } } }, request);
  t.deepEqual(request.warnings, ['spec.replicas: Invalid value: "object": too many of red']);
  await refused(t, merge('old', { spec: { replicas: 8 } }), 'Invalid');
});

test('a schema that became stricter forbids only what is changed', async (t) => {
  const { registry } = await createFixture(t);
  const definition = await define(registry);
  await registry.create({
    ...at(widgetType(registry)),
    object: widget('old', { color: 'red', parts: [{ name: 'long' }] }),
  });
  const spec = definition.spec.versions[0]!.schema!.openAPIV3Schema!.properties!['spec']!;
  spec.properties!['color']!.enum = ['green'];
  (spec.properties!['parts']!.items as { properties: Record<string, object> }).properties['name'] = {
    type: 'string',
    maxLength: 2,
  };
  const object = definition as unknown as UnstructuredObject;
  await registry.update({ ...at(definitions), name: 'widgets.example.com', object });
  const type = widgetType(registry);
  const merge = (patch: object) =>
    registry.patch({ ...at(type), name: 'old', patchType: 'application/merge-patch+json', patch });
  await merge({ spec: { replicas: 4 } });
  await merge({ spec: { parts: [{ name: 'long' }, { name: 'x' }] } });
  t.regex((await refused(t, merge({ spec: { color: 'blue' } }), 'Invalid')).message!, /supported values: "green"/);
  t.regex(
    (await refused(t, merge({ spec: { parts: [{ name: 'longer' }] } }), 'Invalid')).message!,
    /spec.parts\[0\].name: Too long: may not be more than 2 bytes/,
  );
});

test('scale reads and writes where the definition says', async (t) => {
  const { registry } = await createFixture(t);
  await define(registry);
  const type = widgetType(registry);
  await registry.create({ ...at(type), object: widget('a', { color: 'red' }) });
  const request = { ...at(type), name: 'a', subresource: 'scale' };
  const scale = fields(await registry.get(request));
  t.deepEqual([scale.kind, scale.spec, scale.status], ['Scale', { replicas: 1 }, { replicas: 0 }]);
  const { result } = await registry.update({ ...request, object: { ...scale, spec: { replicas: 7 } } });
  t.is(fields(result).spec.replicas, 7);
  t.is(fields(await registry.get({ ...at(type), name: 'a' })).spec.replicas, 7);
  const tooMany = registry.update({ ...request, object: { ...fields(result), spec: { replicas: 11 } } });
  t.regex((await refused(t, tooMany, 'Invalid')).message!, /spec.replicas in body should be less than or equal to 10/);
});
