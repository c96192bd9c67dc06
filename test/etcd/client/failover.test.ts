import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { errorCode } from '../../../src/base/index.ts';
import { createAuthority, issueCertificate } from '../../../src/peer/pki/certificates.ts';
import { prefixEnd } from '../../../src/store/index.ts';
import { temporaryDir } from '../../peer/temporary.ts';
import { bytes, text, Watching } from '../../store/helpers.ts';
import { etcdTest, startEtcdCluster } from '../../support/etcd-cluster.ts';
import { connect, until } from './connect.ts';

const all = { key: '', end: prefixEnd('') };

etcdTest('no acknowledged write is lost and no event missed while servers die and come back', async (t) => {
  const etcd = await startEtcdCluster({ servers: 3 });
  t.teardown(() => etcd.stop());
  const store = await connect(etcd.servers);
  t.teardown(() => store.close());
  const watching = new Watching(store, all);
  const acknowledged: string[] = [];
  let stop = false;
  const writing = (async () => {
    for (let i = 0; !stop; i++) {
      const key = `k${String(i).padStart(6, '0')}`;
      // Of one that fails the outcome is unknown.
      const done = await store.put(key, bytes('v')).then(
        () => true,
        (error) => {
          t.true(['UNAVAILABLE', 'TIMEOUT'].includes(errorCode(error) ?? ''), String(error));
          return false;
        },
      );
      if (done) acknowledged.push(key);
    }
  })();
  const someMore = (): Promise<void> => {
    const aim = acknowledged.length + 20;
    return until(() => acknowledged.length >= aim);
  };
  await someMore();
  for (const server of [0, 1, 2]) {
    await etcd.kill(server);
    await someMore();
    await etcd.restart(server);
    await someMore();
  }
  stop = true;
  await writing;
  const { kvs, revision } = await store.range(all);
  const found = new Set(kvs.map(({ key }) => key));
  for (const key of acknowledged) t.true(found.has(key), key);
  await store.readBarrier();
  t.true(watching.handle.revision >= revision);
  t.deepEqual(
    watching.batches.flatMap(({ events }) => events.map(({ kv }) => [kv.key, kv.modRevision])),
    kvs.map(({ key, modRevision }) => [key, modRevision]).sort((a, b) => Number(a[1]) - Number(b[1])),
  );
});

etcdTest('a server that freezes is left for another one', async (t) => {
  const etcd = await startEtcdCluster({ servers: 3 });
  t.teardown(() => etcd.stop());
  const store = await connect(etcd.servers, { timeoutMs: 3_000 });
  t.teardown(() => store.close());
  await store.put('k', bytes('v'));
  etcd.freeze(0);
  t.is(text((await store.range({ key: 'k', serializable: true })).kvs[0]?.value), 'v');
  await until(() =>
    store.put('k', bytes('w')).then(
      () => true,
      () => false,
    ),
  );
  etcd.thaw(0);
});

etcdTest('without a majority requests fail in time, and go on when it is back', async (t) => {
  const etcd = await startEtcdCluster({ servers: 3 });
  t.teardown(() => etcd.stop());
  const store = await connect(etcd.servers, { timeoutMs: 1_500 });
  t.teardown(() => store.close());
  const watching = new Watching(store, all);
  for (const server of [0, 1]) await etcd.kill(server);
  for (const attempt of [() => store.readBarrier(), () => store.put('k', bytes('v'))]) {
    const error = await t.throwsAsync(attempt());
    t.true(['UNAVAILABLE', 'TIMEOUT'].includes(errorCode(error) ?? ''), String(error));
    t.notRegex(String(error), /\n/);
  }
  await etcd.kill(2);
  await t.throwsAsync(store.readBarrier(), {
    code: 'UNAVAILABLE',
    message: /^no etcd server answers at 127\.0\.0\.1:\d+, .*: start them, or check --store$/,
  });
  for (const server of [0, 1, 2]) await etcd.restart(server);
  await until(() =>
    store.readBarrier().then(
      () => true,
      () => false,
    ),
  );
  const { revision } = await store.put('k', bytes('v'));
  await watching.untilRevision(revision);
});

etcdTest('with TLS the store shows its certificate, and trusts only its own authority', async (t) => {
  const now = Date.now();
  const [authority, other] = [await createAuthority('authority', now), await createAuthority('other', now)];
  const server = await issueCertificate(authority, { commonName: 'etcd', hosts: ['127.0.0.1'] }, now);
  const client = await issueCertificate(authority, { commonName: 'keelson' }, now);
  const stranger = await issueCertificate(other, { commonName: 'keelson' }, now);
  const dir = temporaryDir(t);
  const file = (name: string, pem: string): string => {
    writeFileSync(join(dir, name), pem);
    return join(dir, name);
  };
  const etcd = await startEtcdCluster({
    tls: { ca: file('ca', authority.cert), cert: file('cert', server.cert), key: file('key', server.key) },
  });
  t.teardown(() => etcd.stop());
  const store = await connect(etcd.servers, { tls: { ca: authority.cert, ...client }, timeoutMs: 10_000 });
  const { revision } = await store.put('k', bytes('v'));
  t.is((await store.range({ key: 'k' })).revision, revision);
  await store.close();
  for (const tls of [undefined, { ca: other.cert, ...client }, { ca: authority.cert, ...stranger }])
    await t.throwsAsync(connect(etcd.servers, { tls, timeoutMs: 300 }), { code: 'UNAVAILABLE' });
});

test('an etcd that is not there is told in one line', async (t) => {
  await t.throwsAsync(connect(['127.0.0.1:1'], { timeoutMs: 200 }), {
    code: 'UNAVAILABLE',
    message: 'no etcd server answers at 127.0.0.1:1: start them, or check --store',
  });
});
