import test, { type ExecutionContext } from 'ava';
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose';
import { WebSocket } from 'ws';
import { resources, type v1 } from '../../src/api/index.ts';
import { startTestApiServer, type TestApiServer, type TestResponse } from '../support/api-server.ts';
import { kubectlFor } from '../support/kubectl.ts';

const ISSUER = 'https://kubernetes.default.svc.cluster.local';
let server: TestApiServer;
test.before(async () => {
  server = await startTestApiServer();
});
test.after.always(() => server.close());

const account = (namespace: string, name: string) =>
  server.client.create<v1.ServiceAccount>(resources.serviceAccounts, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace },
  });

const request = (name: string, spec: object = {}, namespace = 'default'): Promise<TestResponse> =>
  server.request('POST', `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`, {
    body: JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec }),
  });

const whoAmI = (token: string): Promise<TestResponse> =>
  server.request('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
    as: null,
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }),
  });

const review = async (token: string, audiences: string[] = []) =>
  (
    await server.request('POST', '/apis/authentication.k8s.io/v1/tokenreviews', {
      body: JSON.stringify({
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenReview',
        spec: { token, ...(audiences.length > 0 ? { audiences } : {}) },
      }),
    })
  ).json.status;

async function pod(t: ExecutionContext, name: string, serviceAccountName: string): Promise<v1.Pod> {
  const created = await server.client.create<v1.Pod>(resources.pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { serviceAccountName, containers: [{ name: 'main', image: 'host' }] },
  } as v1.Pod);
  t.truthy(created.metadata.uid);
  return created;
}

test('a token says whose it is, and its holder acts as that account', async (t) => {
  const { metadata } = await account('default', 'bot');
  const { code, json } = await request('bot');
  t.is(code, 201);
  t.like(json, {
    kind: 'TokenRequest',
    metadata: { name: 'bot', namespace: 'default' },
    spec: { audiences: [ISSUER], expirationSeconds: 3600, boundObjectRef: null },
  });
  const claims = decodeJwt(json.status.token);
  t.like(claims, {
    iss: ISSUER,
    sub: 'system:serviceaccount:default:bot',
    aud: [ISSUER],
    'kubernetes.io': { namespace: 'default', serviceaccount: { name: 'bot', uid: metadata.uid } },
  });
  t.is(claims.exp! - claims.iat!, 3600);
  t.is(Date.parse(json.status.expirationTimestamp) / 1000, claims.exp!);
  const answer = await whoAmI(json.status.token);
  t.is(answer.code, 201, answer.body);
  t.deepEqual(answer.json.status.userInfo, {
    username: 'system:serviceaccount:default:bot',
    uid: metadata.uid,
    groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
    extra: { 'authentication.kubernetes.io/credential-id': [`JTI=${claims.jti}`] },
  });
});

test('durations out of bounds and accounts that are not there are refused as by Kubernetes', async (t) => {
  await account('default', 'brief');
  const short = await request('brief', { expirationSeconds: 599 });
  t.is(short.code, 422);
  t.is(
    short.json.message,
    'TokenRequest.authentication.k8s.io "brief" is invalid: spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes',
  );
  const long = await request('brief', { expirationSeconds: 2 ** 32 + 1 });
  t.regex(long.json.message, /may not specify a duration larger than 2\^32 seconds$/);
  const nobody = await request('nobody');
  t.is(nobody.code, 404);
  t.is(nobody.json.message, 'serviceaccounts "nobody" not found');
});

