import { X509Certificate } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  type ClusterShape,
  changeCluster,
  checkShape,
  findCluster,
  layOutCluster,
  planShape,
  readShape,
  refreshCluster,
  withEtcdPort,
  withStore,
} from '../../src/peer/cluster-files.ts';
import { loadPeerConfig } from '../../src/peer/config.ts';
import { type ClusterPaths, clusterPaths } from '../../src/peer/data-dir.ts';
import { type EtcdStoreConfig, etcdStoreCheck } from '../../src/peer/etcd-store-config.ts';
import { readTls } from '../../src/peer/tls.ts';
import { temporaryDir } from './temporary.ts';

const now = Date.UTC(2030, 0, 1);
const DAY_MS = 24 * 60 * 60 * 1_000;

async function layOut(t: ExecutionContext): Promise<{ paths: ClusterPaths; shape: ClusterShape }> {
  const paths = clusterPaths(join(temporaryDir(t), 'data'));
  const shape = planShape({ peers: 2, port: 7000 });
  await layOutCluster(paths, shape, now);
  return { paths, shape };
}

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

test('a plan has three peers by default, each with ports of its own, and a shared one', (t) => {
  const { members, sharedApiPort, mode } = planShape({});
  t.deepEqual(
    members.map(({ id, apiPort, peerPort }) => [id, apiPort, peerPort]),
    [
      [1, 6443, 7443],
      [2, 6444, 7444],
      [3, 6445, 7445],
    ],
  );
  t.is(sharedApiPort, 7442);
  t.is(mode, 'auto');
  t.not(planShape({}).clusterId, planShape({}).clusterId);
});

test('the etcd API has ports where it is asked for, also of a cluster that is there', async (t) => {
  const portsOf = ({ members }: ClusterShape): unknown[] => members.map(({ etcdPort }) => etcdPort);
  t.deepEqual(portsOf(planShape({})), [undefined, undefined, undefined]);
  t.deepEqual(portsOf(planShape({ etcdPort: 2379 })), [2379, 2380, 2381]);
  t.throws(() => planShape({ etcdPort: 6444 }), { code: 'CONFIG_INVALID', message: /127\.0\.0\.1:6444 twice/ });
  const { paths, shape } = await layOut(t);
  const changed = withEtcdPort(shape, 9000);
  changeCluster(paths, changed);
  t.deepEqual(readShape(paths), changed);
  const { members } = await loadPeerConfig(paths.peer(2).config);
  t.deepEqual(portsOf({ ...shape, members }), [9000, 9001]);
});

test('the addresses of Services may be chosen once', async (t) => {
  const paths = clusterPaths(join(temporaryDir(t), 'data'));
  const shape = planShape({ peers: 1, serviceCIDR: '10.0.0.0/24' });
  await layOutCluster(paths, shape, now);
  t.deepEqual(findCluster(paths), shape);
  const config = await loadPeerConfig(paths.peer(1).config);
  t.is(config.serviceCIDR, '10.0.0.0/24');
  t.true(new X509Certificate(readFileSync(config.pki.cert)).subjectAltName?.includes('10.0.0.1'));
  t.notThrows(() => checkShape(shape, { serviceCIDR: '10.0.0.0/24' }, paths.root));
  t.throws(() => checkShape(shape, { serviceCIDR: '10.1.0.0/24' }, paths.root), {
    code: 'DATA_DIR_MISMATCH',
    message: /made with --service-cidr 10\.0\.0\.0\/24, not 10\.1\.0\.0\/24: leave --service-cidr out/,
  });
});

test('a laid-out directory is a cluster whose peers can read all they need', async (t) => {
  const { paths, shape } = await layOut(t);
  t.deepEqual(findCluster(paths), shape);
  t.deepEqual(readdirSync(paths.root).sort(), ['cluster.json', 'kubeconfig', 'peer-1', 'peer-2', 'pki']);
  for (const { id } of shape.members) {
    const config = await loadPeerConfig(paths.peer(id).config);
    t.like(config, { clusterId: shape.clusterId, peerId: id, dataDir: paths.peer(id).dir });
    t.notThrows(() => readTls(config, now));
  }
});

