import { createReadStream, statSync } from 'node:fs';
import test from 'ava';
import { systemClock } from '../../src/base/index.ts';
import { readArchive } from '../../src/store/index.ts';
import { readSnapshot } from '../../src/store/snapshot.ts';
import { Etcdctl, testWithEtcdctl } from './etcdctl.ts';
import { type ServedPeer, servePeer } from './served-peer.ts';

/** Every command of etcd's own `etcdctl` that has a meaning here, unmodified. */
const command = testWithEtcdctl(test);

let peer: ServedPeer;
let etcdctl: Etcdctl;
test.before(async () => {
  peer = await servePeer();
  etcdctl = new Etcdctl([`https://127.0.0.1:${peer.server.port}`], { ca: peer.ca, ...peer.administrator });
});
test.after.always(async () => {
  etcdctl.remove();
  await peer.stop();
});

command('put, get and del', async (t) => {
  for (const [key, value] of [
    ['k/a', 'one'],
    ['k/b', 'two'],
    ['k/c', 'three'],
  ] as const)
    t.is(await etcdctl.out('put', key, value), 'OK');
  t.is(await etcdctl.out('put', '--prev-kv', 'k/a', 'uno'), 'OK\nk/a\none');
  t.is(await etcdctl.out('put', '--ignore-lease', 'k/a', 'eins'), 'OK');
  t.is(await etcdctl.out('get', 'k/a'), 'k/a\neins');
  t.is(await etcdctl.out('get', 'k/a', '--print-value-only', '--consistency=s'), 'eins');
  t.is(
    await etcdctl.out('get', 'k/', '--prefix', '--keys-only', '--order=DESCEND', '--sort-by=KEY', '--limit=2'),
    'k/c\n\nk/b',
  );
  t.is(await etcdctl.out('get', 'k/a', 'k/c', '--print-value-only'), 'eins\ntwo');
  t.is(await etcdctl.out('get', 'k/b', '--from-key', '--keys-only'), 'k/b\n\nk/c');
  const json = JSON.parse(await etcdctl.out('get', 'k/b', '-w', 'json')) as { kvs: { mod_revision: number }[] };
  t.is(await etcdctl.out('get', 'k/a', `--rev=${json.kvs[0]?.mod_revision}`, '--print-value-only'), 'one');
  t.is(await etcdctl.out('del', 'k/b', '--prev-kv'), '1\nk/b\ntwo');
  t.is(await etcdctl.out('del', 'k/', '--prefix'), '2');
  const failed = await etcdctl.run(['put', 'k/x', 'y', '--lease=123']);
  t.is(failed.code, 1);
  t.regex(failed.stderr, /etcdserver: requested lease not found/);
});

command('txn, compaction', async (t) => {
  await etcdctl.out('put', 't', 'old');
  const input = 'value("t") = "old"\nmod("t") > "0"\n\nput t new\nget t\n\nput t other\n\n';
  const { stdout } = await etcdctl.run(['txn'], { input });
  t.is(stdout, 'SUCCESS\n\nOK\n\nt\nnew\n');
  t.regex((await etcdctl.run(['txn'], { input })).stdout, /^FAILURE\n\nOK/);
  t.is(await etcdctl.out('get', 't', '--print-value-only'), 'other');
  t.regex(await etcdctl.out('compaction', '--physical', '3'), /compacted revision 3/);
  t.regex((await etcdctl.run(['get', 't', '--rev=2'])).stderr, /required revision has been compacted/);
});

command('watch: from now, from a revision, previous values, and a compacted one', async (t) => {
  await etcdctl.out('put', 'w/a', '1');
  const { header } = JSON.parse(await etcdctl.out('get', 'w/a', '-w', 'json')) as { header: { revision: number } };
  const past = etcdctl.start(['watch', 'w/', '--prefix', '--prev-kv', `--rev=${header.revision}`]);
  await past.until((stdout) => stdout.includes('w/a\n1\n'));
  await etcdctl.out('put', 'w/a', '2');
  await etcdctl.out('del', 'w/a');
  await past.until((stdout) => stdout.includes('DELETE'));
  t.is(past.stdout, 'PUT\nw/a\n1\nPUT\nw/a\n1\nw/a\n2\nDELETE\nw/a\n2\nw/a\n\n');
  past.interrupt();
  await past.ended;
  t.regex((await etcdctl.run(['watch', 'w/', '--rev=1'])).stderr, /compacted/);
});

command('lease grant, timetolive, keep-alive, list and revoke', async (t) => {
  const [, id] = /lease (\w+) granted with TTL\(300s\)/.exec(await etcdctl.out('lease', 'grant', '300')) ?? [];
  t.truthy(id);
  await etcdctl.out('put', 'leased', 'x', `--lease=${id}`);
  t.regex(
    await etcdctl.out('lease', 'timetolive', id as string, '--keys'),
    /granted with TTL\(300s\).*attached keys\(\[leased\]\)/,
  );
  t.regex(await etcdctl.out('lease', 'keep-alive', '--once', id as string), /keepalived with TTL\(300\)/);
  t.regex(await etcdctl.out('lease', 'list'), new RegExp(`${id}`));
  t.regex(await etcdctl.out('lease', 'revoke', id as string), /revoked/);
  t.is(await etcdctl.out('get', 'leased'), '');
  t.regex(await etcdctl.out('lease', 'timetolive', id as string), /already expired/);
});

