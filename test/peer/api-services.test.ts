import test from 'ava';
import {
  AUTO_MANAGED,
  type apiregistrationv1,
  apiServicesOf,
  LiveScheme,
  resources,
  resourceTypes,
} from '../../src/api/index.ts';
import { metricsTypes } from '../../src/apiserver/index.ts';
import { seededRandom, silentLogger, systemClock } from '../../src/base/index.ts';
import { type Client, createInformerFactory } from '../../src/client/index.ts';
import { keepApiServices } from '../../src/peer/api-services.ts';
import { startLocalApi } from '../support/local-api.ts';

type APIService = apiregistrationv1.APIService;

/** What is served is told by hand; `turn` says whose it is to keep it up. */
async function start(t: { teardown(fn: () => unknown): void }) {
  const { client, stop } = await startLocalApi(systemClock);
  const common = { client, clock: systemClock, logger: silentLogger };
  const scheme = new LiveScheme(resourceTypes());
  const informers = createInformerFactory({ ...common, random: seededRandom(1) });
  const services = informers.informer<APIService>(resources.apiServices);
  informers.start();
  const keep = (): (() => void) => {
    const turn = { isMine: () => true, onChange: () => () => {} };
    return keepApiServices({ ...common, turn, scheme, further: metricsTypes, services });
  };
  let end = keep();
  t.teardown(async () => {
    end();
    await informers.stop();
    await stop();
  });
  return {
    client,
    scheme,
    restart() {
      end();
      end = keep();
    },
  };
}

const get = (client: Client, name: string): Promise<APIService> =>
  client.get<APIService>(resources.apiServices, undefined, name);

