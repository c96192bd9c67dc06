import test from 'ava';
import { startTestApiServer, type TestApiServer, type TestRequest } from '../support/api-server.ts';
import { makeCertificateRequest } from '../support/certificate-request.ts';

let server: TestApiServer;
test.before(async () => {
  server = await startTestApiServer();
});
test.after.always(() => server.close());

const PATH = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const client = { signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] };

function create(name: string, spec: object, options: TestRequest = {}) {
  const body = { apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name }, spec };
  return server.request('POST', PATH, { body: JSON.stringify(body), ...options });
}

test('who asks is noted, whatever the body says, and what is asked for stays', async (t) => {
  const { request } = await makeCertificateRequest({ commonName: 'jane' });
  const headers = { 'impersonate-user': 'jane', 'impersonate-group': 'system:masters', 'impersonate-extra-a': 'b' };
  const { code, json } = await create(
    'noted',
    { ...client, request, username: 'admin', groups: ['x'] },
    { headers: { ...headers, 'content-type': 'application/json' } },
  );
  t.is(code, 201);
  t.like(json.spec, { username: 'jane', groups: ['system:masters', 'system:authenticated'], extra: { a: ['b'] } });
  const changed = { ...json, spec: { ...json.spec, username: 'root' } };
  const put = await server.request('PUT', `${PATH}/noted`, { body: JSON.stringify(changed) });
  t.is(put.json.spec.username, 'jane');
});

test('nobody becomes a master or a peer by asking', async (t) => {
  const masters = await makeCertificateRequest({ commonName: 'eve', organizations: ['system:masters'] });
  const refused = await create('masters', { ...client, request: masters.request });
  t.is(refused.code, 403);
  t.is(
    refused.json.message,
    'certificatesigningrequests.certificates.k8s.io "masters" is forbidden: use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed',
  );
  for (const subject of [{ commonName: 'keelson:peer:1' }, { commonName: 'eve', organizations: ['keelson:peers'] }]) {
    const { request } = await makeCertificateRequest(subject);
    t.is((await create('peer', { ...client, request })).code, 403);
  }
});

test('requests that make no sense are refused with what is wrong', async (t) => {
  const { request } = await makeCertificateRequest({ commonName: 'jane' });
  const cases: [object, RegExp][] = [
    [
      { ...client, request: Buffer.from('x').toString('base64') },
      /spec.request: Invalid value: .*PEM block type must be CERTIFICATE REQUEST/,
    ],
    [{ ...client, request, usages: [] }, /spec.usages: Required value/],
    [{ ...client, request, usages: ['flying'] }, /spec.usages\[0\]: Unsupported value: "flying"/],
    [
      { ...client, request, usages: ['client auth', 'client auth'] },
      /spec.usages\[1\]: Duplicate value: "client auth"/,
    ],
    [
      { ...client, request, signerName: 'nonsense' },
      /spec.signerName: Invalid value: "nonsense": must be a fully qualified/,
    ],
    [{ ...client, request, signerName: 'kubernetes.io/legacy-unknown' }, /the legacy signerName is not allowed/],
    [{ ...client, request, expirationSeconds: 60 }, /may not specify a duration less than 600 seconds \(10 minutes\)/],
  ];
  for (const [spec, message] of cases) {
    const { code, json } = await create('bad', spec);
    t.is(code, 422, json.message);
    t.regex(json.message, message);
  }
});

test('who approves needs the right to, for that signer', async (t) => {
  const { request } = await makeCertificateRequest({ commonName: 'jane' });
  const { json } = await create('approved', { ...client, request });
  const rules = [
    { apiGroups: ['certificates.k8s.io'], resources: ['certificatesigningrequests/approval'], verbs: ['update'] },
    {
      apiGroups: ['certificates.k8s.io'],
      resources: ['signers'],
      resourceNames: ['example.com/*'],
      verbs: ['approve'],
    },
  ];
  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  const base = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: 'approver' } };
  await server.request('POST', `${rbac}/clusterroles`, {
    body: JSON.stringify({ ...base, kind: 'ClusterRole', rules }),
  });
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'approver' };
  const subjects = [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'ann' }];
  await server.request('POST', `${rbac}/clusterrolebindings`, {
    body: JSON.stringify({ ...base, kind: 'ClusterRoleBinding', roleRef, subjects }),
  });
  const as = await server.certificateFor('ann');
  const approve = (object: { metadata: { name: string } }) =>
    server.request('PUT', `${PATH}/${object.metadata.name}/approval`, {
      as,
      body: JSON.stringify({ ...object, status: { conditions: [{ type: 'Approved', status: 'True', reason: 'x' }] } }),
    });
  const refused = await approve(json);
  t.is(refused.code, 403);
  t.regex(
    refused.json.message,
    /user not permitted to approve requests with signerName "kubernetes.io\/kube-apiserver-client"$/,
  );
  const other = await create('approved-elsewhere', { ...client, request, signerName: 'example.com/any' });
  t.is((await approve(other.json)).code, 200);
});

test('a status update approves nothing', async (t) => {
  const { request } = await makeCertificateRequest({ commonName: 'jane' });
  const { json } = await create('sly', { ...client, request });
  const conditions = [{ type: 'Approved', status: 'True', reason: 'x' }];
  const { code, json: answer } = await server.request('PUT', `${PATH}/sly/status`, {
    body: JSON.stringify({ ...json, status: { conditions } }),
  });
  t.is(code, 200);
  t.is(answer.status.conditions, undefined);
});

test('conditions without times get that of the write, and keep it while they stay as they are', async (t) => {
  const { request } = await makeCertificateRequest({ commonName: 'jane' });
  const { json } = await create('timed', { ...client, signerName: 'example.com/any', request });
  const write = async (part: string, object: object) =>
    (await server.request('PUT', `${PATH}/timed/${part}`, { body: JSON.stringify(object) })).json;
  const own = { type: 'Seen', status: 'True', reason: 'x', lastTransitionTime: '2020-01-01T00:00:00Z' };
  const first = await write('approval', { ...json, status: { conditions: [own] } });
  t.is(first.status.conditions[0].lastTransitionTime, own.lastTransitionTime);
  t.true(Date.parse(first.status.conditions[0].lastUpdateTime) >= Date.parse(json.metadata.creationTimestamp));
  const { lastTransitionTime: _, ...again } = own;
  const more = { type: 'Handled', status: 'True', reason: 'x' };
  const second = await write('status', { ...first, status: { conditions: [again, more] } });
  const [seen, handled] = second.status.conditions;
  t.is(seen.lastTransitionTime, own.lastTransitionTime);
  t.true(Date.parse(handled.lastTransitionTime) >= Date.parse(json.metadata.creationTimestamp));
  const third = await write('status', { ...second, status: { conditions: [{ ...again, status: 'False' }, handled] } });
  t.not(third.status.conditions[0].lastTransitionTime, own.lastTransitionTime);
});
