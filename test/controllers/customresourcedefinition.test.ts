import test from 'ava';
import {
  type apiextensionsv1,
  type ResourceReference,
  reasonOf,
  resources,
  type UnstructuredObject,
} from '../../src/api/index.ts';
import { customResourceDefinitionController } from '../../src/controllers/customresourcedefinition/index.ts';
import { judgeNames } from '../../src/controllers/customresourcedefinition/names.ts';
import { garbageCollector } from '../../src/controllers/garbage-collector/index.ts';
import { namespaceController } from '../../src/controllers/namespace.ts';
import { widgets } from '../support/custom-resources.ts';
import { startHarness } from './harness.ts';

type Definition = apiextensionsv1.CustomResourceDefinition;

async function setUp() {
  const controllers = [customResourceDefinitionController, garbageCollector, namespaceController];
  const harness = await startHarness({ controllers, kubelet: false });
  const { client, clock } = harness;
  const get = (name: string) =>
    client.get<Definition>(resources.customResourceDefinitions, undefined, name).catch((error: unknown) => {
      if (reasonOf(error) === 'NotFound') return undefined;
      throw error;
    });
  return {
    ...harness,
    get,
    define: (plural: string, names: object = {}) => {
      const definition = structuredClone(widgets) as unknown as Definition;
      definition.metadata.name = `${plural}.example.com`;
      Object.assign(definition.spec.names, { plural, ...names });
      return client.create(resources.customResourceDefinitions, definition);
    },
    conditions: async (name: string) =>
      (await get(name))?.status?.conditions?.map(({ type, status, reason }) => `${type}=${status} ${reason}`),
    remove: (name: string) => client.delete(resources.customResourceDefinitions, undefined, name),
    settle: () => clock.advance(10_000),
  };
}

const widgetType: ResourceReference = {
  group: 'example.com',
  version: 'v1',
  resource: 'widgets',
  kind: 'Widget',
  namespaced: true,
};

const widget = (name: string, metadata: object = {}): UnstructuredObject => ({
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  metadata: { name, namespace: 'default', ...metadata },
  spec: { color: 'red' },
});

test('names that are free are accepted; what another has must wait until that goes', async (t) => {
  const { define, conditions, get, remove, settle, stop } = await setUp();
  await define('widgets');
  await settle();
  t.deepEqual(await conditions('widgets.example.com'), [
    'NamesAccepted=True NoConflicts',
    'Established=True InitialNamesAccepted',
  ]);
  await define('gadgets', { shortNames: ['gd'] });
  await settle();
  t.deepEqual(await conditions('gadgets.example.com'), [
    'NamesAccepted=False SingularConflict',
    'Established=False NotAccepted',
  ]);
  t.is((await get('gadgets.example.com'))?.status?.acceptedNames?.kind, '');
  await remove('widgets.example.com');
  await settle();
  t.is(await get('widgets.example.com'), undefined);
  t.deepEqual(await conditions('gadgets.example.com'), [
    'NamesAccepted=True NoConflicts',
    'Established=True InitialNamesAccepted',
  ]);
  await stop();
});

test('a definition goes when all its objects have gone', async (t) => {
  const { define, client, conditions, get, remove, settle, stop } = await setUp();
  await define('widgets');
  await settle();
  await client.create(widgetType, widget('a'));
  await client.create(widgetType, widget('held', { finalizers: ['example.com/hold'] }));
  await remove('widgets.example.com');
  await settle();
  t.true((await conditions('widgets.example.com'))?.includes('Terminating=True InstanceDeletionInProgress'));
  t.deepEqual(
    (await client.list(widgetType, undefined)).items.map(({ metadata }) => metadata.name),
    ['held'],
  );
  await t.throwsAsync(client.create(widgetType, widget('late')));
  await client.patch(widgetType, 'default', 'held', { type: 'merge', body: { metadata: { finalizers: null } } });
  await settle();
  t.is(await get('widgets.example.com'), undefined);
  const gone = await t.throwsAsync(client.list(widgetType, undefined));
  t.is(reasonOf(gone), 'NotFound');
  // The same name, defined again, begins with nothing.
  await define('widgets');
  await settle();
  t.deepEqual((await client.list(widgetType, undefined)).items, []);
  await stop();
});

test('custom resources own and are owned, and go with their namespace', async (t) => {
  const { define, client, remove, settle, stop } = await setUp();
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } };
  await client.create(resources.namespaces, namespace);
  await define('widgets');
  await settle();
  const owner = await client.create(widgetType, widget('owner'));
  const { uid } = owner.metadata;
  const reference = { apiVersion: 'example.com/v1', kind: 'Widget', name: 'owner', uid: uid! };
  const metadata = { name: 'owned', namespace: 'default', ownerReferences: [reference] };
  await client.create(resources.configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata });
  await client.create(widgetType, widget('owned', { ownerReferences: [reference] }));
  await client.create(widgetType, widget('elsewhere', { namespace: 'n' }));
  await settle();
  const names = async (type: ResourceReference) =>
    (await client.list(type, undefined)).items.map((item) => item.metadata.name);
  t.deepEqual(await names(widgetType), ['owned', 'owner', 'elsewhere']);
  await client.delete(widgetType, 'default', 'owner', { propagationPolicy: 'Background' });
  await client.delete(resources.namespaces, undefined, 'n');
  await settle();
  t.deepEqual(await names(widgetType), []);
  t.false((await names(resources.configMaps)).includes('owned'));
  t.false((await names(resources.namespaces)).includes('n'));
  await remove('widgets.example.com');
  await settle();
  await stop();
});

test('a name that is taken leaves what the definition had', (t) => {
  const asked = { plural: 'as', singular: 'a', kind: 'A', listKind: 'AList', shortNames: ['x'] };
  t.deepEqual(judgeNames(asked, undefined, []), { accepted: asked, conflict: undefined });
  const other = { plural: 'bs', singular: 'b', kind: 'B', listKind: 'AList', shortNames: ['x', 'y'] };
  t.deepEqual(judgeNames(asked, { plural: 'as', kind: 'A', shortNames: ['z'] }, [other]), {
    accepted: { plural: 'as', singular: 'a', kind: 'A', shortNames: ['z'] },
    conflict: { reason: 'ShortNamesConflict', message: '"x" is already in use' },
  });
});
