import test from 'ava';
import { type flowcontrolv1, resources } from '../../src/api/index.ts';
import { defaultFlowSchemas, defaultPriorityLevels } from '../../src/apiserver/index.ts';
import { seededRandom, silentLogger, systemClock } from '../../src/base/index.ts';
import { type Client, createInformerFactory } from '../../src/client/index.ts';
import { flowControlSource, keepFlowControl } from '../../src/peer/flow-control.ts';
import { startLocalApi } from '../support/local-api.ts';

async function start(t: { teardown(fn: () => unknown): void }): Promise<Client> {
  const api = await startLocalApi(systemClock);
  const { client } = api;
  const common = { client, clock: systemClock, logger: silentLogger };
  const informers = createInformerFactory({ ...common, random: seededRandom(1) });
  const source = flowControlSource(informers);
  informers.start();
  const synced = informers.synced();
  const end = keepFlowControl({ ...common, turn: { isMine: () => true, onChange: () => () => {} }, source, synced });
  t.teardown(async () => {
    end();
    await informers.stop();
    await api.stop();
  });
  return client;
}

const schemaNamed = (client: Client, name: string) =>
  client.get<flowcontrolv1.FlowSchema>(resources.flowSchemas, undefined, name);

async function eventually(check: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (await check().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('it did not come to that');
}

const danglingOf = ({ status }: flowcontrolv1.FlowSchema) =>
  status?.conditions?.find(({ type }) => type === 'Dangling');

test('a new cluster has the schemas and levels of Kubernetes, and schemas tell that their level is there', async (t) => {
  const client = await start(t);
  await eventually(async () => danglingOf(await schemaNamed(client, 'catch-all'))?.status === 'False');
  const schemas = await client.list(resources.flowSchemas, undefined);
  t.deepEqual(
    schemas.items.map(({ metadata }) => metadata.name).toSorted(),
    defaultFlowSchemas.map(({ metadata }) => metadata.name).toSorted(),
  );
  const levels = await client.list(resources.priorityLevels, undefined);
  t.is(levels.items.length, defaultPriorityLevels.length);
  t.like(danglingOf(await schemaNamed(client, 'exempt')), {
    reason: 'Found',
    message: 'This FlowSchema references the PriorityLevelConfiguration object named "exempt" and it exists',
  });
});

test('what is mandatory comes back, what is suggested only where its annotation says so', async (t) => {
  const client = await start(t);
  await eventually(async () => danglingOf(await schemaNamed(client, 'catch-all'))?.status === 'False');
  await client.delete(resources.flowSchemas, undefined, 'catch-all');
  await eventually(async () => (await schemaNamed(client, 'catch-all')).spec?.matchingPrecedence === 10_000);
  const mine = await schemaNamed(client, 'service-accounts');
  await client.update<flowcontrolv1.FlowSchema>(resources.flowSchemas, {
    ...mine,
    metadata: { ...mine.metadata, annotations: { 'apf.kubernetes.io/autoupdate-spec': 'false' } },
    spec: { ...mine.spec!, matchingPrecedence: 8_000 },
  });
  const theirs = await schemaNamed(client, 'global-default');
  await client.update<flowcontrolv1.FlowSchema>(resources.flowSchemas, {
    ...theirs,
    spec: { ...theirs.spec!, matchingPrecedence: 8_000 },
  });
  await eventually(async () => (await schemaNamed(client, 'global-default')).spec?.matchingPrecedence === 9_900);
  t.is((await schemaNamed(client, 'service-accounts')).spec?.matchingPrecedence, 8_000);
});

test('a schema whose level is not there says so, until it is', async (t) => {
  const client = await start(t);
  await client.create<flowcontrolv1.FlowSchema>(resources.flowSchemas, {
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    kind: 'FlowSchema',
    metadata: { name: 'mine' },
    spec: { priorityLevelConfiguration: { name: 'mine' }, matchingPrecedence: 100 },
  });
  await eventually(async () => danglingOf(await schemaNamed(client, 'mine'))?.status === 'True');
  t.is(danglingOf(await schemaNamed(client, 'mine'))?.reason, 'NotFound');
  await client.create<flowcontrolv1.PriorityLevelConfiguration>(resources.priorityLevels, {
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    kind: 'PriorityLevelConfiguration',
    metadata: { name: 'mine' },
    spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } },
  });
  await eventually(async () => danglingOf(await schemaNamed(client, 'mine'))?.status === 'False');
  t.pass();
});