test('keys, kubeconfig and directories are the owner’s alone', async (t) => {
  const { paths } = await layOut(t);
  const { pki, peer } = paths;
  for (const dir of [paths.root, pki.dir, peer(1).dir]) t.is(modeOf(dir), '700', dir);
  for (const file of [pki.caKey, pki.clientKey, peer(1).key, peer(2).key, paths.kubeconfig, paths.cluster])
    t.is(modeOf(file), '600', file);
});

test('a directory may be moved', async (t) => {
  const { paths, shape } = await layOut(t);
  const moved = clusterPaths(`${paths.root}-moved`);
  renameSync(paths.root, moved.root);
  const config = await loadPeerConfig(moved.peer(2).config);
  t.is(config.dataDir, moved.peer(2).dir);
  t.notThrows(() => readTls(config, now));
  t.deepEqual(readShape(moved), shape);
});

test('an empty or missing directory may be laid out, and one whose layout was interrupted', async (t) => {
  const root = temporaryDir(t);
  t.is(findCluster(clusterPaths(root)), undefined);
  t.is(findCluster(clusterPaths(join(root, 'missing'))), undefined);
  const paths = clusterPaths(root);
  mkdirSync(paths.pki.dir);
  // Of a process that is gone.
  writeFileSync(paths.layout, '4194304999\n');
  t.is(findCluster(paths), undefined);
  await layOutCluster(paths, planShape({ peers: 1 }), now);
  t.not(findCluster(paths), undefined);
  t.false(readdirSync(root).some((name) => name.includes('layout')));
});

test('two processes do not lay out one directory at once', async (t) => {
  const paths = clusterPaths(temporaryDir(t));
  writeFileSync(paths.layout, `${process.ppid}\n`);
  const error = await t.throwsAsync(layOutCluster(paths, planShape({ peers: 1 }), now), { code: 'ALREADY_RUNNING' });
  t.true(error.message.includes(`process ${process.ppid} `));
  t.deepEqual(readdirSync(paths.root), ['cluster.json.layout']);
});

test('a stranger’s directory is left alone', (t) => {
  const paths = clusterPaths(temporaryDir(t));
  writeFileSync(join(paths.root, 'thesis.doc'), '');
  const error = t.throws(() => findCluster(paths), { code: 'DATA_FOREIGN' });
  t.true(error.message.includes('"thesis.doc"'));
  const file = clusterPaths(join(paths.root, 'thesis.doc'));
  t.throws(() => findCluster(file), { code: 'DATA_DIR' });
  t.throws(() => readShape(file), { code: 'NO_CLUSTER' });
});

test('a lost cluster.json is not made anew over what is there', async (t) => {
  const { paths } = await layOut(t);
  rmSync(paths.cluster);
  const error = t.throws(() => findCluster(paths), { code: 'DATA_FOREIGN' });
  t.true(error.message.includes(paths.cluster));
  t.throws(() => readShape(paths), { code: 'NO_CLUSTER' });
});

test('a damaged or foreign cluster.json is said to be so', async (t) => {
  const { paths, shape } = await layOut(t);
  const broken = [
    '',
    '{',
    'null',
    '[]',
    '{"name":"my app"}',
    JSON.stringify({ ...shape, members: [] }),
    JSON.stringify({ ...shape, members: [shape.members[0], shape.members[0]] }),
    JSON.stringify({ ...shape, sharedApiPort: 'x' }),
  ];
  for (const content of broken) {
    writeFileSync(paths.cluster, content);
    const error = t.throws(() => findCluster(paths), { code: 'DATA_FOREIGN' }, content);
    t.true(error?.message.startsWith(`${paths.cluster} is damaged or not Keelson's (`), error?.message);
  }
});

test('what is asked for must be what is there', async (t) => {
  const { paths, shape } = await layOut(t);
  for (const asked of [{}, { peers: 2 }, { port: 7000, mode: 'auto' as const }])
    t.notThrows(() => checkShape(shape, asked, paths.root));
  for (const [asked, text] of [
    [{ peers: 3 }, '--peers 2, not 3'],
    [{ port: 6443 }, '--port 7000, not 6443'],
    [{ mode: 'rootless' as const }, '--mode auto, not rootless'],
  ] as const) {
    const error = t.throws(() => checkShape(shape, asked, paths.root), { code: 'DATA_DIR_MISMATCH' });
    t.true(error.message.includes(text), error.message);
  }
});

