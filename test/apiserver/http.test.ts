import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { gunzipSync } from 'node:zlib';
import test from 'ava';
import { startTestApiServer, type TestApiServer } from '../support/api-server.ts';

let server: TestApiServer;
test.before(async () => {
  server = await startTestApiServer({
    healthChecks: [
      { name: 'ping', live: true, check: () => {} },
      { name: 'store', live: false, check: () => Promise.reject(new Error('no leader')) },
    ],
  });
});
test.after.always(() => server.close());

const configMap = (name: string, data: Record<string, string> = {}) =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

test('without a certificate only health is answered', async (t) => {
  t.is((await server.request('GET', '/version')).json.gitVersion, 'v1.35.2+keelson');
  t.is((await server.request('GET', '/version', { as: null })).code, 401);
  t.is((await server.request('GET', '/livez', { as: null })).body, 'ok');
  const refused = await server.request('GET', CONFIG_MAPS, { as: null });
  t.is(refused.code, 401);
  t.like(refused.json, {
    kind: 'Status',
    status: 'Failure',
    reason: 'Unauthorized',
    message: 'Unauthorized',
    code: 401,
  });
});

test('whoever looks around is told what is served', async (t) => {
  const { paths } = (await server.request('GET', '/')).json as { paths: string[] };
  for (const path of ['/api/v1', '/apis/apps', '/apis/apps/v1', '/livez/ping', '/readyz/store', '/version'])
    t.true(paths.includes(path), path);
  t.false(paths.includes('/livez/store'));
  t.deepEqual(paths, [...paths].sort());
  for (const path of paths.filter((path) => !path.startsWith('/readyz') && !path.startsWith('/healthz')))
    t.is((await server.request('GET', path)).code, 200, path);
});

test('people get their JSON indented, programs do not', async (t) => {
  await server.request('POST', CONFIG_MAPS, { body: configMap('pretty') });
  const answer = async (path: string, headers: Record<string, string> = {}): Promise<string> =>
    (await server.request('GET', path, { headers })).body;
  const curl = { 'user-agent': 'curl/8.5.0' };
  const one = `${CONFIG_MAPS}/pretty`;
  for (const path of [one, '/api/v1', '/version', `${CONFIG_MAPS}/none`]) {
    const [plain, shown] = [await answer(path), await answer(path, curl)];
    t.is(shown, JSON.stringify(JSON.parse(shown), undefined, 2), path);
    t.notRegex(plain.trimEnd(), /\n/, path);
    t.is(await answer(`${path}?pretty=false`, curl), plain, path);
    t.is(await answer(`${path}?pretty=true`), shown, path);
  }
  t.regex(await answer(CONFIG_MAPS, curl), /^\{\n {2}"kind": "ConfigMapList",\n/);
});

test("another authority's certificate is nobody's", async (t) => {
  const { createAuthority, issueCertificate } = await import('../../src/peer/pki/certificates.ts');
  const other = await createAuthority('other', Date.now());
  const as = await issueCertificate(other, { commonName: 'admin', organizations: ['system:masters'] }, Date.now());
  t.is((await server.request('GET', CONFIG_MAPS, { as })).code, 401);
});

test('who has no role is told what is missing', async (t) => {
  const as = await server.certificateFor('jane', 'devs');
  const refused = await server.request('GET', CONFIG_MAPS, { as });
  t.is(refused.code, 403);
  t.is(
    refused.json.message,
    'configmaps is forbidden: User "jane" cannot list resource "configmaps" in API group "" in the namespace "default"',
  );
  t.is(
    (await server.request('GET', '/metrics', { as })).json.message,
    'forbidden: User "jane" cannot get path "/metrics"',
  );
});

test('a role binding opens what its role says, and no more', async (t) => {
  const as = await server.certificateFor('joe');
  await server.client.create(
    {
      group: 'rbac.authorization.k8s.io',
      version: 'v1',
      resource: 'rolebindings',
      kind: 'RoleBinding',
      namespaced: true,
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'joe', namespace: 'default' },
      ...{
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
        subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'joe' }],
      },
    },
  );
  let code = 403;
  for (let i = 0; i < 200 && code === 403; i++) ({ code } = await server.request('GET', CONFIG_MAPS, { as }));
  t.is(code, 200);
  t.is((await server.request('POST', CONFIG_MAPS, { as, body: configMap('joes') })).code, 403);
  t.is((await server.request('GET', '/api/v1/namespaces/kube-system/configmaps', { as })).code, 403);
  t.is((await server.request('GET', '/api/v1/namespaces/default/secrets', { as })).code, 403);
});

