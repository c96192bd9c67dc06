import test from 'ava';
import fc from 'fast-check';
import type { Status } from '../../../src/api/index.ts';
import { finalizersAfter } from '../../../src/apiserver/registry/finalizers.ts';
import type { Encoded } from '../../../src/apiserver/registry/index.ts';
import {
  at,
  configMap,
  configMaps,
  createFixture,
  deployment,
  deployments,
  type Fixture,
  fields,
  namespace,
  namespaces,
  pod,
  pods,
  refused,
  typeOf,
} from './harness.ts';

const statusOf = (result: Encoded | unknown): Status => result as Status;

test('what is deleted is gone, and a Status names it', async (t) => {
  const { registry } = await createFixture(t);
  const { uid } = (await registry.create({ ...at(deployments), object: deployment('web') })).object.metadata;
  const status = statusOf(await registry.delete({ ...at(deployments), name: 'web' }));
  t.is(status.status, 'Success');
  t.deepEqual(status.details, { name: 'web', group: 'apps', kind: 'deployments', uid });
  await refused(t, registry.get({ ...at(deployments), name: 'web' }), 'NotFound');
  const again = await refused(t, registry.delete({ ...at(deployments), name: 'web' }), 'NotFound');
  t.is(again.message, 'deployments.apps "web" not found');
});

test('some kinds answer with what is gone', async (t) => {
  const { registry } = await createFixture(t);
  const serviceAccounts = typeOf('serviceaccounts');
  const gone = (await registry.delete({ ...at(serviceAccounts), name: 'default' })) as Encoded;
  t.is(gone.object.kind, 'ServiceAccount');
});

test('preconditions are kept', async (t) => {
  const { registry } = await createFixture(t);
  const { uid, resourceVersion } = (await registry.create({ ...at(configMaps), object: configMap('a') })).object
    .metadata;
  const remove = (preconditions: object) => registry.delete({ ...at(configMaps), name: 'a', preconditions });
  await refused(t, remove({ uid: 'other' }), 'Conflict');
  await refused(t, remove({ uid, resourceVersion: '1' }), 'Conflict');
  await t.notThrowsAsync(remove({ uid, resourceVersion }));
});

test('finalizers hold an object until the last is taken out', async (t) => {
  const { registry } = await createFixture(t);
  const held = deployment('web');
  Object.assign(held.metadata, { finalizers: ['example.com/a', 'example.com/b'] });
  await registry.create({ ...at(deployments), object: held });
  const going = fields((await registry.delete({ ...at(deployments), name: 'web' })) as Encoded);
  t.truthy(going.metadata.deletionTimestamp);
  t.is(going.metadata.deletionGracePeriodSeconds, 0);
  t.is(going.metadata.generation, 2);
  const again = (await registry.delete({ ...at(deployments), name: 'web' })) as Encoded;
  t.deepEqual(again.object, going, 'a second delete changes nothing');
  const patch = (finalizers: string[]) =>
    registry.patch({
      ...at(deployments),
      name: 'web',
      patchType: 'application/merge-patch+json',
      patch: { metadata: { finalizers } },
    });
  const one = await patch(['example.com/b']);
  t.is(one.result.object.metadata.deletionTimestamp, going.metadata.deletionTimestamp);
  const none = await patch([]);
  t.is(none.result.object.metadata.finalizers, undefined);
  await refused(t, registry.get({ ...at(deployments), name: 'web' }), 'NotFound');
});

test('dependents are dealt with as the propagation policy says', async (t) => {
  const { registry } = await createFixture(t);
  const deleted = async (name: string, options: object): Promise<string[] | 'gone'> => {
    await registry.create({ ...at(deployments), object: deployment(name) });
    const result = await registry.delete({ ...at(deployments), name, ...options });
    return 'json' in result ? (result.object.metadata.finalizers ?? []) : 'gone';
  };
  t.is(await deleted('a', {}), 'gone');
  t.is(await deleted('b', { propagationPolicy: 'Background' }), 'gone');
  t.deepEqual(await deleted('c', { propagationPolicy: 'Foreground' }), ['foregroundDeletion']);
  t.deepEqual(await deleted('d', { propagationPolicy: 'Orphan' }), ['orphan']);
  t.deepEqual(await deleted('e', { orphanDependents: true }), ['orphan']);
  t.is(await deleted('f', { orphanDependents: false }), 'gone');
});

