import test from 'ava';
import type { PatchType } from '../../../src/apiserver/registry/types.ts';
import {
  at,
  configMap,
  configMaps,
  createFixture,
  deployment,
  deployments,
  fields,
  laggingStore,
  refused,
  registryOn,
} from './harness.ts';

test('the three patches that are applied to what is there', async (t) => {
  const { registry } = await createFixture(t);
  await registry.create({ ...at(deployments), object: deployment('web') });
  const target = { ...at(deployments), name: 'web' };
  const json = await registry.patch({
    ...target,
    patchType: 'application/json-patch+json',
    patch: [{ op: 'replace', path: '/spec/replicas', value: 3 }],
  });
  t.is(fields(json.result).spec.replicas, 3);
  const merge = await registry.patch({
    ...target,
    patchType: 'application/merge-patch+json',
    patch: { metadata: { labels: { a: 'b' } }, spec: { replicas: 4 } },
  });
  t.deepEqual([fields(merge.result).spec.replicas, merge.result.object.metadata.labels], [4, { a: 'b' }]);
  const strategic = await registry.patch({
    ...target,
    patchType: 'application/strategic-merge-patch+json',
    patch: { spec: { template: { spec: { containers: [{ name: 'side', image: 'host' }] } } } },
  });
  const { containers } = fields(strategic.result).spec.template.spec;
  t.deepEqual(containers.map(({ name }: { name: string }) => name).sort(), ['main', 'side']);
  t.false(strategic.created);
});

test('a patch that changes nothing writes nothing', async (t) => {
  const { registry, store } = await createFixture(t);
  await registry.create({ ...at(configMaps), object: configMap('a', { x: '1' }) });
  const { revision } = await store.status();
  const patch = { data: { x: '1' } };
  await registry.patch({ ...at(configMaps), name: 'a', patchType: 'application/merge-patch+json', patch });
  t.is((await store.status()).revision, revision);
});

test('a patch that makes of an object what is none of its kind is refused as invalid', async (t) => {
  const { registry } = await createFixture(t);
  await registry.create({ ...at(deployments), object: deployment('web') });
  const patched = async (patchType: PatchType, patch: unknown): Promise<string> => {
    const write = registry.patch({ ...at(deployments), name: 'web', patchType, patch, fieldValidation: 'Strict' });
    return (await refused(t, write, 'Invalid')).message!;
  };
  const strategic = 'application/strategic-merge-patch+json';
  const merge = 'application/merge-patch+json';
  for (const [patch, printed, text] of [
    [{ metadata: { labels: 'x' } }, 'map[metadata:map[labels:x]]', 'cannot restore map from string'],
    [{ spec: { template: [1] } }, 'map[spec:map[template:[1]]]', 'cannot restore struct from: slice'],
    [{ spec: { replicas: 'two' } }, 'map[spec:map[replicas:two]]', 'unrecognized type: int32'],
    [
      { spec: { nope: null, no: true } },
      'map[spec:map[no:true nope:<nil>]]',
      'strict decoding error: unknown field "spec.no"',
    ],
    [{ metadata: { labels: { a: 1 } } }, 'map[metadata:map[labels:map[a:1]]]', 'cannot convert int64 to string'],
  ] as const) {
    t.is(await patched(strategic, patch), ` "" is invalid: patch: Invalid value: "${printed}": ${text}`);
  }
  t.regex(
    await patched(merge, { metadata: { labels: 'x' } }),
    /^ "" is invalid: patch: Invalid value: "\{.*\}": json: cannot unmarshal string into Go struct field ObjectMeta\.metadata\.labels of type map\[string\]string$/,
  );
});

test('a patch with a version is for that version only', async (t) => {
  const { registry } = await createFixture(t);
  const first = await registry.create({ ...at(configMaps), object: configMap('a') });
  const { resourceVersion } = first.object.metadata;
  const request = { ...at(configMaps), name: 'a', patchType: 'application/merge-patch+json' as const };
  await registry.patch({ ...request, patch: { metadata: { resourceVersion }, data: { x: '1' } } });
  await refused(
    t,
    registry.patch({ ...request, patch: { metadata: { resourceVersion }, data: { x: '2' } } }),
    'Conflict',
  );
});

