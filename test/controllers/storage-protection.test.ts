import test from 'ava';
import { findResource, reasonOf, resources, type v1 } from '../../src/api/index.ts';
import { claimProtectionController, volumeProtectionController } from '../../src/controllers/storage-protection.ts';
import { startHarness } from './harness.ts';

const claims = findResource('', 'v1', 'persistentvolumeclaims')!;
const volumes = findResource('', 'v1', 'persistentvolumes')!;

test('a claim stays while a pod uses it', async (t) => {
  const { client, clock, stop } = await startHarness({ controllers: [claimProtectionController], kubelet: false });
  const isThere = async () => {
    await clock.advance(1_000);
    return client.get(claims, 'default', 'data').then(
      () => true,
      (error: unknown) => (reasonOf(error) === 'NotFound' ? false : Promise.reject(error)),
    );
  };
  const claim: v1.PersistentVolumeClaim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', namespace: 'default', finalizers: ['kubernetes.io/pvc-protection'] },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  };
  const pod: v1.Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'user', namespace: 'default' },
    spec: {
      containers: [{ name: 'main', image: 'host' }],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
    },
  };
  await client.create(claims, claim);
  await client.create(resources.pods, pod);
  t.true(await isThere());
  await client.delete(claims, 'default', 'data');
  t.true(await isThere());
  await client.delete(resources.pods, 'default', 'user', { gracePeriodSeconds: 0 });
  t.false(await isThere());
  await client.create(claims, claim);
  await client.delete(claims, 'default', 'data');
  t.false(await isThere());
  await stop();
});

test('a volume stays while it is bound', async (t) => {
  const { client, clock, stop } = await startHarness({ controllers: [volumeProtectionController], kubelet: false });
  const volume: v1.PersistentVolume = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'disk', finalizers: ['kubernetes.io/pv-protection'] },
    spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/data' } },
  };
  const made = await client.create(volumes, volume);
  const setPhase = async (phase: 'Bound' | 'Released') => {
    const found = await client.get<v1.PersistentVolume>(volumes, undefined, 'disk');
    await client.update(volumes, { ...found, status: { phase } }, { subresource: 'status' });
  };
  t.truthy(made);
  await setPhase('Bound');
  await client.delete(volumes, undefined, 'disk');
  await clock.advance(1_000);
  await t.notThrowsAsync(client.get(volumes, undefined, 'disk'));
  await setPhase('Released');
  await clock.advance(1_000);
  await t.throwsAsync(client.get(volumes, undefined, 'disk'));
  await stop();
});