test('files that follow from others come back, and nothing else changes', async (t) => {
  const { paths, shape } = await layOut(t);
  const read = (): string[] =>
    [paths.kubeconfig, paths.peer(2).config, paths.peer(1).cert].map((path) => readFileSync(path, 'utf8'));
  const before = read();
  rmSync(paths.kubeconfig);
  rmSync(paths.peer(2).config);
  await refreshCluster(paths, shape, now + 300 * DAY_MS);
  t.deepEqual(read(), before);
});

test('a cluster from before there were service account tokens gets their key, and its peers are told', async (t) => {
  const { paths, shape } = await layOut(t);
  rmSync(paths.pki.tokenKey);
  const { pki, ...config } = JSON.parse(readFileSync(paths.peer(1).config, 'utf8'));
  const { serviceAccountKey: _, ...before } = pki;
  writeFileSync(paths.peer(1).config, JSON.stringify({ ...config, pki: before }));
  await refreshCluster(paths, shape, now);
  t.is((await loadPeerConfig(paths.peer(1).config)).pki.serviceAccountKey, paths.pki.tokenKey);
  t.is(statSync(paths.pki.tokenKey).mode & 0o777, 0o600);
  const key = readFileSync(paths.pki.tokenKey, 'utf8');
  await refreshCluster(paths, shape, now);
  t.is(readFileSync(paths.pki.tokenKey, 'utf8'), key);
});

test('certificates are renewed before they end, under the same authority', async (t) => {
  const { paths, shape } = await layOut(t);
  const later = now + 360 * DAY_MS;
  const ca = readFileSync(paths.pki.caCert, 'utf8');
  await refreshCluster(paths, shape, later);
  t.is(readFileSync(paths.pki.caCert, 'utf8'), ca);
  for (const path of [paths.pki.clientCert, paths.peer(1).cert, paths.peer(2).cert])
    t.true(Date.parse(new X509Certificate(readFileSync(path)).validTo) > later + 300 * DAY_MS, path);
  const admin = readFileSync(paths.pki.clientCert).toString('base64');
  t.true(readFileSync(paths.kubeconfig, 'utf8').includes(admin), 'the kubeconfig has the new one');
  const config = await loadPeerConfig(paths.peer(1).config);
  t.notThrows(() => readTls(config, later));
});

test('an authority that has ended, or a certificate that is lost, stops the start', async (t) => {
  const { paths, shape } = await layOut(t);
  await t.throwsAsync(refreshCluster(paths, shape, now + 4_000 * DAY_MS), { code: 'PKI', message: /has expired/ });
  rmSync(paths.peer(2).cert);
  const error = await t.throwsAsync(refreshCluster(paths, shape, now), { code: 'PKI' });
  t.true(error.message.includes(paths.peer(2).cert));
});

test('a cluster on etcd keeps to its prefix, but may find etcd elsewhere', async (t) => {
  const store = (given: object): EtcdStoreConfig => etcdStoreCheck(given, 'store') as EtcdStoreConfig;
  const paths = clusterPaths(join(temporaryDir(t), 'data'));
  const shape = planShape({ peers: 1, store: store({ url: 'etcd://a', historySeconds: 7 }) });
  t.throws(() => withEtcdPort(shape, 2379), { code: 'CONFIG_INVALID' });
  await layOutCluster(paths, shape, now);
  t.deepEqual(readShape(paths), shape);
  t.like((await loadPeerConfig(paths.peer(1).config)).store, {
    url: 'etcd://a',
    prefix: '/keelson/',
    historySeconds: 7,
  });
  const moved = store({ url: 'etcd://b' });
  t.notThrows(() => checkShape(shape, { store: moved }, 'd'));
  t.notThrows(() => checkShape(shape, {}, 'd'));
  changeCluster(paths, withStore(shape, moved));
  t.like((await loadPeerConfig(paths.peer(1).config)).store, { url: 'etcd://b', historySeconds: 7 });
  const mismatch = {
    code: 'DATA_DIR_MISMATCH',
    message: /^d holds a cluster made with --store-prefix \/keelson\/, which/,
  };
  t.throws(() => checkShape(shape, { store: store({ url: 'etcd://a', prefix: '/x/' }) }, 'd'), mismatch);
  t.throws(() => checkShape(planShape({}), { store: moved }, 'd'), {
    code: 'DATA_DIR_MISMATCH',
    message: /^d holds a cluster made with the embedded store, which can't be changed/,
  });
});