async function eventually(check: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (await check().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('it did not come to that');
}

const gone = async (client: Client, name: string): Promise<boolean> =>
  (await client.list(resources.apiServices, undefined)).items.every(({ metadata }) => metadata.name !== name);

/** `v1.example.com`, made by a person. */
const own = (spec: Partial<apiregistrationv1.APIServiceSpec> = {}): APIService => ({
  apiVersion: 'apiregistration.k8s.io/v1',
  kind: 'APIService',
  metadata: { name: 'v1.example.com' },
  spec: { group: 'example.com', version: 'v1', groupPriorityMinimum: 1000, versionPriority: 15, ...spec },
});

const service = { namespace: 'default', name: 'extension' };

/** Kinds as if a definition had made them. */
const custom = (version: string) => [{ ...resourceTypes()[0]!, group: 'example.com', version, custom: {} as never }];

test('every group version that is served has one, and is available', async (t) => {
  const { client } = await start(t);
  await eventually(async () => (await get(client, 'v1beta1.metrics.k8s.io')).status !== undefined);
  const { items } = await client.list<APIService>(resources.apiServices, undefined);
  const wanted = apiServicesOf([...resourceTypes(), ...metricsTypes]).map(({ metadata }) => metadata.name);
  t.deepEqual(items.map(({ metadata }) => metadata.name).toSorted(), wanted.toSorted());
  t.true(wanted.includes('v1.') && wanted.includes('v2.autoscaling') && !wanted.includes('v1.apiregistration.k8s.io'));
  for (const item of items) {
    t.like(item.status?.conditions?.[0], { type: 'Available', status: 'True', reason: 'Local' });
    t.is(item.metadata.labels?.[AUTO_MANAGED], 'onstart');
  }
  t.deepEqual((await get(client, 'v1.apps')).spec, {
    group: 'apps',
    version: 'v1',
    groupPriorityMinimum: 17_800,
    versionPriority: 15,
  });
  t.deepEqual((await get(client, 'v1.')).spec, { version: 'v1', groupPriorityMinimum: 18_000, versionPriority: 1 });
});

test('those of custom resources come and go with them', async (t) => {
  const { client, scheme } = await start(t);
  scheme.define('a', custom('v1'));
  scheme.define('b', custom('v2'));
  await eventually(async () => (await get(client, 'v2.example.com')).status !== undefined);
  t.is((await get(client, 'v1.example.com')).metadata.labels?.[AUTO_MANAGED], 'true');
  await client.delete(resources.apiServices, undefined, 'v1.example.com');
  await eventually(async () => (await get(client, 'v1.example.com')) !== undefined);
  const changed = await get(client, 'v1.example.com');
  await client.update(resources.apiServices, { ...changed, spec: { ...changed.spec!, versionPriority: 7 } });
  await eventually(async () => (await get(client, 'v1.example.com')).spec?.versionPriority === 100);
  scheme.define('a', []);
  await eventually(() => gone(client, 'v1.example.com'));
  t.truthy(await get(client, 'v2.example.com'));
});

test('what a person deletes of the others stays away until the next start, what a person made stays', async (t) => {
  const { client, scheme, restart } = await start(t);
  await eventually(async () => (await get(client, 'v1.apps')).status !== undefined);
  await client.create(resources.apiServices, own());
  await client.delete(resources.apiServices, undefined, 'v1.apps');
  const stale: APIService = { ...own(), metadata: { name: 'v2.example.com', labels: { [AUTO_MANAGED]: 'true' } } };
  await client.create(resources.apiServices, { ...stale, spec: { ...stale.spec!, version: 'v2' } });
  await eventually(() => gone(client, 'v2.example.com'));
  t.true(await gone(client, 'v1.apps'));
  restart();
  await eventually(async () => (await get(client, 'v1.apps')) !== undefined);
  scheme.define('a', custom('v1'));
  scheme.define('a', []);
  scheme.define('b', custom('v3'));
  await eventually(async () => (await get(client, 'v3.example.com')) !== undefined);
  t.is((await get(client, 'v1.example.com')).spec?.versionPriority, 15);
});

test('a server of extensions is not passed requests, and that is said', async (t) => {
  const { client } = await start(t);
  const created = await client.create(resources.apiServices, own({ service, insecureSkipTLSVerify: true }));
  const condition = { type: 'Available', status: 'False', reason: 'AggregationNotSupported' };
  t.like(created.status?.conditions?.[0], condition);
  const { service: _, insecureSkipTLSVerify: __, ...local } = created.spec!;
  await client.update(resources.apiServices, { ...created, spec: local });
  await eventually(async () => (await get(client, 'v1.example.com')).status?.conditions?.[0]?.reason === 'Local');
  await client.update(resources.apiServices, { ...(await get(client, 'v1.example.com')), spec: { ...local, service } });
  await eventually(async () => (await get(client, 'v1.example.com')).status?.conditions?.[0]?.status === 'False');
});

test('what is wrong with one is told as Kubernetes tells it', async (t) => {
  const { client } = await start(t);
  const refused = async (object: APIService): Promise<string> => {
    const error = await t.throwsAsync(client.create(resources.apiServices, object));
    return error?.message ?? '';
  };
  t.regex(
    await refused({ ...own(), metadata: { name: 'other' } }),
    /metadata\.name: Invalid value: "other": must be `spec\.version\+"\."\+spec\.group`: "v1\.example\.com"/,
  );
  t.regex(
    await refused(own({ groupPriorityMinimum: 0, versionPriority: 1001 })),
    /spec\.groupPriorityMinimum: Invalid value: 0: must be positive and less than 20000, spec\.versionPriority: Invalid value: 1001: must be positive and less than 1000/,
  );
  t.regex(await refused(own({ service: { namespace: 'a' } })), /spec\.service\.name: Required value/);
  t.regex(
    await refused(own({ caBundle: 'YWJj' })),
    /spec\.caBundle: Invalid value: "3 bytes": local APIServices may not have a caBundle/,
  );
  t.regex(
    await refused(own({ service, caBundle: 'YWJj', insecureSkipTLSVerify: true })),
    /spec\.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present/,
  );
});
