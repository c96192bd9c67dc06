import { status } from '@grpc/grpc-js';
import test from 'ava';
import { type Answer, type ServedPeer, servePeer } from './served-peer.ts';

let peer: ServedPeer;
test.before(async () => {
  peer = await servePeer();
});
test.after.always(() => peer.stop());

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const call = (method: string, request: object): Promise<Answer> => peer.raw.call(method, request);
const put = (key: string, value: string): Promise<Answer> => call('KV.Put', { key: bytes(key), value: bytes(value) });
const keys = ({ kvs }: Answer): string[] => kvs.map((kv: Answer) => kv.key.toString());

test.serial('npm etcd3: put, get, delete, prefixes, transactions, a namespace', async (t) => {
  const { etcd3 } = peer;
  await etcd3.put('greeting').value('hello');
  t.is(await etcd3.get('greeting').string(), 'hello');
  t.is(await etcd3.get('nothing').string(), null);
  const space = etcd3.namespace('app/');
  await Promise.all(['b', 'a', 'c'].map((name) => space.put(name).value(name.toUpperCase())));
  t.deepEqual(await space.getAll().strings(), { a: 'A', b: 'B', c: 'C' });
  t.deepEqual(await space.getAll().sort('Key', 'Descend').limit(2).keys(), ['c', 'b']);
  const { succeeded } = await etcd3
    .if('greeting', 'Value', '==', 'hello')
    .then(etcd3.put('greeting').value('bye'))
    .else(etcd3.delete().key('greeting'))
    .commit();
  t.true(succeeded);
  t.is(await etcd3.get('greeting').string(), 'bye');
  t.is((await space.delete().all()).deleted, '3');
});

test.serial('npm etcd3: watches, leases, locks and elections', async (t) => {
  const { etcd3 } = peer;
  const watcher = await etcd3.watch().prefix('watched/').create();
  const seen = new Promise<string[]>((resolve) => {
    const events: string[] = [];
    watcher.on('put', (kv) => events.push(`+${kv.key}=${kv.value}`));
    watcher.on('delete', (kv) => {
      events.push(`-${kv.key}`);
      resolve(events);
    });
  });
  const lease = etcd3.lease(30);
  await lease.put('watched/a').value('1');
  await lease.revoke();
  t.deepEqual(await seen, ['+watched/a=1', '-watched/a']);
  await watcher.cancel();
  const order: string[] = [];
  await Promise.all(
    ['one', 'two'].map((who) =>
      etcd3
        .lock('lock')
        .do(async () => {
          order.push(`${who} in`);
          await new Promise((resolve) => setImmediate(resolve));
          order.push(`${who} out`);
        })
        .catch(() => order.push(`${who} refused`)),
    ),
  );
  t.true(order.some((line) => line.endsWith('out')));
  const campaign = etcd3.election('election').campaign('me');
  await new Promise((resolve) => campaign.once('elected', resolve));
  t.is(await etcd3.election('election').leader(), 'me');
  await campaign.resign();
});

test.serial(
  'range: sorted by anything, bounded by revisions, limited, keys or count only, at a revision',
  async (t) => {
    for (const [key, value] of [
      ['r/a', '3'],
      ['r/b', '1'],
      ['r/c', '2'],
      ['r/a', '4'],
    ] as const)
      await put(key, value);
    const all = { key: bytes('r/'), rangeEnd: bytes('r0') };
    const [a, b, c] = (await call('KV.Range', all)).kvs;
    t.deepEqual([a.version.toNumber(), b.version.toNumber()], [2, 1]);
    t.deepEqual(keys(await call('KV.Range', { ...all, sortTarget: 4 })), ['r/b', 'r/c', 'r/a']);
    t.deepEqual(keys(await call('KV.Range', { ...all, sortTarget: 3, sortOrder: 2 })), ['r/a', 'r/c', 'r/b']);
    t.deepEqual(keys(await call('KV.Range', { ...all, sortOrder: 2, limit: 1 })), ['r/c']);
    const bounded = await call('KV.Range', { ...all, minModRevision: c.modRevision, limit: 1 });
    t.deepEqual([keys(bounded), bounded.more, bounded.count.toNumber()], [['r/a'], true, 3]);
    const bare = await call('KV.Range', { ...all, sortTarget: 4, keysOnly: true });
    t.deepEqual([keys(bare), bare.kvs[0].value.length], [['r/b', 'r/c', 'r/a'], 0]);
    const counted = await call('KV.Range', { ...all, countOnly: true });
    t.deepEqual([counted.kvs, counted.count.toNumber()], [[], 3]);
    const earlier = await call('KV.Range', { key: bytes('r/a'), revision: c.modRevision });
    t.is(earlier.kvs[0].value.toString(), '3');
    t.true(keys(await call('KV.Range', { key: bytes('r/b'), rangeEnd: bytes('\0') })).includes('r/c'));
    t.deepEqual(keys(await call('KV.Range', { key: bytes('r/c'), rangeEnd: bytes('r/a') })), []);
  },
);