command('lock runs a command while it holds the lock; a second one waits', async (t) => {
  const holder = etcdctl.start(['lock', 'mutex']);
  await holder.until((stdout) => stdout.includes('mutex/'));
  const second = etcdctl.start(['lock', 'mutex', '--', 'echo', 'in']);
  while ((await peer.store.range({ key: 'mutex/', end: 'mutex0', countOnly: true })).count < 2)
    await peer.store.readBarrier();
  t.is(second.stdout, '');
  holder.interrupt();
  await holder.ended;
  t.deepEqual(await second.ended.then(({ code, stdout }) => [code, stdout]), [0, 'in\n']);
});

command('elect: one leads, another listens', async (t) => {
  const leader = etcdctl.start(['elect', 'office', 'me']);
  await leader.until((stdout) => stdout.includes('me\n'));
  const listener = etcdctl.start(['elect', '--listen', 'office']);
  await listener.until((stdout) => stdout.includes('me\n'));
  for (const each of [listener, leader]) {
    each.interrupt();
    await each.ended;
  }
  t.pass();
});

command('endpoint status, health and hashkv; member list; alarm; defrag', async (t) => {
  const [row] = JSON.parse(await etcdctl.out('endpoint', 'status', '-w', 'json')) as {
    Status: { leader: number; header: { member_id: number } };
  }[];
  t.is(row?.Status.leader, 1);
  t.is(row?.Status.header.member_id, 1);
  t.regex((await etcdctl.run(['endpoint', 'health'])).stderr, /is healthy/);
  const hash = await etcdctl.out('endpoint', 'hashkv');
  t.regex(hash, /, \d+$/);
  t.is(await etcdctl.out('endpoint', 'hashkv'), hash);
  await etcdctl.out('put', 'changes', 'it');
  t.not(await etcdctl.out('endpoint', 'hashkv'), hash);
  t.regex(
    await etcdctl.out('member', 'list'),
    /^1, started, peer-1, https:\/\/127\.0\.0\.1:1, https:\/\/127\.0\.0\.1:\d+, false$/,
  );
  t.is(await etcdctl.out('alarm', 'list'), '');
  t.is(await etcdctl.out('alarm', 'disarm'), '');
  t.regex(await etcdctl.out('defrag'), /Finished defragmenting/);
});

command('members are not changed here, and it says where', async (t) => {
  for (const args of [
    ['member', 'add', 'x', '--peer-urls=https://127.0.0.1:9'],
    ['member', 'remove', '1'],
    ['member', 'update', '1', '--peer-urls=https://127.0.0.1:9'],
    ['member', 'promote', '1'],
  ]) {
    const { code, stderr } = await etcdctl.run(args);
    t.is(code, 1);
    t.regex(stderr, /members are changed with "keelson member"/);
  }
});

command('snapshot save: a whole file, from which the store comes back', async (t) => {
  await etcdctl.out('put', 'saved', 'yes');
  const file = etcdctl.path('snapshot');
  await etcdctl.out('snapshot', 'save', file);
  // etcd's tools take this for the sign of a whole file.
  t.is(statSync(file).size % 512, 32);
  const { keyspace } = await readSnapshot(readArchive(createReadStream(file)), systemClock);
  t.is(keyspace.get('saved')?.value, 'yes');
  t.is(keyspace.revision, peer.store.local.revision);
  const cut = readArchive(createReadStream(file, { end: statSync(file).size - 513 }));
  await t.throwsAsync(readSnapshot(cut, systemClock), { code: 'SNAPSHOT_CORRUPT' });
});

command('make-mirror copies to another cluster', async (t) => {
  const other = await servePeer();
  t.teardown(() => other.stop());
  await etcdctl.out('put', 'mirrored/a', '1');
  const certificate = { cacert: other.ca, cert: other.administrator.cert, key: other.administrator.key };
  const destination = new Etcdctl([`https://127.0.0.1:${other.server.port}`], { ...certificate, ca: other.ca });
  t.teardown(() => destination.remove());
  const mirror = etcdctl.start([
    ...['make-mirror', '--prefix', 'mirrored/', '--dest-cacert', destination.path('ca')],
    ...['--dest-cert', destination.path('cert'), '--dest-key', destination.path('key')],
    `https://127.0.0.1:${other.server.port}`,
  ]);
  const copied = async (): Promise<number> =>
    (await other.store.range({ key: 'mirrored/', end: 'mirrored0', countOnly: true })).count;
  while ((await copied()) < 1) await new Promise((resolve) => setTimeout(resolve, 10));
  await etcdctl.out('put', 'mirrored/b', '2');
  while ((await copied()) < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  mirror.interrupt();
  await mirror.ended;
  t.pass();
});
