import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { KubeconfigError, loadKubeconfig } from '../../src/client/index.ts';

async function withFile<T>(files: Record<string, string>, run: (path: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'keelson-kubeconfig-'));
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
    return await run(join(dir, 'config'));
  } finally {
    await rm(dir, { recursive: true });
  }
}

const load = (config: string, files: Record<string, string> = {}, context?: string) =>
  withFile({ ...files, config }, (path) => loadKubeconfig(path, context));

const clusters = `clusters: [{name: c, cluster: {server: "https://x:1", certificate-authority: ca.pem, tls-server-name: y}}]
contexts: [{name: one, context: {cluster: c, user: u}}]`;

test('certificates, keys and tokens may lie in files beside it', async (t) => {
  const config = `${clusters}
users: [{name: u, user: {client-certificate: cert.pem, client-key: key.pem, tokenFile: token}}]
current-context: one`;
  t.deepEqual(await load(config, { 'ca.pem': 'CA', 'cert.pem': 'CERT', 'key.pem': 'KEY', token: 'abc\n' }), {
    servers: ['https://x:1'],
    ca: 'CA',
    cert: 'CERT',
    key: 'KEY',
    token: 'abc',
    serverName: 'y',
  });
});

test('a token may stand in it', async (t) => {
  const config = `${clusters}\nusers: [{name: u, user: {token: abc}}]`;
  t.is((await load(config, { 'ca.pem': 'CA' }, 'one')).token, 'abc');
});

test('clusters of other authorities are other clusters', async (t) => {
  const config = `clusters:
- {name: c, cluster: {server: "https://x:1", certificate-authority-data: QQ==, insecure-skip-tls-verify: true}}
- {name: d, cluster: {server: "https://y:1", certificate-authority-data: Qg==}}
contexts: [{name: one, context: {cluster: c, user: u}}]
users: [{name: u, user: {}}]`;
  t.deepEqual(await load(config, {}, 'one'), { servers: ['https://x:1'], ca: 'A', insecure: true });
});

for (const [what, config, message] of [
  ['broken YAML', 'a: [', /config: .+/],
  ['something else', '[]', /no current-context/],
  ['nothing', '', /not a kubeconfig/],
  ['no current context', clusters, /no current-context/],
  ['an unknown context', 'current-context: x', /no context named "x"/],
  ['an unknown user', `${clusters}\ncurrent-context: one`, /no user named "u"/],
  ['a missing file', `${clusters}\nusers: [{name: u, user: {}}]\ncurrent-context: one`, /ca\.pem/],
  [
    'no server',
    'clusters: [{name: c, cluster: {}}]\ncontexts: [{name: one, context: {cluster: c, user: u}}]\nusers: [{name: u, user: {}}]\ncurrent-context: one',
    /cluster "c" has no server/,
  ],
] as const) {
  test(`one line says what is wrong: ${what}`, async (t) => {
    const error = await t.throwsAsync(load(config), { instanceOf: KubeconfigError, code: 'KUBECONFIG_INVALID' });
    t.regex(error!.message, message);
    t.false(error!.message.includes('\n'));
  });
}

test('a kubeconfig that is not there', async (t) => {
  await t.throwsAsync(loadKubeconfig('/nonexistent/config'), { code: 'KUBECONFIG_INVALID', message: /ENOENT/ });
});