test('a patch without a version meets what others wrote meanwhile', async (t) => {
  const { registry, store, clock } = await createFixture(t);
  await registry.create({ ...at(configMaps), object: configMap('a', { x: '1' }) });
  const behind = registryOn(t, laggingStore(store), clock);
  await behind.ready();
  const request = { ...at(configMaps), name: 'a', patchType: 'application/merge-patch+json' as const };
  await registry.patch({ ...request, patch: { data: { y: '2' } } });
  const { result } = await behind.patch({ ...request, patch: { data: { z: '3' } } });
  t.deepEqual(fields(result).data, { x: '1', y: '2', z: '3' });
});

test('a patch can not rename, and needs something to patch', async (t) => {
  const { registry } = await createFixture(t);
  const request = { ...at(configMaps), name: 'a', patchType: 'application/merge-patch+json' as const };
  await refused(t, registry.patch({ ...request, patch: { data: {} } }), 'NotFound');
  await registry.create({ ...at(configMaps), object: configMap('a') });
  const renamed = await refused(t, registry.patch({ ...request, patch: { metadata: { name: 'b' } } }), 'BadRequest');
  t.is(renamed.message, 'the name of the object (b) does not match the name on the URL (a)');
});

test('a patch does not make another kind of an object', async (t) => {
  const { registry } = await createFixture(t);
  await registry.create({ ...at(configMaps), object: configMap('a') });
  const target = { ...at(configMaps), name: 'a' };
  const merge = registry.patch({ ...target, patchType: 'application/merge-patch+json', patch: { kind: 'Secret' } });
  t.regex((await refused(t, merge, 'BadRequest')).message!, /^Secret in version "v1" cannot be handled as a ConfigMap/);
  const patch = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' } };
  const options = { patchType: 'application/apply-patch+yaml', fieldManager: 'me' } as const;
  await refused(t, registry.patch({ ...target, ...options, patch }), 'BadRequest');
  await refused(t, registry.patch({ ...target, ...options, name: 'b', patch }), 'BadRequest');
  const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'web' }, spec: { replicas: 2 } };
  await registry.create({ ...at(deployments), object: deployment('web') });
  const scaled = await registry.patch({
    ...at(deployments),
    ...options,
    name: 'web',
    subresource: 'scale',
    patch: scale,
    force: true,
  });
  t.is(fields(scaled.result).spec.replicas, 2);
});

test('unknown fields in a patch are handled like those of an object', async (t) => {
  const { registry } = await createFixture(t);
  await registry.create({ ...at(configMaps), object: configMap('a') });
  const request = { ...at(configMaps), name: 'a', patchType: 'application/merge-patch+json' as const };
  await refused(t, registry.patch({ ...request, patch: { oddity: 1 }, fieldValidation: 'Strict' }), 'Invalid');
  await registry.patch({ ...request, patch: { oddity: 1 } });
  t.deepEqual(request.warnings, ['unknown field "oddity"']);
});

test('a status is patched by itself', async (t) => {
  const { registry } = await createFixture(t);
  await registry.create({ ...at(deployments), object: deployment('web') });
  const request = { ...at(deployments), name: 'web', patchType: 'application/merge-patch+json' as const };
  const patch = { spec: { replicas: 9 }, status: { replicas: 1 } };
  const { result } = await registry.patch({ ...request, subresource: 'status', patch });
  t.deepEqual([fields(result).spec.replicas, fields(result).status.replicas], [1, 1]);
});

const applied = (rest: object) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, ...rest });

