import { X509Certificate } from 'node:crypto';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { layOutCluster, planShape } from '../../src/peer/cluster-files.ts';
import { loadPeerConfig, type PeerConfig } from '../../src/peer/config.ts';
import { type ClusterPaths, clusterPaths } from '../../src/peer/data-dir.ts';
import { createAuthority, issueCertificate } from '../../src/peer/pki/certificates.ts';
import { readTls } from '../../src/peer/tls.ts';
import { temporaryDir } from './temporary.ts';

const now = Date.UTC(2030, 0, 1);
const YEAR_MS = 366 * 24 * 60 * 60 * 1_000;

async function peerConfig(t: ExecutionContext): Promise<{ config: PeerConfig; paths: ClusterPaths }> {
  const paths = clusterPaths(join(temporaryDir(t), 'data'));
  await layOutCluster(paths, planShape({ peers: 2 }), now);
  return { config: await loadPeerConfig(paths.peer(1).config), paths };
}

test('a peer reads its own certificate, key and authority', async (t) => {
  const { config } = await peerConfig(t);
  const { ca, cert, key } = readTls(config, now);
  t.regex(key, /PRIVATE KEY/);
  const certificate = new X509Certificate(cert);
  t.true(certificate.checkIssued(new X509Certificate(ca)));
  for (const name of ['localhost', 'kubernetes.default.svc', 'peer-1']) t.not(certificate.checkHost(name), undefined);
  for (const address of ['127.0.0.1', '::1', '127.96.0.1']) t.not(certificate.checkIP(address), undefined, address);
});

type Damage = (config: PeerConfig, paths: ClusterPaths) => void | Promise<void>;

const cases: [title: string, damage: Damage, file: keyof PeerConfig['pki'], text: RegExp][] = [
  ['a missing authority', ({ pki }) => rmSync(pki.ca), 'ca', /can't read .* \(ENOENT\)/],
  ['a missing key', ({ pki }) => rmSync(pki.key), 'key', /can't read .* \(ENOENT\)/],
  ['a certificate that is none', ({ pki }) => writeFileSync(pki.cert, 'hello'), 'cert', /holds no certificate/],
  ['a key that is none', ({ pki }) => writeFileSync(pki.key, ''), 'key', /holds no private key/],
  ['another peer’s certificate', ({ pki }, paths) => cpSync(paths.peer(2).cert, pki.cert), 'cert', /is not peer 1's/],
  ['the administrator’s', ({ pki }, paths) => cpSync(paths.pki.clientCert, pki.cert), 'cert', /is not peer 1's/],
  ['another peer’s key', ({ pki }, paths) => cpSync(paths.peer(2).key, pki.key), 'key', /is not the key of/],
  [
    'another cluster’s certificate',
    async ({ pki }) => {
      const authority = await createAuthority('keelson-ca', now);
      const pair = await issueCertificate(authority, { commonName: 'keelson:peer:1', hosts: ['127.0.0.1'] }, now);
      writeFileSync(pki.cert, pair.cert);
      writeFileSync(pki.key, pair.key);
    },
    'cert',
    /is not signed by/,
  ],
];

for (const [title, damage, file, text] of cases) {
  test(`a peer does not start with ${title}`, async (t) => {
    const { config, paths } = await peerConfig(t);
    await damage(config, paths);
    const error = t.throws(() => readTls(config, now), { code: 'PKI', message: text });
    t.true(error.message.includes(config.pki[file] as string), error.message);
    t.notRegex(error.message, /\n/);
  });
}

test('certificates count only in their time', async (t) => {
  const { config } = await peerConfig(t);
  t.throws(() => readTls(config, now + YEAR_MS), { code: 'PKI', message: /peer\.crt expired on .*keelson up/ });
  t.throws(() => readTls(config, now - YEAR_MS), { code: 'PKI', message: /is valid only from .*clock/ });
});