test('kinds from before there was a garbage collector leave their dependents unless told otherwise', async (t) => {
  const { registry } = await createFixture(t);
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'host' }] } };
  const jobTemplate = { spec: { ...template.spec, restartPolicy: 'Never' } };
  for (const [type, spec, warned] of [
    [typeOf('replicationcontrollers'), { selector: { a: 'b' }, template }, false],
    [typeOf('jobs', 'batch'), { template: jobTemplate }, true],
  ] as const) {
    const apiVersion = type.group === '' ? 'v1' : `${type.group}/v1`;
    const deleted = async (name: string, options: object, metadata: object = {}): Promise<unknown> => {
      const object = { apiVersion, kind: type.kind, metadata: { name, ...metadata }, spec };
      await registry.create({ ...at(type), object });
      const request = { ...at(type), name, ...options };
      const result = await registry.delete(request);
      return ['json' in result ? result.object.metadata.finalizers : 'gone', request.warnings.length];
    };
    t.deepEqual(await deleted('a', {}), [['orphan'], warned ? 1 : 0]);
    t.deepEqual(await deleted('b', { propagationPolicy: 'Background' }), ['gone', 0]);
    t.deepEqual(await deleted('c', { orphanDependents: false }), ['gone', 0]);
    t.deepEqual(await deleted('d', { propagationPolicy: 'Orphan' }), [['orphan'], 0]);
    // What the object itself says comes before its kind's way.
    t.deepEqual(await deleted('e', {}, { finalizers: ['foregroundDeletion'] }), [
      ['foregroundDeletion'],
      warned ? 1 : 0,
    ]);
  }
});

test('a wish for dependents replaces what was wished before, and nothing else', (t) => {
  const own = fc.uniqueArray(fc.constantFrom('example.com/a', 'example.com/b'));
  const collector = fc.uniqueArray(fc.constantFrom('orphan', 'foregroundDeletion'), { maxLength: 1 });
  const policies = fc.constantFrom('Orphan', 'Foreground', 'Background', undefined);
  fc.assert(
    fc.property(own, collector, policies, (others, before, propagationPolicy) => {
      const after = finalizersAfter([...others, ...before], { propagationPolicy });
      t.deepEqual(after.slice(0, others.length), others);
      const added = { Orphan: ['orphan'], Foreground: ['foregroundDeletion'], Background: [], none: before };
      t.deepEqual(after.slice(others.length), added[propagationPolicy ?? 'none']);
    }),
  );
});

async function runningPod({ registry }: Fixture, name = 'p', spec: object = {}): Promise<void> {
  await registry.create({ ...at(pods), object: pod(name, { nodeName: 'n1', ...spec }) });
}

test('a pod on a node gets time to end, which may only be made shorter', async (t) => {
  const f = await createFixture(t);
  await runningPod(f);
  const remove = async (options: object = {}) =>
    fields((await f.registry.delete({ ...at(pods), name: 'p', ...options })) as Encoded);
  const until = (seconds: number) => `${new Date(f.clock.now() + seconds * 1000).toISOString().slice(0, 19)}Z`;
  const first = await remove();
  t.is(first.metadata.deletionTimestamp, until(30));
  t.is(first.metadata.deletionGracePeriodSeconds, 30);
  t.is(first.metadata.generation, 2);
  t.deepEqual(await remove(), first);
  t.deepEqual(await remove({ gracePeriodSeconds: 60 }), first);
  const shorter = await remove({ gracePeriodSeconds: 5 });
  t.is(shorter.metadata.deletionTimestamp, until(5));
  t.is(shorter.metadata.deletionGracePeriodSeconds, 5);
  t.is((await remove({ gracePeriodSeconds: 0 })).kind, 'Pod');
  await refused(t, f.registry.get({ ...at(pods), name: 'p' }), 'NotFound');
});