test('create, read, replace, patch and delete over HTTP', async (t) => {
  const created = await server.request('POST', CONFIG_MAPS, { body: configMap('crud', { a: '1' }) });
  t.is(created.code, 201);
  t.like(created.json, { kind: 'ConfigMap', apiVersion: 'v1', data: { a: '1' } });
  const path = `${CONFIG_MAPS}/crud`;
  const replaced = await server.request('PUT', path, { body: JSON.stringify({ ...created.json, data: { a: '2' } }) });
  t.is(replaced.code, 200);
  const stale = await server.request('PUT', path, { body: JSON.stringify({ ...created.json, data: { a: '3' } }) });
  t.is(stale.code, 409);
  t.is(stale.json.reason, 'Conflict');
  const patched = await server.request('PATCH', path, {
    body: '{"data":{"b":"x"}}',
    headers: { 'content-type': 'application/merge-patch+json' },
  });
  t.deepEqual(patched.json.data, { a: '2', b: 'x' });
  t.is((await server.request('GET', path)).json.metadata.resourceVersion, patched.json.metadata.resourceVersion);
  const deleted = await server.request('DELETE', path);
  t.is(deleted.code, 200);
  t.like(deleted.json, { kind: 'Status', status: 'Success', details: { name: 'crud', kind: 'configmaps' } });
  t.is((await server.request('GET', path)).json.message, 'configmaps "crud" not found');
});

test('YAML in and out', async (t) => {
  const created = await server.request('POST', CONFIG_MAPS, {
    body: 'metadata:\n  name: yaml\ndata:\n  key: "true"\n',
    headers: { 'content-type': 'application/yaml', accept: 'application/yaml' },
  });
  t.is(created.code, 201);
  t.is(created.headers['content-type'], 'application/yaml');
  t.regex(created.body, /^kind: ConfigMap$/m);
});

test('a Table has the rows, columns and resource version of the list', async (t) => {
  await server.request('POST', CONFIG_MAPS, { body: configMap('table', { a: '1', b: '2' }) });
  const { json } = await server.request('GET', `${CONFIG_MAPS}?fieldSelector=metadata.name=table`, {
    headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
  });
  t.is(json.kind, 'Table');
  t.deepEqual(
    json.columnDefinitions.map(({ name }: { name: string }) => name),
    ['Name', 'Data', 'Age'],
  );
  t.deepEqual(json.rows[0].cells.slice(0, 2), ['table', 2]);
  t.is(json.rows[0].object.kind, 'PartialObjectMetadata');
  t.truthy(json.metadata.resourceVersion);
});

test('older clients get Tables and metadata of their version; what has no rows has no Table', async (t) => {
  await server.request('POST', CONFIG_MAPS, { body: configMap('older') });
  const as = async (what: string, path: string) =>
    server.request('GET', path, { headers: { accept: `application/json;as=${what};v=v1beta1;g=meta.k8s.io` } });
  const old = 'meta.k8s.io/v1beta1';
  for (const path of [CONFIG_MAPS, `${CONFIG_MAPS}/older`]) {
    const { json } = await as('Table', path);
    t.deepEqual([json.apiVersion, json.kind, json.rows[0].object.apiVersion], [old, 'Table', old]);
  }
  const list = (await as('PartialObjectMetadataList', CONFIG_MAPS)).json;
  t.deepEqual([list.apiVersion, list.items[0].apiVersion], [old, old]);
  const odd = await as('Table', `${CONFIG_MAPS}?includeObject=Some`);
  t.is(odd.code, 400);
  t.is(
    odd.json.message,
    `Unable to convert to Table as requested: includeObject: Invalid value: "Some": must be 'Metadata', 'Object', 'None', or empty`,
  );
  const review = await server.request('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
    headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
    body: JSON.stringify({ spec: { nonResourceAttributes: { path: '/', verb: 'get' } } }),
  });
  t.is(review.code, 406);
});

test('a time limit that is none is refused, whatever is asked for', async (t) => {
  for (const path of ['/version', '/livez', CONFIG_MAPS]) {
    const refused = await server.request('GET', `${path}?timeout=soon`);
    t.is(refused.code, 400);
    t.is(refused.json.message, 'invalid timeout specified in the request URL - time: invalid duration "soon"');
    for (const timeout of ['3m', '0s', '']) t.is((await server.request('GET', `${path}?timeout=${timeout}`)).code, 200);
  }
});

