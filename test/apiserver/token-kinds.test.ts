import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { resources, type v1 } from '../../src/api/index.ts';
import { oidcAuthenticator } from '../../src/apiserver/index.ts';
import { systemClock } from '../../src/base/index.ts';
import { startTestApiServer, type TestApiServer } from '../support/api-server.ts';
import { createAuthority } from '../support/certificates.ts';

const keys = await generateKeyPair('RS256');
let issuer: Server;
let issuerUrl: string;
let server: TestApiServer;
let asked = 0;

test.before(async () => {
  const authority = await createAuthority('provider authority');
  const { certificate, key } = await authority.issue('provider');
  issuer = createServer({ cert: certificate, key }, async (request, response) => {
    asked++;
    const document = { issuer: issuerUrl, jwks_uri: `${issuerUrl}/keys` };
    const jwks = { keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }] };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(request.url === '/keys' ? jwks : document));
  });
  await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve));
  issuerUrl = `https://127.0.0.1:${(issuer.address() as AddressInfo).port}`;
  const audiences = ['https://kubernetes.default.svc.cluster.local'];
  const oidc = oidcAuthenticator({
    issuerUrl,
    clientId: 'keelson',
    usernameClaim: 'email',
    groupsClaim: 'roles',
    groupsPrefix: 'oidc:',
    requiredClaims: { hd: 'example.com' },
    ca: authority.certificate,
    audiences,
    clock: systemClock,
  });
  server = await startTestApiServer({ tokenAuthenticators: [oidc] });
});
test.after.always(async () => {
  await server.close();
  issuer.close();
});

const good = { email: 'ann@example.com', email_verified: true, roles: ['dev', 'ops'], hd: 'example.com' };

function idToken(claims: object, options: { audience?: string; expires?: string; key?: typeof keys.privateKey } = {}) {
  return new SignJWT({ ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
    .setIssuer(issuerUrl)
    .setSubject('s-1')
    .setAudience(options.audience ?? 'keelson')
    .setIssuedAt()
    .setExpirationTime(options.expires ?? '5m')
    .sign(options.key ?? keys.privateKey);
}

const whoAmI = (token: string) =>
  server.request('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
    as: null,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }),
  });

test("a provider's token makes its holder the user and the groups in it", async (t) => {
  const { code, json } = await whoAmI(await idToken(good));
  t.is(code, 201);
  t.deepEqual(json.status.userInfo, {
    username: 'ann@example.com',
    groups: ['oidc:dev', 'oidc:ops', 'system:authenticated'],
  });
  const before = asked;
  await whoAmI(await idToken(good));
  t.is(asked, before);
});

test('tokens that are for others, too old, forged or lack a claim are refused, and a review says why', async (t) => {
  const other = await generateKeyPair('RS256');
  const cases: [Promise<string>, RegExp][] = [
    [idToken(good, { audience: 'other' }), /unexpected "aud" claim value/],
    [idToken(good, { expires: '-5m' }), /"exp" claim timestamp check failed/],
    [idToken(good, { key: other.privateKey }), /signature verification failed/],
    [idToken({ ...good, email_verified: false }), /oidc: email not verified/],
    [idToken({ ...good, email: undefined }), /oidc: parse username claims "email": claim not present/],
    [idToken({ ...good, hd: 'evil.com' }), /oidc: required claim hd value does not match/],
    [idToken({ ...good, hd: undefined }), /oidc: required claim hd not present in ID token/],
    [idToken({ ...good, roles: { a: 1 } }), /oidc: parse groups claim "roles"/],
  ];
  for (const [made, reason] of cases) {
    const token = await made;
    t.is((await whoAmI(token)).code, 401);
    const { json } = await server.request('POST', '/apis/authentication.k8s.io/v1/tokenreviews', {
      body: JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } }),
    });
    t.regex(json.status.error, reason);
  }
});

test('without a prefix of its own a user is told from those of other providers', async (t) => {
  const { userOf } = await import('../../src/apiserver/authentication/oidc/authenticator.ts');
  const base = { issuerUrl: 'https://id.example', clientId: 'c', audiences: [], clock: systemClock };
  t.is(userOf({ sub: 's-1' }, base).name, 'https://id.example#s-1');
  t.is(userOf({ sub: 's-1' }, { ...base, usernamePrefix: 'x:' }).name, 'x:s-1');
  t.is(userOf({ sub: 's-1' }, { ...base, usernamePrefix: '-' }).name, 's-1');
});

async function bootstrapToken(id: string, data: Record<string, string>): Promise<void> {
  await server.client.create(resources.secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'bootstrap.kubernetes.io/token',
    metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' },
    stringData: {
      'token-id': id,
      'token-secret': '0123456789abcdef',
      'usage-bootstrap-authentication': 'true',
      ...data,
    },
  } as v1.Secret);
}

test('a bootstrap token stands for a user and groups of its own while its Secret holds it', async (t) => {
  await bootstrapToken('abcdef', {
    'auth-extra-groups': 'system:bootstrappers:workers',
    expiration: new Date(Date.now() + 60_000).toISOString(),
  });
  const { code, json } = await whoAmI('abcdef.0123456789abcdef');
  t.is(code, 201);
  t.deepEqual(json.status.userInfo, {
    username: 'system:bootstrap:abcdef',
    groups: ['system:bootstrappers', 'system:bootstrappers:workers', 'system:authenticated'],
  });
  t.is((await whoAmI('abcdef.0123456789abcdeg')).code, 401);
  await server.client.delete(resources.secrets, 'kube-system', 'bootstrap-token-abcdef');
  t.is((await whoAmI('abcdef.0123456789abcdef')).code, 401);
});

test('one whose time is over, that is for other uses, or claims other groups, is refused', async (t) => {
  await bootstrapToken('aaaaaa', { expiration: new Date(Date.now() - 1_000).toISOString() });
  await bootstrapToken('bbbbbb', { 'usage-bootstrap-authentication': 'false' });
  await bootstrapToken('cccccc', { 'auth-extra-groups': 'system:masters' });
  await bootstrapToken('dddddd', { expiration: 'tomorrow' });
  for (const id of ['aaaaaa', 'bbbbbb', 'cccccc', 'dddddd', 'eeeeee']) {
    t.is((await whoAmI(`${id}.0123456789abcdef`)).code, 401, id);
  }
});