test('a pod says itself how long it takes', async (t) => {
  const f = await createFixture(t);
  await runningPod(f, 'p', { terminationGracePeriodSeconds: 7 });
  const going = fields((await f.registry.delete({ ...at(pods), name: 'p' })) as Encoded);
  t.is(going.metadata.deletionGracePeriodSeconds, 7);
});

test('a pod that does not run goes at once', async (t) => {
  const f = await createFixture(t);
  await f.registry.create({ ...at(pods), object: pod('unscheduled') });
  await runningPod(f, 'over');
  await f.registry.patch({
    ...at(pods),
    name: 'over',
    subresource: 'status',
    patchType: 'application/merge-patch+json',
    patch: { status: { phase: 'Succeeded' } },
  });
  for (const name of ['unscheduled', 'over']) {
    await f.registry.delete({ ...at(pods), name });
    await refused(t, f.registry.get({ ...at(pods), name }), 'NotFound');
  }
});

test('a pod with finalizers stays after its time is over', async (t) => {
  const f = await createFixture(t);
  const held = pod('p', { nodeName: 'n1' });
  Object.assign(held.metadata, { finalizers: ['example.com/hold'] });
  await f.registry.create({ ...at(pods), object: held });
  await f.registry.delete({ ...at(pods), name: 'p' });
  await f.registry.delete({ ...at(pods), name: 'p', gracePeriodSeconds: 0 });
  const waiting = await f.registry.get({ ...at(pods), name: 'p' });
  t.is(waiting.object.metadata.deletionGracePeriodSeconds, 0);
  await f.registry.patch({
    ...at(pods),
    name: 'p',
    patchType: 'application/merge-patch+json',
    patch: { metadata: { finalizers: null } },
  });
  await refused(t, f.registry.get({ ...at(pods), name: 'p' }), 'NotFound');
});

test('a pod that is ending does not go because a finalizer is taken out', async (t) => {
  const f = await createFixture(t);
  await runningPod(f);
  await f.registry.delete({ ...at(pods), name: 'p' });
  await f.registry.patch({
    ...at(pods),
    name: 'p',
    patchType: 'application/merge-patch+json',
    patch: { metadata: { labels: { a: 'b' } } },
  });
  t.truthy((await f.registry.get({ ...at(pods), name: 'p' })).object.metadata.deletionTimestamp);
});

test('a namespace is Terminating until it is finalized', async (t) => {
  const { registry } = await createFixture(t);
  const made = fields(await registry.create({ ...at(namespaces), object: namespace('x') }));
  t.deepEqual([made.spec.finalizers, made.status], [['kubernetes'], { phase: 'Active' }]);
  const going = fields((await registry.delete({ ...at(namespaces), name: 'x' })) as Encoded);
  t.is(going.status.phase, 'Terminating');
  t.truthy(going.metadata.deletionTimestamp);
  const again = (await registry.delete({ ...at(namespaces), name: 'x' })) as Encoded;
  t.deepEqual(again.object, going);
  // The finalizers of the spec are out of an ordinary update's reach.
  await registry.update({
    ...at(namespaces),
    name: 'x',
    object: { ...namespace('x'), spec: { finalizers: [] } } as never,
  });
  t.is((await registry.get({ ...at(namespaces), name: 'x' })).object.kind, 'Namespace');
  const finalized = { ...namespace('x'), spec: { finalizers: [] } } as never;
  await registry.update({ ...at(namespaces), name: 'x', subresource: 'finalize', object: finalized });
  await refused(t, registry.get({ ...at(namespaces), name: 'x' }), 'NotFound');
});

test('a dry run of a delete writes nothing', async (t) => {
  const f = await createFixture(t);
  await runningPod(f);
  await f.registry.create({ ...at(configMaps), object: configMap('a') });
  const { revision } = await f.store.status();
  const shown = fields((await f.registry.delete({ ...at(pods), name: 'p', dryRun: true })) as Encoded);
  t.is(shown.metadata.deletionGracePeriodSeconds, 30);
  t.is(statusOf(await f.registry.delete({ ...at(configMaps), name: 'a', dryRun: true })).status, 'Success');
  t.is((await f.store.status()).revision, revision);
});
