import test from 'ava';
import { type certificatesv1, formatTime, type rbacv1, reasonOf, resources, type v1 } from '../../src/api/index.ts';
import { certificateCleanerController } from '../../src/controllers/certificates/index.ts';
import { clusterRoleAggregationController } from '../../src/controllers/clusterrole-aggregation.ts';
import { serviceAccountTokenController } from '../../src/controllers/serviceaccount-token.ts';
import { tokenCleanerController } from '../../src/controllers/token-cleaner.ts';
import { makeCertificateRequest } from '../support/certificate-request.ts';
import { startHarness } from './harness.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const ignoreMissing = (error: unknown): undefined => {
  if (reasonOf(error) !== 'NotFound') throw error;
};

const role = (name: string, labels: Record<string, string>, verbs: string[]): rbacv1.ClusterRole => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name, labels },
  rules: [{ apiGroups: [''], resources: ['pods'], verbs }],
});

test('an aggregated role follows the roles that its selectors name, and roles that aggregate themselves', async (t) => {
  const { client, clock, stop } = await startHarness({ controllers: [clusterRoleAggregationController] });
  const gathers = (name: string, team: string, labels = {}): rbacv1.ClusterRole => ({
    ...role(name, labels, []),
    rules: [],
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { team } }] },
  });
  const rulesOf = async (name: string) =>
    (await client.get<rbacv1.ClusterRole>(resources.clusterRoles, undefined, name)).rules?.map(({ verbs }) => verbs);
  await client.create(resources.clusterRoles, gathers('outer', 'outer'));
  await client.create(resources.clusterRoles, gathers('inner', 'inner', { team: 'outer' }));
  await client.create(resources.clusterRoles, role('b', { team: 'inner' }, ['list']));
  await client.create(resources.clusterRoles, role('a', { team: 'inner' }, ['get']));
  await clock.advance(1_000);
  t.deepEqual(await rulesOf('inner'), [['get'], ['list']]);
  t.deepEqual(await rulesOf('outer'), [['get'], ['list']]);
  await client.delete(resources.clusterRoles, undefined, 'a');
  await clock.advance(1_000);
  t.deepEqual(await rulesOf('outer'), [['list']]);
  await stop();
});

test('a bootstrap token goes when its time is over', async (t) => {
  const { client, clock, stop } = await startHarness({ controllers: [tokenCleanerController] });
  const secret = (id: string, expiration?: string): v1.Secret => ({
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'bootstrap.kubernetes.io/token',
    metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' },
    data: { 'token-id': base64(id), ...(expiration === undefined ? {} : { expiration: base64(expiration) }) },
  });
  const there = async (id: string): Promise<boolean> =>
    (await client.get(resources.secrets, 'kube-system', `bootstrap-token-${id}`).catch(ignoreMissing)) !== undefined;
  await client.create(resources.secrets, secret('aaaaaa', formatTime(clock.now() + 60_000)));
  await client.create(resources.secrets, secret('bbbbbb'));
  await clock.advance(58_000);
  t.true(await there('aaaaaa'));
  await clock.advance(3_000);
  t.false(await there('aaaaaa'));
  t.true(await there('bbbbbb'));
  await stop();
});

test('certificate requests go an hour after they were decided, and a day after nobody did', async (t) => {
  const { client, clock, stop } = await startHarness({ controllers: [certificateCleanerController] });
  const { request } = await makeCertificateRequest({ commonName: 'jane' });
  const create = async (name: string, conditions: certificatesv1.CertificateSigningRequestCondition[]) => {
    const created = await client.create<certificatesv1.CertificateSigningRequest>(
      resources.certificateSigningRequests,
      {
        apiVersion: 'certificates.k8s.io/v1',
        kind: 'CertificateSigningRequest',
        metadata: { name },
        spec: { request, signerName: 'example.com/any', usages: ['client auth'] },
      },
    );
    if (conditions.length === 0) return;
    await client.update(
      resources.certificateSigningRequests,
      { ...created, status: { conditions } },
      { subresource: 'approval' },
    );
  };
  const names = async (): Promise<(string | undefined)[]> =>
    (await client.list(resources.certificateSigningRequests, undefined)).items.map(({ metadata }) => metadata.name);
  await create('denied', [{ type: 'Denied', status: 'True', lastUpdateTime: formatTime(clock.now()) }]);
  await create('open', []);
  await clock.advance(59 * 60_000);
  t.deepEqual(await names(), ['denied', 'open']);
  await clock.advance(2 * 60_000);
  t.deepEqual(await names(), ['open']);
  await clock.advance(24 * 60 * 60_000);
  t.deepEqual(await names(), []);
  await stop();
});

test('a Secret for a token is filled once, completed again, and deleted with its account', async (t) => {
  let signed = 0;
  const sign = async ({ serviceaccount }: { serviceaccount: { name: string } }) => `${serviceaccount.name}-${++signed}`;
  const { client, clock, stop } = await startHarness({
    controllers: [(context) => serviceAccountTokenController(context, 'CA', sign)],
  });
  const at = { namespace: 'default' };
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'bot', ...at } } as v1.ServiceAccount;
  const { metadata } = await client.create<v1.ServiceAccount>(resources.serviceAccounts, account);
  const annotations = { 'kubernetes.io/service-account.name': 'bot' };
  const type = 'kubernetes.io/service-account-token';
  const secret: v1.Secret = { apiVersion: 'v1', kind: 'Secret', type, metadata: { name: 's', annotations, ...at } };
  await client.create(resources.secrets, secret);
  await client.create(resources.secrets, {
    ...secret,
    type: 'Opaque',
    metadata: { name: 'other', ...at },
  } as v1.Secret);
  await clock.advance(1_000);
  const filled = await client.get<v1.Secret>(resources.secrets, 'default', 's');
  t.deepEqual(filled.data, { 'ca.crt': base64('CA'), namespace: base64('default'), token: base64('bot-1') });
  t.is(filled.metadata.annotations?.['kubernetes.io/service-account.uid'], metadata.uid);
  await client.update(resources.secrets, { ...filled, data: { token: base64('bot-1') } } as v1.Secret);
  await clock.advance(1_000);
  t.deepEqual((await client.get<v1.Secret>(resources.secrets, 'default', 's')).data, filled.data);
  t.is(signed, 1);
  await client.delete(resources.serviceAccounts, 'default', 'bot');
  await clock.advance(1_000);
  const left = (await client.list(resources.secrets, 'default')).items.map(({ metadata: { name } }) => name);
  t.deepEqual(left, ['other']);
  await stop();
});
