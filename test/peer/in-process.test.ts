import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { resources } from '../../src/api/index.ts';
import { silentLogger } from '../../src/base/index.ts';
import { layOutCluster, planShape } from '../../src/peer/cluster-files.ts';
import { loadPeerConfig, type MemberConfig, type PeerConfig } from '../../src/peer/config.ts';
import { clusterPaths } from '../../src/peer/data-dir.ts';
import { startPeer } from '../../src/peer/index.ts';
import { freePorts } from '../support/cluster.ts';
import { temporaryDir } from './temporary.ts';

/** The configuration of a cluster's only peer. */
async function onlyPeer(t: ExecutionContext): Promise<PeerConfig> {
  const paths = clusterPaths(join(temporaryDir(t), 'data'));
  await layOutCluster(paths, planShape({ peers: 1, port: await freePorts() }), Date.now());
  return await loadPeerConfig(paths.peer(1).config);
}

const memberOf = ({ members }: PeerConfig): MemberConfig => members[0] as MemberConfig;

async function listen(t: ExecutionContext, port: number): Promise<Server> {
  const server = createServer().listen(port, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  return server;
}

test('a peer runs in the program that embeds it, and keeps its data from start to start', async (t) => {
  const config = await onlyPeer(t);
  const first = await startPeer({ config, logger: silentLogger });
  t.is(first.port, memberOf(config).apiPort);
  await first.store.readBarrier();
  t.like(first.status(), { peerId: 1, clusterId: config.clusterId, role: 'leader', members: [1] });
  const { space, disk } = first.status();
  t.is(space?.quota, 2 * 1024 ** 3);
  t.true(disk!.free > 0);
  await first.store.put('greeting', Buffer.from('hello'));
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kept' } };
  await first.client.create(resources.namespaces, namespace);
  await first.stop();

  const second = await startPeer({ config, logger: silentLogger });
  const { kvs } = await second.store.range({ key: 'greeting' });
  t.is(Buffer.from(kvs[0]?.value ?? []).toString(), 'hello');
  t.is((await second.client.get(resources.namespaces, undefined, 'kept')).metadata.name, 'kept');
  await second.stop({ workloads: true });
});

test('a peer writes requests down as its audit policy says, and does not start with one that it can not read', async (t) => {
  const config = await onlyPeer(t);
  const policyFile = join(config.dataDir, 'policy.yaml');
  const logFile = join(config.dataDir, 'audit.log');
  const audit = { policyFile, logFile, maxSizeMegabytes: 1, maxBackups: 1, maxAgeDays: 0 };
  const audited: PeerConfig = { ...config, api: { audit } };
  await t.throwsAsync(startPeer({ config: audited, logger: silentLogger }), { code: 'CONFIG_INVALID' });
  writeFileSync(policyFile, 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{ level: Metadata }]');
  const peer = await startPeer({ config: audited, logger: silentLogger });
  await new Promise((resolve) => {
    get({ host: '127.0.0.1', port: peer.port, path: '/api/v1/pods', rejectUnauthorized: false }, (response) =>
      response.resume().on('close', resolve),
    );
  });
  await peer.stop({ workloads: true });
  const [event] = readFileSync(logFile, 'utf8').trim().split('\n');
  t.like(JSON.parse(event!), { kind: 'Event', requestURI: '/api/v1/pods', responseStatus: { code: 401 } });
});

test('a peer does not start with a key for tokens that is none', async (t) => {
  const config = await onlyPeer(t);
  writeFileSync(config.pki.serviceAccountKey!, 'nonsense');
  const error = await t.throwsAsync(startPeer({ config, logger: silentLogger }), { code: 'PKI' });
  t.true(error.message.includes(config.pki.serviceAccountKey!));
});

test('two peers do not share a data directory', async (t) => {
  const config = await onlyPeer(t);
  const peer = await startPeer({ config, logger: silentLogger });
  await t.throwsAsync(startPeer({ config, logger: silentLogger }), { code: 'DATA_LOCKED' });
  t.truthy(await peer.store.status());
  await peer.stop();
});

for (const which of ['apiPort', 'peerPort'] as const) {
  test(`a peer whose ${which} is taken does not start, and leaves nothing open`, async (t) => {
    const config = await onlyPeer(t);
    const taken = await listen(t, memberOf(config)[which]);
    await t.throwsAsync(startPeer({ config, logger: silentLogger }), {
      code: 'PORT_BUSY',
      message: /in use by another process: stop that, or change it in the configuration$/,
    });
    taken.close();
    await once(taken, 'close');
    const peer = await startPeer({ config, logger: silentLogger });
    await peer.stop();
  });
}

test('a peer does not touch a store that is not its own', async (t) => {
  const config = await onlyPeer(t);
  const peer = await startPeer({ config, logger: silentLogger });
  await peer.stop();
  await t.throwsAsync(startPeer({ config: { ...config, clusterId: 'another' }, logger: silentLogger }), {
    code: 'DATA_FOREIGN',
  });
  const file = join(temporaryDir(t), 'file');
  writeFileSync(file, '');
  await t.throwsAsync(startPeer({ config: { ...config, dataDir: file }, logger: silentLogger }), { code: 'DATA_DIR' });
  t.true(existsSync(file));
});

test('a peer keeps to the quota in its configuration', async (t) => {
  const config = { ...(await onlyPeer(t)), storeQuotaBytes: 1 };
  const peer = await startPeer({ config, logger: silentLogger });
  await peer.store.put('first', Buffer.from('x')).catch(() => {});
  await t.throwsAsync(peer.store.put('second', Buffer.from('x')), { code: 'NO_SPACE' });
  t.true(peer.status().space?.full);
  await peer.stop();
});

test('a peer keeps the reserve in its configuration free', async (t) => {
  const config = { ...(await onlyPeer(t)), diskReserveBytes: Number.MAX_SAFE_INTEGER };
  const peer = await startPeer({ config, logger: silentLogger });
  await t.throwsAsync(peer.store.put('first', Buffer.from('x')), { code: 'NO_SPACE' });
  await peer.store.readBarrier();
  t.true(peer.status().disk!.low);
  await peer.stop();
});
