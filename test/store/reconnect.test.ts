import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import { WebSocketServer } from 'ws';
import { KeelsonError, seededRandom } from '../../src/base/index.ts';
import { connectStore, createMemoryStore, prefixEnd, type Store } from '../../src/store/index.ts';
import { createAuthority } from '../support/certificates.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';
import { bytes, text, Watching } from './helpers.ts';
import { startStoreServer } from './wire-subject.ts';

test('watches go on over one connection after another, exactly once', async (t) => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  t.log(`seed ${seed}`);
  const random = seededRandom(seed);
  const store = createMemoryStore();
  const servers = [await startStoreServer(store), await startStoreServer(store)];
  const client = await connectStore({ urls: servers.map(({ url }) => url) });
  const { revision } = await store.status();
  const watches = [
    new Watching(client, { key: 'a/', end: prefixEnd('a/') }),
    new Watching(client, { key: 'a/1', previous: true }),
  ];
  await client.readBarrier();
  const written: number[][] = [[], []];
  for (let i = 0; i < 400; i++) {
    const key = `a/${i % 3}`;
    const put = await store.put(key, bytes(String(i)));
    written[0]!.push(put.revision);
    if (key === 'a/1') written[1]!.push(put.revision);
    if (random.next() < 0.1) servers[Math.floor(random.next() * 2)]!.disconnect();
    if (random.next() < 0.3) await settle(1);
  }
  for (const [i, watching] of watches.entries()) {
    await watching.untilRevision(written[i]!.at(-1)!);
    t.deepEqual(watching.revisions, written[i]);
    t.is(watching.handle.revision, written[i]!.at(-1)!);
  }
  t.true(watches[0]!.revisions[0]! > revision);
  await client.close();
  for (const server of servers) await server.close();
});

test('a watch that was cut because its reader was slow goes on by itself', async (t) => {
  const store = createMemoryStore();
  const server = await startStoreServer(store, { limits: { maxBufferedBytes: 50_000 } });
  const client = await connectStore({ urls: [server.url] });
  const watching = new Watching(client, { key: 'k' });
  await client.readBarrier();
  const { modRevision } = (await store.range({ key: 'k' })).kvs[0] ?? { modRevision: 1 };
  const puts = await Promise.all(Array.from({ length: 500 }, () => store.put('k', Buffer.alloc(1000))));
  await watching.untilRevision(puts.at(-1)!.revision);
  t.deepEqual(
    watching.revisions,
    puts.map((_, i) => modRevision + 1 + i),
  );
  await client.close();
  await server.close();
});

test('a watch whose revisions are gone when it comes back ends with COMPACTED', async (t) => {
  const store = createMemoryStore();
  const server = await startStoreServer(store);
  const client = await connectStore({ urls: [server.url] });
  const watching = new Watching(client, { key: 'k' });
  const first = await client.put('k', bytes('1'));
  await watching.untilRevision(first.revision);
  server.disconnect();
  await store.put('k', bytes('2'));
  const { revision } = await store.put('k', bytes('3'));
  await store.compact(revision);
  const error = (await watching.ended) as KeelsonError & { compactRevision: number };
  t.deepEqual([error.code, error.compactRevision], ['COMPACTED', revision]);
  t.is(watching.handle.revision, first.revision);
  await client.close();
  await server.close();
});

test('a lost connection leaves writes unknown and repeats reads', async (t) => {
  const store = createMemoryStore();
  const server = await startStoreServer(store);
  const client = await connectStore({ urls: [server.url] });
  await client.put('k', bytes('v'));
  const stuck = Promise.withResolvers<never>();
  const { put, range } = store;
  let ranges = 0;
  store.put = () => stuck.promise;
  store.range = (request) => (++ranges === 1 ? stuck.promise : range.call(store, request));
  const write = client.put('k', bytes('w'));
  const read = client.range({ key: 'k' });
  while (ranges === 0) await settle(1);
  server.disconnect();
  await t.throwsAsync(write, { code: 'UNAVAILABLE', message: /unknown/ });
  t.is(text((await read).kvs[0]!.value), 'v');
  store.put = put;
  t.true((await client.put('k', bytes('x'))).revision > 0);
  await client.close();
  await server.close();
});

test('a read that was half answered starts over', async (t) => {
  const store = createMemoryStore();
  for (let i = 0; i < 200; i++) await store.put(`k${1000 + i}`, Buffer.alloc(3000));
  const server = await startStoreServer(store);
  const client = await connectStore({ urls: [server.url] });
  const { range } = store;
  let pages = 0;
  store.range = (request) => {
    if (++pages === 3) server.disconnect();
    return range.call(store, request);
  };
  const { kvs, count } = await client.range({ key: 'k', end: 'l' });
  t.is(count, 200);
  t.deepEqual(
    kvs.map(({ key }) => key),
    Array.from({ length: 200 }, (_, i) => `k${1000 + i}`),
  );
  t.true(pages > 3);
  await client.close();
  await server.close();
});