/** What is asked, and what etcd says: clients compare both code and text. */
const refused: [title: string, method: string, request: object, code: status, details: string][] = [
  ['a read of no key', 'KV.Range', {}, status.INVALID_ARGUMENT, 'etcdserver: key is not provided'],
  [
    'an unknown order',
    'KV.Range',
    { key: bytes('a'), sortOrder: 9 },
    status.INVALID_ARGUMENT,
    'etcdserver: invalid sort option',
  ],
  ['a put of no key', 'KV.Put', { value: bytes('x') }, status.INVALID_ARGUMENT, 'etcdserver: key is not provided'],
  [
    'a value to be ignored',
    'KV.Put',
    { key: bytes('a'), value: bytes('x'), ignoreValue: true },
    status.INVALID_ARGUMENT,
    'etcdserver: value is provided',
  ],
  [
    'a lease to be ignored',
    'KV.Put',
    { key: bytes('a'), lease: 1, ignoreLease: true },
    status.INVALID_ARGUMENT,
    'etcdserver: lease is provided',
  ],
  [
    'the value of a key that is not there',
    'KV.Put',
    { key: bytes('absent'), ignoreValue: true },
    status.INVALID_ARGUMENT,
    'etcdserver: key not found',
  ],
  [
    'a lease that is not there',
    'KV.Put',
    { key: bytes('a'), lease: 12_345 },
    status.NOT_FOUND,
    'etcdserver: requested lease not found',
  ],
  [
    'a future revision',
    'KV.Range',
    { key: bytes('a'), revision: 1_000_000 },
    status.OUT_OF_RANGE,
    'etcdserver: mvcc: required revision is a future revision',
  ],
  [
    'a key written twice',
    'KV.Txn',
    { success: [{ requestPut: { key: bytes('a') } }, { requestPut: { key: bytes('a') } }] },
    status.INVALID_ARGUMENT,
    'etcdserver: duplicate key given in txn request',
  ],
  [
    'too many operations',
    'KV.Txn',
    { success: Array.from({ length: 129 }, (_, i) => ({ requestPut: { key: bytes(`k${i}`) } })) },
    status.INVALID_ARGUMENT,
    'etcdserver: too many operations in txn request',
  ],
  ['an operation that is none', 'KV.Txn', { success: [{}] }, status.INVALID_ARGUMENT, 'etcdserver: key not found'],
  [
    'too large a value',
    'KV.Put',
    { key: bytes('a'), value: Buffer.alloc(1_600_000) },
    status.INVALID_ARGUMENT,
    'etcdserver: request is too large',
  ],
  [
    'a compaction of the future',
    'KV.Compact',
    { revision: 1_000_000 },
    status.OUT_OF_RANGE,
    'etcdserver: mvcc: required revision is a future revision',
  ],
  ['a lease to revoke', 'Lease.LeaseRevoke', { ID: 999 }, status.NOT_FOUND, 'etcdserver: requested lease not found'],
  [
    'too long a lease',
    'Lease.LeaseGrant',
    { TTL: 9_000_000_001 },
    status.OUT_OF_RANGE,
    'etcdserver: too large lease TTL',
  ],
  [
    'a stranger as leader',
    'Maintenance.MoveLeader',
    { targetID: 77 },
    status.FAILED_PRECONDITION,
    'etcdserver: bad leader transferee',
  ],
];
for (const [title, method, request, code, details] of refused) {
  test.serial(`refused as by etcd: ${title}`, async (t) => {
    const error = await t.throwsAsync<Error & { code: status; details: string }>(call(method, request));
    t.deepEqual([error.code, error.details], [code, details]);
  });
}

test.serial('a message beyond the limit is refused before it is read whole', async (t) => {
  const error = await t.throwsAsync<Error & { code: status }>(
    call('KV.Put', { key: bytes('a'), value: Buffer.alloc(3_000_000) }),
  );
  t.is(error.code, status.RESOURCE_EXHAUSTED);
});

test.serial('compaction: older revisions are gone, for reads and for a second compaction', async (t) => {
  const { header } = await put('compacted', '1');
  await put('compacted', '2');
  const revision = header.revision.toNumber() + 1;
  await call('KV.Compact', { revision, physical: true });
  for (const again of [
    call('KV.Range', { key: bytes('compacted'), revision: revision - 1 }),
    call('KV.Compact', { revision }),
  ]) {
    const error = await t.throwsAsync<Error & { code: status; details: string }>(again);
    t.is(error.code, status.OUT_OF_RANGE);
    t.is(error.details, 'etcdserver: mvcc: required revision has been compacted');
  }
});
