import test from 'ava';
import fc from 'fast-check';
import type { Registry } from '../../../src/apiserver/registry/index.ts';
import {
  admin,
  at,
  configMap,
  configMaps,
  createFixture,
  laggingStore,
  namespace,
  namespaces,
  pod,
  pods,
  refused,
  registryOn,
} from './harness.ts';

const names = (result: { items: readonly { object: { metadata: { name?: string } } }[] }) =>
  result.items.map(({ object }) => object.metadata.name);

async function fill(registry: Registry, count: number, namespace = 'default'): Promise<void> {
  for (let i = 0; i < count; i++) {
    const object = configMap(`c${String(i).padStart(3, '0')}`, {}, { parity: i % 2 === 0 ? 'even' : 'odd' });
    await registry.create({ ...at(configMaps, namespace), object });
  }
}

const everywhere = { type: configMaps, namespace: undefined, user: admin, warnings: [] };

test('a list is sorted, of one namespace or all, with the revision it shows', async (t) => {
  const { registry } = await createFixture(t);
  await registry.create({ ...at(namespaces), object: namespace('other') });
  for (const [space, name] of [
    ['other', 'a'],
    ['default', 'z'],
    ['default', 'b'],
  ] as const) {
    await registry.create({ ...at(configMaps, space), object: configMap(name) });
  }
  t.deepEqual(names(await registry.list(at(configMaps))), ['b', 'z']);
  const all = await registry.list(everywhere);
  t.deepEqual(names(all), ['b', 'z', 'a']);
  t.is(all.metadata.resourceVersion, String(registry.revision));
  t.is(all.metadata.continue, undefined);
  t.deepEqual(names(await registry.list({ ...everywhere, fieldSelector: 'metadata.namespace=other' })), ['a']);
  t.deepEqual(names(await registry.list({ ...everywhere, fieldSelector: 'metadata.name=z' })), ['z']);
  t.deepEqual(names(await registry.list({ ...at(configMaps), fieldSelector: 'metadata.namespace=other' })), []);
});

test('selectors pick by labels and by fields', async (t) => {
  const { registry } = await createFixture(t);
  await fill(registry, 4);
  t.deepEqual(names(await registry.list({ ...at(configMaps), labelSelector: 'parity=odd' })), ['c001', 'c003']);
  t.deepEqual(names(await registry.list({ ...at(configMaps), fieldSelector: 'metadata.name!=c001' })), [
    'c000',
    'c002',
    'c003',
  ]);
  t.deepEqual(
    names(await registry.list({ ...at(configMaps), fieldSelector: 'metadata.name=c001,metadata.name=c002' })),
    [],
  );
  await registry.create({ ...at(pods), object: pod('p1', { nodeName: 'n1' }) });
  await registry.create({ ...at(pods), object: pod('p2') });
  t.deepEqual(names(await registry.list({ ...at(pods), fieldSelector: 'spec.nodeName=n1' })), ['p1']);
  const bad = await refused(t, registry.list({ ...at(pods), fieldSelector: 'spec.oddity=1' }), 'BadRequest');
  t.is(bad.message, 'field label not supported: spec.oddity');
  await refused(t, registry.list({ ...at(pods), labelSelector: 'a in' }), 'BadRequest');
});

test('pages put together are the list as it was at the first, whatever is written between', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 25 }),
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom('', 'parity=odd'),
      async (count, limit, labelSelector) => {
        const { registry } = await createFixture(t);
        await fill(registry, count);
        const whole = await registry.list({ ...at(configMaps), labelSelector });
        const seen: unknown[] = [];
        let token: string | undefined;
        let round = 0;
        do {
          const page = await registry.list({
            ...at(configMaps),
            labelSelector,
            limit,
            ...(token ? { continue: token } : {}),
          });
          t.true(page.items.length <= limit);
          t.is(page.metadata.resourceVersion, whole.metadata.resourceVersion);
          seen.push(...page.items.map(({ object }) => object));
          if (page.metadata.continue !== undefined && labelSelector === '') {
            t.is(page.metadata.remainingItemCount, count - seen.length);
          } else t.is(page.metadata.remainingItemCount, undefined);
          token = page.metadata.continue;
          await registry.create({ ...at(configMaps), object: configMap(`a${round++}`) });
          if (count > 0) await registry.delete({ ...at(configMaps), name: 'c000' }).catch(() => {});
        } while (token);
        t.deepEqual(seen, whole.items.map(({ object }) => object) as unknown[]);
      },
    ),
    { numRuns: 20 },
  );
});

test('a page of compacted history is Expired, and its token goes on with what is there', async (t) => {
  const { registry, store } = await createFixture(t);
  await fill(registry, 5);
  const first = await registry.list({ ...at(configMaps), limit: 2 });
  await registry.create({ ...at(configMaps), object: configMap('c0015') });
  await registry.create({ ...at(configMaps), object: configMap('c0025') });
  await store.compact((await store.status()).revision);
  const next = { ...at(configMaps), limit: 2 };
  const status = await refused(t, registry.list({ ...next, continue: first.metadata.continue }), 'Expired');
  t.is(status.code, 410);
  t.truthy(status.metadata.continue);
  const rest = await registry.list({ ...at(configMaps), continue: status.metadata.continue });
  t.deepEqual(names(rest), ['c002', 'c0025', 'c003', 'c004']);
});