test('what does not exist, or not so, has its own answer', async (t) => {
  const codes: [method: string, path: string, code: number][] = [
    ['GET', '/api/v1/nothings', 404],
    ['GET', '/apis/none.example.com/v1/things', 404],
    ['GET', '/nowhere', 404],
    ['PUT', CONFIG_MAPS, 405],
    ['POST', `${CONFIG_MAPS}/named`, 405],
    ['GET', '/api/v1/namespaces/default/pods/x/nonsense', 404],
    ['GET', `${CONFIG_MAPS}?limit=many`, 400],
    ['GET', `${CONFIG_MAPS}?labelSelector=a%3D%3D%3Db`, 400],
    ['GET', `${CONFIG_MAPS}?fieldSelector=spec.x%3Db`, 400],
  ];
  for (const [method, path, code] of codes) {
    const answer = await server.request(method, path, method === 'GET' ? {} : { body: configMap('x') });
    t.is(answer.code, code, `${method} ${path}: ${answer.body}`);
    t.is(answer.json.kind, 'Status');
  }
});

test('bodies that are no objects are refused with a text that says why', async (t) => {
  const post = (body: string, type = 'application/json') =>
    server.request('POST', CONFIG_MAPS, { body, headers: { 'content-type': type } });
  const bodies: [body: string, type: string, code: number, message: RegExp][] = [
    ['{', 'application/json', 400, /json/],
    ['[]', 'application/json', 400, /cannot unmarshal array/],
    ['', 'application/json', 400, /unexpected end of JSON input/],
    ['{}', 'text/plain', 415, /unknown format/],
    ['{}', 'application/cbor', 415, /unknown format/],
    ['k8s\0\x01\x02\x03', 'application/vnd.kubernetes.protobuf', 400, /./],
    ['{"kind":"Pod","apiVersion":"v1"}', 'application/json', 400, /cannot be handled as a ConfigMap/],
    ['{"metadata":{"name":"UPPER"}}', 'application/json', 422, /Invalid value: "UPPER"/],
    ['{"metadata":{"name":"x"},"data":{"a":1}}', 'application/json', 400, /cannot unmarshal number/],
  ];
  for (const [body, type, code, message] of bodies) {
    const answer = await post(body, type);
    t.is(answer.code, code, `${body}: ${answer.body}`);
    t.regex(answer.json.message, message);
  }
});

test('unknown and repeated fields are refused, warned of or dropped, as asked', async (t) => {
  const body = '{"metadata":{"name":"strict"},"data":{"a":"1","a":"2"},"dta":{}}';
  const create = (fieldValidation: string) =>
    server.request('POST', `${CONFIG_MAPS}?dryRun=All&fieldValidation=${fieldValidation}`, { body });
  const strict = await create('Strict');
  t.is(strict.code, 400);
  t.regex(strict.json.message, /strict decoding error/);
  const warned = await create('Warn');
  t.is(warned.code, 201);
  t.regex(String(warned.headers['warning']), /299 - "unknown field \\"dta\\""/);
  const ignored = await create('Ignore');
  t.is(ignored.headers['warning'], undefined);
  t.is(ignored.json.dta, undefined);
  t.is((await create('Sometimes')).code, 422);
});

test("a request's options are checked before its object", async (t) => {
  const body = configMap('options');
  const write = async (method: string, path: string, query: string, type = 'application/json'): Promise<string> => {
    const headers = { 'content-type': type };
    const answer = await server.request(method, `${path}?${query}`, { headers, body: method === 'DELETE' ? '' : body });
    t.is(answer.code, 422, query);
    return answer.json.message;
  };
  const one = `${CONFIG_MAPS}/options`;
  t.is(
    await write('POST', CONFIG_MAPS, 'dryRun=Some&fieldManager=a%07b'),
    'CreateOptions.meta.k8s.io "" is invalid: [fieldManager: Invalid value: "a\\ab": invalid character U+0007 (at position 1), dryRun: Unsupported value: ["Some"]: supported values: "All"]',
  );
  t.is(
    await write('PUT', one, `fieldManager=${'x'.repeat(129)}`),
    'UpdateOptions.meta.k8s.io "" is invalid: fieldManager: Too long: may not be more than 128 bytes',
  );
  t.is(
    await write('PUT', one, 'fieldValidation=Sometimes'),
    'UpdateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "Sometimes": supported values: "", "Ignore", "Strict", "Warn"',
  );
  t.is(
    await write('PATCH', one, '', 'application/apply-patch+yaml'),
    'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
  );
  t.is(
    await write('DELETE', one, 'propagationPolicy=Upward'),
    'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Upward": supported values: "Foreground", "Background", "Orphan", "nil"',
  );
  t.is(
    await write('DELETE', one, 'propagationPolicy=Orphan&orphanDependents=true'),
    'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set',
  );
  t.is((await server.request('GET', one)).code, 404);
});

