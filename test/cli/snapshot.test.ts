import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { call } from '../../src/cli/access.ts';
import { connectStore, type Store } from '../../src/store/index.ts';
import { freePorts, type RealCluster, startCluster } from '../support/cluster.ts';
import { type Ended, isOneLineError, run, temporaryDir } from './keelson.ts';

async function succeeds(t: ExecutionContext, args: string[], text: RegExp): Promise<Ended> {
  const ended = await run(args);
  t.like(ended, { code: 0, stderr: '' });
  t.regex(ended.stdout, text);
  return ended;
}

async function withStore<T>({ servers, tls }: RealCluster, use: (store: Store) => Promise<T>): Promise<T> {
  const store = await connectStore({ urls: servers, tls });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

async function objectNames({ servers, tls }: RealCluster, path: string): Promise<string[]> {
  const { body } = await call(`${servers[0]}${path}`, tls);
  return (JSON.parse(body) as { items: { metadata: { name: string } }[] }).items.map(({ metadata }) => metadata.name);
}

test('a cluster is saved, lost, and made anew from the file, with other peers', async (t) => {
  const dir = temporaryDir(t);
  const file = join(dir, 'backup.db');
  const first = await startCluster({ peers: 1 });
  let revision = 0;
  try {
    await withStore(first, async (store) => {
      for (let i = 0; i < 300; i++) await store.put(`backup/${i}`, Buffer.alloc(1000, `${i}`));
      await store.delete('backup/7');
      const { id } = await store.leaseGrant({ ttl: 3600 });
      revision = (await store.put('backup/leased', Buffer.from('x'), { lease: id })).revision;
    });
    const namespace = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kept' } });
    const created = await call(`${first.servers[0]}/api/v1/namespaces`, first.tls, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: namespace,
    });
    t.is(created.code, 201);
    await succeeds(t, ['snapshot', 'save', file, '--data-dir', first.dataDir], /^saved revision \d+ to /);
    t.is(statSync(file).mode & 0o777, 0o600);
    t.deepEqual(readdirSync(dir), ['backup.db']);
    const tls = { ca: first.tls.ca, ...peerPair(first) };
    t.is((await call(`${first.servers[0]}/keelson/snapshot`, tls)).code, 403);
  } finally {
    await first.stop();
  }

  const { stdout } = await succeeds(t, ['snapshot', 'status', file, '--json'], /^\{/);
  const info = JSON.parse(stdout) as { revision: number; keys: number; leases: number };
  t.true(info.revision >= revision);
  t.true(info.keys > 300);
  t.true(info.leases >= 1);
  await succeeds(t, ['snapshot', 'status', file], /HASH +REVISION +KEYS +LEASES +BYTES\n[0-9a-f]{8} /);

  const dataDir = join(dir, 'restored');
  const port = await freePorts();
  const restore = ['snapshot', 'restore', file, '--data-dir', dataDir, '--port', String(port), '--mode', 'rootless'];
  await succeeds(t, restore, /^cluster .* of 3 peers made in /);
  isOneLineError(t, await run(restore), /holds a cluster already/);
  const second = await startCluster({ dataDir, port });
  try {
    await withStore(second, async (store) => {
      const { kvs, revision: now } = await store.range({ key: 'backup/', end: 'backup0' });
      t.is(kvs.length, 300);
      t.deepEqual(Buffer.from(kvs.find(({ key }) => key === 'backup/8')!.value), Buffer.alloc(1000, '8'));
      t.true(now > info.revision + 1_000_000, 'no revision means two things');
      const { lease } = kvs.find(({ key }) => key === 'backup/leased')!;
      t.deepEqual((await store.leaseTimeToLive(lease)).keys, ['backup/leased']);
      const ended = Promise.withResolvers<Error>();
      store.watch({ key: 'backup/', end: 'backup0', fromRevision: revision, listener() {}, onEnd: ended.resolve });
      t.is(((await ended.promise) as Error & { code: string }).code, 'COMPACTED');
      await store.put('backup/new', Buffer.from('y'));
    });
    t.true((await objectNames(second, '/api/v1/namespaces')).includes('kept'));
    // Each of the peers began with it.
    second.kill(1);
    await withStore(second, async (store) =>
      t.is((await store.range({ key: 'backup/', end: 'backup0' })).kvs.length, 301),
    );
  } finally {
    await second.stop();
  }
});

function peerPair({ dataDir }: RealCluster): { cert: string; key: string } {
  const read = (name: string): string => readFileSync(join(dataDir, 'peer-1', name), 'utf8');
  return { cert: read('peer.crt'), key: read('peer.key') };
}

test('files that are no whole snapshot, and places that are no place', async (t) => {
  const dir = temporaryDir(t);
  const file = join(dir, 'bad.db');
  const dataDir = join(dir, 'data');
  for (const content of ['', 'hello', Buffer.alloc(2000), Buffer.alloc(512 + 32, 1)]) {
    writeFileSync(file, content);
    isOneLineError(t, await run(['snapshot', 'status', file]), /bad\.db: .*(damaged|not a whole snapshot)/);
  }
  isOneLineError(
    t,
    await run(['snapshot', 'restore', file, '--data-dir', dataDir]),
    /bad\.db: .*(damaged|not a whole snapshot)/,
  );
  t.false(existsSync(dataDir));
  isOneLineError(t, await run(['snapshot', 'status', join(dir, 'none')]), /none can't be used: ENOENT/);
  isOneLineError(t, await run(['snapshot', 'save', file, '--data-dir', dataDir]), /no cluster in /);
  t.deepEqual(readdirSync(dir), ['bad.db']);
});