test('an exact revision is shown as it was, or Expired', async (t) => {
  const { registry, store } = await createFixture(t);
  await fill(registry, 2);
  const before = await registry.list(at(configMaps));
  const exact = { ...at(configMaps), resourceVersion: before.metadata.resourceVersion, resourceVersionMatch: 'Exact' };
  t.deepEqual(names(await registry.list(exact)), ['c000', 'c001']);
  await registry.delete({ ...at(configMaps), name: 'c000' });
  t.deepEqual(names(await registry.list(exact)), ['c000', 'c001']);
  await store.compact((await store.status()).revision);
  t.is(
    (await refused(t, registry.list(exact), 'Expired')).message,
    'The resourceVersion for the provided list is too old.',
  );
});

test('a list is as fresh as it is asked to be', async (t) => {
  const { registry, store, clock } = await createFixture(t);
  const lagging = laggingStore(store);
  const behind = registryOn(t, lagging, clock);
  await behind.ready();
  await fill(registry, 1);
  const { resourceVersion } = (await registry.list(at(configMaps))).metadata;
  t.deepEqual(names(await behind.list({ ...at(configMaps), resourceVersion: '0' })), [], 'any state');
  t.deepEqual(names(await behind.list({ ...at(configMaps), resourceVersion })), ['c000'], 'not older');
  await fill(registry, 1, 'default').catch(() => {});
  await registry.create({ ...at(configMaps), object: configMap('new') });
  t.deepEqual(names(await behind.list(at(configMaps))), ['c000', 'new'], 'the most recent');
});

test('a revision of the future is waited for, then refused', async (t) => {
  const { registry, clock } = await createFixture(t);
  const future = String(registry.revision + 1);
  const waiting = registry.list({ ...at(configMaps), resourceVersion: future });
  await registry.create({ ...at(configMaps), object: configMap('a') });
  t.deepEqual(names(await waiting), ['a']);
  const far = registry.list({ ...at(configMaps), resourceVersion: '999999' });
  far.catch(() => {});
  await clock.advance(3_000);
  const status = await refused(t, far, 'Timeout');
  t.is(status.code, 504);
  t.is(status.message, `Timeout: Too large resource version: 999999, current: ${registry.revision}`);
  t.deepEqual(status.details, {
    retryAfterSeconds: 1,
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
  });
});

test('versions that are none are refused in the words of Go', async (t) => {
  const { registry } = await createFixture(t);
  for (const [resourceVersion, why] of [
    ['x', 'invalid syntax'],
    ['-1', 'invalid syntax'],
    ['99999999999999999999', 'value out of range'],
  ]) {
    const { message } = await refused(t, registry.list({ ...at(configMaps), resourceVersion }), 'BadRequest');
    const text = JSON.stringify(resourceVersion);
    t.is(message, `resourceVersion: Invalid value: ${text}: strconv.ParseUint: parsing ${text}: ${why}`);
  }
});

test('what does not make sense together is refused', async (t) => {
  const { registry } = await createFixture(t);
  const expectations: [object, string][] = [
    [{ resourceVersion: 'x' }, 'BadRequest'],
    [{ continue: 'x' }, 'BadRequest'],
    [{ continue: Buffer.from('{"v":"meta.k8s.io/v1","rv":0,"start":"a"}').toString('base64url') }, 'BadRequest'],
    [{ resourceVersionMatch: 'Exact' }, 'Invalid'],
    [{ resourceVersionMatch: 'Exact', resourceVersion: '0' }, 'Invalid'],
    [{ resourceVersionMatch: 'Nearly', resourceVersion: '1' }, 'Invalid'],
    [{ sendInitialEvents: true }, 'Invalid'],
  ];
  for (const [parameters, reason] of expectations) {
    await refused(t, registry.list({ ...at(configMaps), ...parameters }), reason);
  }
  await fill(registry, 2);
  t.is((await registry.list({ ...at(configMaps), limit: -1 })).items.length, 2);
  const { continue: token } = (await registry.list({ ...at(configMaps), limit: 1 })).metadata;
  await refused(t, registry.list({ ...at(configMaps), continue: token, resourceVersion: '5' }), 'BadRequest');
  const both = { ...at(configMaps), continue: token, resourceVersion: '5', resourceVersionMatch: 'Exact' };
  await refused(t, registry.list(both), 'Invalid');
});

test('deleting a collection deletes what its selectors pick', async (t) => {
  const { registry } = await createFixture(t);
  await fill(registry, 40);
  const deleted = await registry.deleteCollection({ ...at(configMaps), labelSelector: 'parity=odd' });
  t.is(deleted.items.length, 20);
  const left = await registry.list(at(configMaps));
  t.true(left.items.length === 20 && left.items.every(({ object }) => object.metadata.labels?.['parity'] === 'even'));
});