test('a body of 50 MB is refused before it is read', async (t) => {
  const announced = await server
    .request('POST', CONFIG_MAPS, { body: '{', headers: { 'content-length': String(50 * 1024 * 1024) } })
    .catch((error: Error) => error);
  if (!(announced instanceof Error)) {
    t.is(announced.code, 413);
    t.is(announced.json.message, 'Request entity too large: limit is 3145728');
  } else t.regex(announced.message, /ECONNRESET|EPIPE|socket hang up/);
  // Without an announcement it is refused as it comes in.
  const code = await new Promise<number>((resolve) => {
    const socket = connectTls({ host: '127.0.0.1', port: server.port, ca: server.ca, ...server.admin });
    let seen = '';
    socket.on('data', (data) => {
      seen += data;
      const match = /^HTTP\/1\.1 (\d+)/.exec(seen);
      if (match !== null) resolve(Number(match[1]));
    });
    socket.on('error', () => resolve(413));
    socket.on('secureConnect', () => {
      socket.write(
        `POST ${CONFIG_MAPS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
      );
      const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
      let sent = 0;
      const more = (): void => {
        while (sent < 800 && !socket.destroyed && socket.write(chunk)) sent++;
      };
      socket.on('drain', more);
      more();
    });
  });
  t.is(code, 413);
  t.is((await server.request('GET', '/livez')).code, 200);
});

test('half a handshake, garbage, and plain HTTP cost nobody else anything', async (t) => {
  const send = (data: Buffer | undefined) =>
    new Promise<void>((resolve) => {
      const socket = connectTcp(server.port, '127.0.0.1', () => {
        if (data !== undefined) socket.write(data);
        setTimeout(() => {
          socket.destroy();
          resolve();
        }, 50);
      });
      socket.on('error', () => resolve());
    });
  const hello = Buffer.from('160301020001000001fc0303', 'hex');
  await Promise.all([
    send(undefined),
    send(hello),
    send(Buffer.alloc(70_000, 0xff)),
    send(Buffer.from('GET / HTTP/1.1\r\n\r\n')),
  ]);
  t.is((await server.request('GET', '/livez')).code, 200);
});

test('large answers are compressed for who takes it', async (t) => {
  await server.request('POST', CONFIG_MAPS, { body: configMap('large', { text: 'x'.repeat(300_000) }) });
  const response = await server.open('GET', `${CONFIG_MAPS}/large`, { headers: { 'accept-encoding': 'gzip' } });
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  t.is(response.headers['content-encoding'], 'gzip');
  t.is(JSON.parse(gunzipSync(Buffer.concat(chunks)).toString()).data.text.length, 300_000);
});

test('health checks: one by one, excluded, verbose', async (t) => {
  t.is((await server.request('GET', '/livez')).body, 'ok');
  const ready = await server.request('GET', '/readyz');
  t.is(ready.code, 500);
  t.regex(ready.body, /\[\+\]ping ok\n\[-\]store failed: no leader\nreadyz check failed/);
  t.is((await server.request('GET', '/readyz?exclude=store')).code, 200);
  t.is((await server.request('GET', '/readyz/ping')).code, 200);
  t.is((await server.request('GET', '/readyz/none')).code, 404);
  t.regex((await server.request('GET', '/livez?verbose')).body, /livez check passed/);
});

test('discovery and OpenAPI are not sent again to who has them', async (t) => {
  const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';
  for (const [path, accept] of [
    ['/apis', aggregated],
    ['/api', aggregated],
    ['/apis', 'application/json'],
    ['/api/v1', '*/*'],
    ['/openapi/v3/apis/apps/v1', '*/*'],
  ] as const) {
    const first = await server.request('GET', path, { headers: { accept } });
    t.is(first.code, 200, path);
    const again = await server.request('GET', path, {
      headers: { accept, 'if-none-match': String(first.headers['etag']) },
    });
    t.is(again.code, 304, path);
    t.is(again.body, '');
  }
  const index = await server.request('GET', '/openapi/v3');
  const { serverRelativeURL } = index.json.paths['apis/apps/v1'];
  const document = await server.request('GET', serverRelativeURL);
  t.regex(String(document.headers['cache-control']), /immutable/);
  t.truthy(document.json.components.schemas['io.k8s.api.apps.v1.Deployment']);
});

test("OpenAPI's old form is one document about all kinds, as JSON and as protobuf", async (t) => {
  const { json } = await server.request('GET', '/openapi/v2');
  t.like(json, { swagger: '2.0', info: { title: 'Kubernetes', version: 'v1.35.2+keelson' } });
  const { properties } = json.definitions['io.k8s.api.apps.v1.DeploymentSpec'];
  t.like(properties.template, { $ref: '#/definitions/io.k8s.api.core.v1.PodTemplateSpec' });
  const accept = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
  const { headers, body } = await server.request('GET', '/openapi/v2', { headers: { accept } });
  t.is(headers['content-type'], 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf');
  t.true(body.startsWith('\n\x032.0\x12\x1d\n\nKubernetes\x12\x0fv1.35.2+keelsonB'));
  t.true(body.includes('io.k8s.api.apps.v1.DeploymentSpec'));
});

test('objects of a namespace are not found outside of it', async (t) => {
  t.is((await server.request('GET', '/api/v1/configmaps/some')).code, 404);
  t.is((await server.request('DELETE', '/api/v1/configmaps/some')).code, 404);
  t.is((await server.request('POST', '/api/v1/configmaps', { body: configMap('some') })).code, 405);
});

test('an upgrade that nobody serves is answered with a Status', async (t) => {
  const headers = { connection: 'Upgrade', upgrade: 'SPDY/3.1' };
  const { code, json } = await server.request('POST', '/api/v1/namespaces/default/pods/x/nothing', { headers });
  t.is(code, 404);
  t.is(json.message, 'the server could not find the requested resource');
});

test('a status is shown as the object is', async (t) => {
  await server.request('POST', '/api/v1/namespaces', {
    body: JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shown' } }),
  });
  const headers = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
  const [table, ofStatus] = await Promise.all(
    ['', '/status'].map((part) => server.request('GET', `/api/v1/namespaces/shown${part}`, { headers })),
  );
  t.is(ofStatus?.json.kind, 'Table');
  t.deepEqual(ofStatus?.json.columnDefinitions, table?.json.columnDefinitions);
});

test('metrics count requests by verb, resource and code', async (t) => {
  await server.request('GET', `${CONFIG_MAPS}/none`);
  const { body } = await server.request('GET', '/metrics');
  t.regex(body, /apiserver_request_total\{verb="GET",group="",resource="configmaps",subresource="",code="404"\} \d+/);
  t.regex(body, /apiserver_request_duration_seconds_bucket\{.*le="\+Inf"\} \d+/);
});

test('reviews tell who asks, and what they may', async (t) => {
  const as = await server.certificateFor('mary', 'ops');
  const who = await server.request('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { as, body: '{}' });
  t.is(who.code, 201);
  t.deepEqual(who.json.status.userInfo, { username: 'mary', groups: ['ops', 'system:authenticated'] });
  const can = (resourceAttributes: object) =>
    server.request('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
      as,
      body: JSON.stringify({ spec: { resourceAttributes } }),
    });
  t.false((await can({ verb: 'list', resource: 'pods', namespace: 'default' })).json.status.allowed);
  t.true(
    (await can({ verb: 'create', group: 'authentication.k8s.io', resource: 'selfsubjectreviews' })).json.status.allowed,
  );
  const rules = await server.request('POST', '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', {
    body: '{"spec":{"namespace":"default"}}',
  });
  t.deepEqual(rules.json.status.resourceRules[0].verbs, ['*']);
});

test('what Kubernetes would rather not have used any more comes with a warning', async (t) => {
  const endpoints = await server.request('GET', '/api/v1/namespaces/default/endpoints');
  t.is(
    endpoints.headers['warning'],
    '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"',
  );
  t.is(
    (await server.request('GET', '/api/v1/componentstatuses')).headers['warning'],
    '299 - "v1 ComponentStatus is deprecated in v1.19+"',
  );
  t.is((await server.request('GET', CONFIG_MAPS)).headers['warning'], undefined);
});

test('a review is answered in the form that the client takes', async (t) => {
  const body = JSON.stringify({ spec: { nonResourceAttributes: { path: '/', verb: 'get' } } });
  const review = (accept: string) =>
    server.request('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { headers: { accept }, body });
  const yaml = await review('application/yaml');
  t.is(yaml.headers['content-type'], 'application/yaml');
  t.regex(yaml.body, /^ {2}allowed: true$/m);
  const protobuf = await review('application/vnd.kubernetes.protobuf');
  t.is(protobuf.headers['content-type'], 'application/vnd.kubernetes.protobuf');
  t.regex(protobuf.body, /^k8s\0/);
});
