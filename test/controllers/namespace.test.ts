import test from 'ava';
import { reasonOf, resources, type v1 } from '../../src/api/index.ts';
import { namespaceController } from '../../src/controllers/namespace.ts';
import { replicaSetController } from '../../src/controllers/replicaset.ts';
import { rootCaCertificatePublisher } from '../../src/controllers/root-ca-certificate-publisher.ts';
import { serviceAccountController } from '../../src/controllers/serviceaccount.ts';
import { type HarnessOptions, replicaSet, startHarness } from './harness.ts';

async function setUp(controllers: HarnessOptions['controllers']) {
  const harness = await startHarness({ controllers, kubelet: { stopMs: 500 } });
  const { client } = harness;
  return {
    ...harness,
    addNamespace: (name: string) =>
      client.create<v1.Namespace>(resources.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }),
    get: (name: string) =>
      client.get<v1.Namespace>(resources.namespaces, undefined, name).catch((error: unknown) => {
        if (reasonOf(error) === 'NotFound') return undefined;
        throw error;
      }),
  };
}

const configMap = (namespace: string, name: string, finalizers: string[] = []): v1.ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace, name, finalizers },
});

test('a deleted namespace is emptied and goes', async (t) => {
  const { clock, client, addNamespace, get, list, stop } = await setUp([namespaceController, replicaSetController]);
  await addNamespace('shop');
  const set = replicaSet('web', 2);
  set.metadata.namespace = 'shop';
  await client.create(resources.replicaSets, set);
  await client.create(resources.configMaps, configMap('shop', 'a'));
  await client.create(resources.configMaps, configMap('default', 'kept'));
  await clock.advance(1_000);
  await client.delete(resources.namespaces, undefined, 'shop');
  await clock.advance(100);
  const going = await get('shop');
  t.is(going!.status!.phase, 'Terminating');
  const remaining = going!.status!.conditions!.find(({ type }) => type === 'NamespaceContentRemaining');
  t.like(remaining, {
    status: 'True',
    reason: 'SomeResourcesRemain',
    message: 'Some resources are remaining: pods has 2 resource instances',
  });
  await clock.advance(20_000);
  t.is(await get('shop'), undefined);
  t.deepEqual(await list(resources.pods), []);
  t.is((await client.list(resources.configMaps, 'shop')).items.length, 0);
  t.is((await client.list(resources.events, 'shop')).items.length, 0);
  t.is((await client.list(resources.configMaps, 'default')).items.length, 1);
  await stop();
});

test('what holds a namespace is told, and waited for', async (t) => {
  const { clock, client, addNamespace, get, stop } = await setUp([namespaceController]);
  await addNamespace('shop');
  await client.create(resources.configMaps, configMap('shop', 'held', ['example.com/hold']));
  await client.delete(resources.namespaces, undefined, 'shop');
  await clock.advance(30_000);
  const held = await get('shop');
  const conditions = Object.fromEntries(held!.status!.conditions!.map(({ type, message }) => [type, message]));
  t.is(conditions['NamespaceContentRemaining'], 'Some resources are remaining: configmaps has 1 resource instances');
  t.is(
    conditions['NamespaceFinalizersRemaining'],
    'Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
  );
  const body = { metadata: { finalizers: null } };
  await client.patch(resources.configMaps, 'shop', 'held', { type: 'merge', body });
  await clock.advance(5_000);
  t.is(await get('shop'), undefined);
  await stop();
});

test('every namespace gets its default ServiceAccount, again when it is deleted', async (t) => {
  const { clock, client, addNamespace, stop } = await setUp([serviceAccountController, namespaceController]);
  const accounts = async () =>
    (await client.list<v1.ServiceAccount>(resources.serviceAccounts, undefined)).items
      .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
      .sort();
  await clock.advance(100);
  t.deepEqual(await accounts(), ['default/default', 'kube-system/default']);
  await addNamespace('shop');
  await client.delete(resources.serviceAccounts, 'default', 'default');
  await clock.advance(100);
  t.deepEqual(await accounts(), ['default/default', 'kube-system/default', 'shop/default']);
  await client.delete(resources.namespaces, undefined, 'shop');
  await clock.advance(10_000);
  t.deepEqual(await accounts(), ['default/default', 'kube-system/default']);
  await stop();
});

test('every namespace gets the certificate of the API server, and has it kept right', async (t) => {
  const publisher = (context: Parameters<typeof namespaceController>[0]) =>
    rootCaCertificatePublisher(context, 'the certificate');
  const { clock, client, addNamespace, stop } = await setUp([publisher]);
  const read = async (namespace: string) =>
    (await client.get<v1.ConfigMap>(resources.configMaps, namespace, 'kube-root-ca.crt')).data;
  await addNamespace('shop');
  await clock.advance(100);
  t.deepEqual(await read('default'), { 'ca.crt': 'the certificate' });
  t.deepEqual(await read('shop'), { 'ca.crt': 'the certificate' });
  const patch = { type: 'merge', body: { data: { 'ca.crt': 'forged', more: 'x' } } } as const;
  await client.patch(resources.configMaps, 'default', 'kube-root-ca.crt', patch);
  await client.delete(resources.configMaps, 'shop', 'kube-root-ca.crt');
  await clock.advance(100);
  t.deepEqual(await read('default'), { 'ca.crt': 'the certificate' });
  t.deepEqual(await read('shop'), { 'ca.crt': 'the certificate' });
  await stop();
});