test('a peer that stops is left for another one', async (t) => {
  const stores = [createMemoryStore(), createMemoryStore()];
  const servers = await Promise.all(stores.map((store) => startStoreServer(store)));
  await stores[1]!.put('k', bytes('from the second'));
  const client = await connectStore({ urls: servers.map(({ url }) => url) });
  const watching = new Watching(client, { key: 'other', fromRevision: 1 });
  await client.readBarrier();
  await stores[0]!.close();
  t.is(text((await client.range({ key: 'k' })).kvs[0]!.value), 'from the second');
  const { revision } = await stores[1]!.put('other', bytes('v'));
  await watching.untilRevision(revision);
  await client.close();
  for (const server of servers) await server.close();
});

test('a peer that only times out is left for another one', async (t) => {
  const store = createMemoryStore();
  const cutOff = createMemoryStore();
  cutOff.put = () => Promise.reject(new KeelsonError('TIMEOUT', 'no quorum'));
  const servers = [await startStoreServer(cutOff), await startStoreServer(store)];
  const client = await connectStore({ urls: servers.map(({ url }) => url) });
  for (let i = 0; i < 3; i++) await t.throwsAsync(client.put('k', bytes('v')), { code: 'TIMEOUT' });
  t.true((await client.put('k', bytes('v'))).revision > 0);
  t.is((await store.range({ key: 'k' })).count, 1);
  await client.close();
  for (const server of servers) await server.close();
});

test('without any peer requests fail after a while', async (t) => {
  const store = createMemoryStore();
  const server = await startStoreServer(store);
  const clock = new FakeClock();
  const client = await connectStore({ urls: [server.url], clock, timeoutMs: 3000 });
  await server.close();
  await t.throwsAsync(probe(client, clock), { code: 'UNAVAILABLE', message: /can not connect to http:.*ECONNREFUSED/ });
  const again = await startStoreServer(store, { port: Number(new URL(server.url).port) });
  const put = client.put('k', bytes('v'));
  while ((await store.range({ key: 'k' })).count === 0) await clock.advance(100);
  t.true((await put).revision > 0);
  await client.close();
  await again.close();
  await t.throwsAsync(connectStore({ urls: [server.url], timeoutMs: 50 }), { code: 'UNAVAILABLE' });
  await t.throwsAsync(connectStore({ urls: [] }), { code: 'INVALID' });
});

/** A read, with time going by until it is answered. */
async function probe(client: Store, clock: FakeClock): Promise<void> {
  let done = false;
  const read = client.readBarrier().finally(() => {
    done = true;
  });
  read.catch(() => {});
  while (!done) await clock.advance(100);
  return read;
}

test('a server that refuses, or is none, is named', async (t) => {
  const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1', verifyClient: () => false });
  await once(sockets, 'listening');
  const url = `http://127.0.0.1:${(sockets.address() as AddressInfo).port}`;
  await t.throwsAsync(connectStore({ urls: [url], timeoutMs: 1000 }), { code: 'UNAVAILABLE', message: /status 401/ });
  sockets.close();
});

test('a server that does not answer pings is left', async (t) => {
  const clock = new FakeClock();
  const store = createMemoryStore();
  const [first, second] = [await startStoreServer(store), await startStoreServer(store)];
  const client = await connectStore({ urls: [first.url, second.url], clock, pingMs: 1000 });
  const [socket] = first.sockets.clients;
  socket!.pause();
  await clock.advance(2000);
  t.true((await client.put('k', bytes('v'))).revision > 0);
  t.is(second.sockets.clients.size, 1);
  await client.close();
  await first.close();
  await second.close();
});

test('it all works over TLS with certificates on both sides', async (t) => {
  const authority = await createAuthority();
  const [server, client, stranger] = [
    await authority.issue('localhost'),
    await authority.issue('client'),
    await (await createAuthority()).issue('stranger'),
  ];
  const store = createMemoryStore();
  const tls = { ca: server.ca, cert: server.certificate, key: server.key, requestCert: true, rejectUnauthorized: true };
  const listening = await startStoreServer(store, { tls });
  const urls = [listening.url];
  const remote = await connectStore({ urls, tls: { ca: client.ca, cert: client.certificate, key: client.key } });
  const value = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i & 0xff));
  await remote.put('k', value);
  t.true(Buffer.from((await remote.range({ key: 'k' })).kvs[0]!.value).equals(value));
  await t.throwsAsync(
    connectStore({ urls, tls: { ca: client.ca, cert: stranger.certificate, key: stranger.key }, timeoutMs: 100 }),
    { code: 'UNAVAILABLE' },
  );
  await t.throwsAsync(connectStore({ urls, tls: { ca: stranger.ca }, timeoutMs: 100 }), { code: 'UNAVAILABLE' });
  await remote.close();
  await listening.close();
});