test('a token for others is none for the API server, and a review tells for whom it is', async (t) => {
  await account('default', 'vault-user');
  const { json } = await request('vault-user', { audiences: ['vault', 'other'] });
  const { token } = json.status;
  t.is((await whoAmI(token)).code, 401);
  t.like(await review(token, ['vault', 'elsewhere']), { authenticated: true, audiences: ['vault'] });
  const refused = await review(token);
  t.is(refused.authenticated, undefined);
  t.regex(refused.error, /^\[invalid bearer token, token audiences \["vault","other"\] is invalid/);
  t.is((await review('no.such.token')).error, 'invalid bearer token');
});

test('a token of an account that is gone, or was made anew, is worth nothing', async (t) => {
  await account('default', 'fleeting');
  const { token } = (await request('fleeting')).json.status;
  t.is((await whoAmI(token)).code, 201);
  await server.client.delete(resources.serviceAccounts, 'default', 'fleeting');
  t.is((await whoAmI(token)).code, 401);
  await account('default', 'fleeting');
  t.is((await whoAmI(token)).code, 401);
});

test("a token bound to a pod tells of the pod, ends with it, and can't be had for another account's", async (t) => {
  await account('default', 'runner');
  await account('default', 'stranger');
  const { metadata } = await pod(t, 'bound', 'runner');
  const boundObjectRef = { kind: 'Pod', apiVersion: 'v1', name: 'bound' };
  const { token } = (await request('runner', { boundObjectRef })).json.status;
  const { userInfo } = (await whoAmI(token)).json.status;
  t.like(userInfo.extra, {
    'authentication.kubernetes.io/pod-name': ['bound'],
    'authentication.kubernetes.io/pod-uid': [metadata.uid],
  });
  t.is(
    (await request('stranger', { boundObjectRef })).json.message,
    'cannot bind token for serviceaccount "stranger" to pod running with different serviceaccount name.',
  );
  const wrong = await request('runner', { boundObjectRef: { ...boundObjectRef, uid: 'u-0' } });
  t.is(wrong.code, 409);
  t.regex(wrong.json.message, /the UID in the bound object reference \(u-0\) does not match the UID in record/);
  const odd = await request('runner', { boundObjectRef: { kind: 'ConfigMap', apiVersion: 'v1', name: 'x' } });
  t.is(odd.json.message, 'cannot bind token to object of type v1, Kind=ConfigMap');
  await server.client.delete(resources.pods, 'default', 'bound', { gracePeriodSeconds: 0 });
  t.is((await whoAmI(token)).code, 401);
});

test("a pod's own token lives for a year, and says when it should have been renewed", async (t) => {
  await account('default', 'lasting');
  await pod(t, 'lasting', 'lasting');
  const boundObjectRef = { kind: 'Pod', apiVersion: 'v1', name: 'lasting' };
  const { status } = (await request('lasting', { boundObjectRef, expirationSeconds: 3607 })).json;
  const claims = decodeJwt(status.token) as { exp: number; iat: number; 'kubernetes.io': { warnafter: number } };
  t.is(claims.exp - claims.iat, 365 * 86_400);
  t.is(claims['kubernetes.io'].warnafter - claims.iat, 3607);
  t.is(Date.parse(status.expirationTimestamp) / 1000 - claims.iat, 3607);
});

test('anybody with the published keys can check a token', async (t) => {
  await account('default', 'published');
  const { token } = (await request('published')).json.status;
  const headers = { authorization: `Bearer ${token}` };
  const document = await server.request('GET', '/.well-known/openid-configuration', { as: null, headers });
  t.is(document.code, 200, document.body);
  t.like(document.json, { issuer: ISSUER, jwks_uri: `${server.url}/openid/v1/jwks` });
  const keys = await server.request('GET', '/openid/v1/jwks', { as: null, headers });
  t.is(keys.headers['content-type'], 'application/jwk-set+json');
  const { payload } = await jwtVerify(token, createLocalJWKSet(keys.json), { issuer: ISSUER, audience: ISSUER });
  t.is(payload.sub, 'system:serviceaccount:default:published');
});

test('a token that was tampered with, or is no token, is refused', async (t) => {
  await account('default', 'honest');
  const { token } = (await request('honest')).json.status;
  const [head, , signature] = token.split('.');
  const forged = Buffer.from(JSON.stringify({ ...decodeJwt(token), sub: 'system:admin' })).toString('base64url');
  for (const bad of [`${head}.${forged}.${signature}`, `${head}.${forged}.`, 'x', '..', `${token}x`]) {
    t.is((await whoAmI(bad)).code, 401, bad);
  }
});

test('where no header can be set, a WebSocket carries its token as a subprotocol', async (t) => {
  await account('default', 'browser');
  const { token } = (await request('browser')).json.status;
  const carrier = `base64url.bearer.authorization.k8s.io.${Buffer.from(token).toString('base64url')}`;
  const connect = (...protocols: string[]) =>
    new Promise<string>((resolve) => {
      const url = `wss://127.0.0.1:${server.port}/watch`;
      const socket = new WebSocket(url, protocols, { ca: server.ca });
      socket.on('open', () => {
        resolve(`open ${socket.protocol}`);
        socket.terminate();
      });
      socket.on('error', (error) => resolve(error.message));
    });
  t.is(await connect(carrier, 'v1.json.watch.keelson'), 'open v1.json.watch.keelson');
  t.regex(await connect(carrier), /400/);
  t.regex(await connect('v1.json.watch.keelson'), /401/);
});

test('a projection of a token into a pod is checked', async (t) => {
  const cases: [object, RegExp][] = [
    [{ path: '../up' }, /projected\.path: Invalid value: "..\/up": must not contain '..'/],
    [{ path: '/etc/x' }, /projected\.path: Invalid value: "\/etc\/x": must be a relative path/],
    [{ path: 't', expirationSeconds: 60 }, /serviceAccountToken.expirationSeconds: Invalid value: 60: may not specify/],
  ];
  for (const [serviceAccountToken, message] of cases) {
    const volumes = [{ name: 'v', projected: { sources: [{ serviceAccountToken }] } }];
    const containers = [{ name: 'main', image: 'host' }];
    await account('default', 'default').catch(() => {});
    const body = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'bad' }, spec: { containers, volumes } };
    const { code, json } = await server.request('POST', '/api/v1/namespaces/default/pods', {
      body: JSON.stringify(body),
    });
    t.is(code, 422);
    t.regex(json.message, message);
  }
});

test('kubectl makes tokens, and works with them', async (t) => {
  const kubectl = kubectlFor(server.kubeconfig);
  await kubectl('create serviceaccount cli');
  const made = await kubectl('create token cli --duration=15m --audience=a --audience=b');
  t.is(made.code, 0, made.stderr);
  const claims = decodeJwt(made.stdout.trim());
  t.deepEqual(claims.aud, ['a', 'b']);
  t.is(claims.exp! - claims.iat!, 900);
  const { stdout } = await kubectl('create token cli');
  const me = await kubectl(
    `auth whoami --token=${stdout.trim()} -o json --kubeconfig=/dev/null --server=${server.url} --insecure-skip-tls-verify`,
  );
  t.is(me.code, 0, me.stderr);
  t.is(JSON.parse(me.stdout).status.userInfo.username, 'system:serviceaccount:default:cli');
});
