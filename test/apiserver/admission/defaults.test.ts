import test from 'ava';
import { at, createFixture, fields, object, pod, pods, refused, typeOf } from '../registry/harness.ts';

const claims = typeOf('persistentvolumeclaims');
const storageClasses = typeOf('storageclasses', 'storage.k8s.io');
const ingressClasses = typeOf('ingressclasses', 'networking.k8s.io');
const ingresses = typeOf('ingresses', 'networking.k8s.io');
const runtimeClasses = typeOf('runtimeclasses', 'node.k8s.io');
const nodes = typeOf('nodes');

const claim = (name: string, spec: object = {}) =>
  object('v1', 'PersistentVolumeClaim', name, {
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
  });

const marked = (apiVersion: string, kind: string, name: string, annotation: string, rest: object) => {
  const made = object(apiVersion, kind, name, rest);
  Object.assign(made.metadata, { annotations: { [annotation]: 'true' } });
  return made;
};

test('a claim gets the newest default class, unless it names one', async (t) => {
  const { registry, clock } = await createFixture(t);
  const storageClass = (name: string) =>
    registry.create({
      ...at(storageClasses),
      object: marked('storage.k8s.io/v1', 'StorageClass', name, 'storageclass.kubernetes.io/is-default-class', {
        provisioner: 'example.com/x',
      }),
    });
  const classOf = async (name: string, spec?: object) =>
    fields(await registry.create({ ...at(claims), object: claim(name, spec) })).spec.storageClassName;
  t.is(await classOf('early'), undefined);
  await storageClass('old');
  await clock.advance(5_000);
  await storageClass('new');
  t.is(await classOf('a'), 'new');
  t.is(await classOf('b', { storageClassName: 'old' }), 'old');
  t.is(await classOf('c', { storageClassName: '' }), '');
});

test('an Ingress gets the default class, unless it names one', async (t) => {
  const { registry } = await createFixture(t);
  await registry.create({
    ...at(ingressClasses),
    object: marked('networking.k8s.io/v1', 'IngressClass', 'usual', 'ingressclass.kubernetes.io/is-default-class', {
      spec: { controller: 'example.com/x' },
    }),
  });
  const classOf = async (name: string, spec: object) => {
    const defaultBackend = { service: { name: 'x', port: { number: 80 } } };
    const made = object('networking.k8s.io/v1', 'Ingress', name, { spec: { defaultBackend, ...spec } });
    return fields(await registry.create({ ...at(ingresses), object: made })).spec.ingressClassName;
  };
  t.is(await classOf('a', {}), 'usual');
  t.is(await classOf('b', { ingressClassName: 'other' }), 'other');
});

test('claims and volumes in use are held; claims grow only if their class lets them', async (t) => {
  const { registry } = await createFixture(t);
  const made = fields(await registry.create({ ...at(claims), object: claim('data', { storageClassName: 'grows' }) }));
  t.deepEqual(made.metadata.finalizers, ['kubernetes.io/pvc-protection']);
  const grow = () =>
    registry.patch({
      ...at(claims),
      name: 'data',
      patchType: 'application/merge-patch+json',
      patch: { spec: { resources: { requests: { storage: '2Gi' } } } },
    });
  // Validation says so before the plug-in does.
  t.regex(
    (await refused(t, grow(), 'Invalid')).message!,
    /spec is immutable after creation except resources\.requests/,
  );
  const bound = { status: { phase: 'Bound' } };
  const patchType = 'application/merge-patch+json' as const;
  await registry.patch({ ...at(claims), name: 'data', subresource: 'status', patchType, patch: bound });
  t.regex((await refused(t, grow(), 'Forbidden')).message!, /only dynamically provisioned pvc can be resized/);
  await registry.create({
    ...at(storageClasses),
    object: object('storage.k8s.io/v1', 'StorageClass', 'grows', { provisioner: 'x', allowVolumeExpansion: true }),
  });
  await t.notThrowsAsync(grow());
});

test('a new node is not ready before it is seen to be', async (t) => {
  const { registry } = await createFixture(t);
  const made = fields(await registry.create({ ...at(nodes), object: object('v1', 'Node', 'n1') }));
  t.deepEqual(made.spec.taints, [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }]);
});

test('who replaces a pod by its manifest need not repeat what admission added', async (t) => {
  const { registry } = await createFixture(t);
  const created = fields(await registry.create({ ...at(pods), object: pod('p') }));
  t.is(created.spec.priority, 0);
  const manifest = pod('p');
  Object.assign(manifest.metadata, { labels: { replaced: 'yes' } });
  // Not so what only a new pod gets.
  const { serviceAccountName, serviceAccount } = created.spec;
  Object.assign(fields({ object: manifest }).spec, { serviceAccountName, serviceAccount });
  const { result } = await registry.update({ ...at(pods), name: 'p', object: manifest });
  t.deepEqual(fields(result).spec, created.spec);
  t.deepEqual(result.object.metadata.labels, { replaced: 'yes' });
});

test('a pod gets what its RuntimeClass says', async (t) => {
  const { registry } = await createFixture(t);
  const create = (name: string, spec: object) => registry.create({ ...at(pods), object: pod(name, spec) });
  const missing = await refused(t, create('a', { runtimeClassName: 'boxed' }), 'Forbidden');
  t.is(missing.message, 'pods "a" is forbidden: pod rejected: RuntimeClass "boxed" not found');
  const toleration = { key: 'boxed', operator: 'Exists', effect: 'NoSchedule' };
  await registry.create({
    ...at(runtimeClasses),
    object: object('node.k8s.io/v1', 'RuntimeClass', 'boxed', {
      handler: 'boxed',
      overhead: { podFixed: { memory: '64Mi' } },
      scheduling: { nodeSelector: { box: 'yes' }, tolerations: [toleration] },
    }),
  });
  const { spec } = fields(await create('a', { runtimeClassName: 'boxed', nodeSelector: { zone: 'a' } }));
  t.deepEqual(spec.overhead, { memory: '64Mi' });
  t.deepEqual(spec.nodeSelector, { zone: 'a', box: 'yes' });
  t.deepEqual(spec.tolerations.at(-1), toleration);
  const told = async (rest: object) => (await refused(t, create('b', rest), 'Forbidden')).message!;
  t.regex(
    await told({ runtimeClassName: 'boxed', overhead: { memory: '1Mi' } }),
    /Pod's Overhead doesn't match RuntimeClass's defined Overhead$/,
  );
  t.regex(
    await told({ overhead: { memory: '1Mi' } }),
    /Pod Overhead set without corresponding RuntimeClass defined Overhead$/,
  );
  t.regex(
    await told({ runtimeClassName: 'boxed', nodeSelector: { box: 'no' } }),
    /conflict: runtimeClass\.scheduling\.nodeSelector\[box\] = yes; pod\.spec\.nodeSelector\[box\] = no$/,
  );
});