test('an applied configuration creates, changes and gives up fields', async (t) => {
  const { registry } = await createFixture(t);
  const apply = (patch: object, fieldManager = 'me', force?: boolean) =>
    registry.patch({
      ...at(configMaps),
      name: 'a',
      patchType: 'application/apply-patch+yaml',
      patch,
      fieldManager,
      ...(force === undefined ? {} : { force }),
    });
  const made = await apply(applied({ data: { x: '1', y: '1' } }));
  t.true(made.created);
  t.like(made.result.object.metadata.managedFields?.[0], { manager: 'me', operation: 'Apply', apiVersion: 'v1' });
  const changed = await apply(applied({ data: { x: '2' } }));
  t.deepEqual([changed.created, fields(changed.result).data], [false, { x: '2' }]);
  const again = await apply(applied({ data: { x: '2' } }));
  t.is(again.result.object.metadata.resourceVersion, changed.result.object.metadata.resourceVersion);

  const status = await refused(t, apply(applied({ data: { x: '3' } }), 'other'), 'Conflict');
  t.deepEqual(status.details?.causes, [
    { reason: 'FieldManagerConflict', message: 'conflict with "me"', field: '.data.x' },
  ]);
  t.deepEqual(fields((await apply(applied({ data: { x: '3' } }), 'other', true)).result).data, { x: '3' });
});

test('who updates comes to own what was changed', async (t) => {
  const { registry } = await createFixture(t);
  const made = await registry.create({ ...at(configMaps), object: configMap('a', { x: '1' }), fieldManager: 'one' });
  t.like(made.object.metadata.managedFields, [{ manager: 'one', operation: 'Update' }] as never);
  const { result } = await registry.patch({
    ...at(configMaps),
    name: 'a',
    patchType: 'application/merge-patch+json',
    patch: { data: { y: '2' } },
    fieldManager: 'two',
  });
  t.deepEqual(
    result.object.metadata.managedFields?.map(({ manager }) => manager),
    ['one', 'two'],
  );
});

test('what an apply needs, and what other patches do not take', async (t) => {
  const { registry } = await createFixture(t);
  await registry.create({ ...at(configMaps), object: configMap('a') });
  const request = { ...at(configMaps), name: 'a', patch: applied({}) };
  await refused(t, registry.patch({ ...request, patchType: 'application/apply-patch+yaml' }), 'Invalid');
  const merge = registry.patch({ ...request, patchType: 'application/merge-patch+json', force: true });
  await refused(t, merge, 'Invalid');
  await refused(t, registry.patch({ ...request, patchType: 'text/plain' as never }), 'UnsupportedMediaType');
  const renamed = { ...request, patchType: 'application/apply-patch+yaml' as const, fieldManager: 'me', name: 'b' };
  await refused(t, registry.patch(renamed), 'BadRequest');
});

test('fields that a kind does not have are not applied, whatever is asked about them', async (t) => {
  const { registry } = await createFixture(t);
  const apply = async (patch: object, more: object = {}): Promise<string> => {
    const target = { ...at(deployments), name: 'web', patchType: 'application/apply-patch+yaml' as const };
    const write = registry.patch({ ...target, patch, fieldManager: 'me', ...more });
    return (await refused(t, write, 'BadRequest')).message!;
  };
  const web = deployment('web') as unknown as {
    metadata: object;
    spec: { template: { spec: { containers: object[] } } };
  };
  const odd = { ...web, metadata: { ...web.metadata, namespace: 'default' }, oddity: null };
  const prefix = 'failed to create typed patch object (default/web; apps/v1, Kind=Deployment): ';
  for (const fieldValidation of ['Ignore', 'Warn', 'Strict'])
    t.is(await apply(odd, { fieldValidation }), `${prefix}.oddity: field not declared in schema`);
  const container = { ...web.spec.template.spec.containers[0], comand: [], args: ['a'] };
  const deep = structuredClone(odd);
  deep.spec.template.spec.containers = [container];
  t.is(
    await apply(deep),
    `${prefix}errors:\n  .spec.template.spec.containers[name="main"].comand: field not declared in schema\n  .oddity: field not declared in schema`,
  );
  const line = 'line 7: key "replicas" already set in map';
  t.is(
    await apply(web, { fieldValidation: 'Strict', duplicateFields: [line] }),
    `error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  ${line}`,
  );
});
