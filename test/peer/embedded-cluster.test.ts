import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import { resources } from '../../src/api/index.ts';
import { startCluster } from '../../src/peer/index.ts';
import { freePorts } from '../support/cluster.ts';
import { processesIn, processesLeftIn } from '../support/processes.ts';
import { temporaryDir } from './temporary.ts';

const namespace = (name: string): { apiVersion: string; kind: string; metadata: { name: string } } => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name },
});

test('a cluster in memory serves as three peers, goes on without one, and leaves nothing', async (t) => {
  let folder: string;
  {
    await using cluster = await startCluster({ peers: 3, inMemory: true });
    folder = dirname(cluster.kubeconfig);
    t.is(new Set(cluster.servers).size, 3);
    t.true(readFileSync(cluster.kubeconfig, 'utf8').includes(cluster.servers[2]!));
    await cluster.store.put('greeting', Buffer.from('hello'));
    const { kvs } = await cluster.peers[1]!.store.range({ key: 'greeting' });
    t.is(Buffer.from(kvs[0]?.value ?? []).toString(), 'hello');

    const leader = cluster.peers.findIndex((peer) => peer.status().role === 'leader');
    await cluster.peers[leader]!.stop({ workloads: true });
    const survivor = cluster.peers[(leader + 1) % 3]!;
    await survivor.client.create(resources.namespaces, namespace('after'));
    const other = cluster.peers[(leader + 2) % 3]!;
    await other.store.readBarrier();
    t.is((await other.client.get(resources.namespaces, undefined, 'after')).metadata.name, 'after');
  }
  t.false(existsSync(folder));
});

test('workloads of a cluster in memory run, and end with it', async (t) => {
  const cluster = await startCluster({ peers: 1, inMemory: true });
  const folder = dirname(cluster.kubeconfig);
  const container = { name: 'sleeper', image: 'host', command: ['sleep', '3600'] };
  await cluster.client.create(resources.pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'sleeper', namespace: 'default' },
    spec: { containers: [container] },
  } as never);
  while (processesIn(folder).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  await cluster.stop();
  await cluster.stop();
  t.deepEqual(await processesLeftIn(folder), []);
});

test('a cluster in a data directory goes on where it stopped', async (t) => {
  const dataDir = join(temporaryDir(t), 'data');
  const port = await freePorts();
  const first = await startCluster({ peers: 1, dataDir, port });
  await first.client.create(resources.namespaces, namespace('kept'));
  await first.stop();
  await using second = await startCluster({ dataDir });
  t.deepEqual(second.servers, [`https://127.0.0.1:${port}`]);
  t.is((await second.client.get(resources.namespaces, undefined, 'kept')).metadata.name, 'kept');
  await t.throwsAsync(startCluster({ dataDir, peers: 2 }), { code: 'DATA_DIR_MISMATCH' });
  await t.throwsAsync(startCluster({ dataDir }), { code: 'DATA_LOCKED' });
});

test('a cluster is either in memory or in a directory', async (t) => {
  await t.throwsAsync(startCluster({ inMemory: true, dataDir: 'anywhere' }), { code: 'CONFIG_INVALID' });
});
