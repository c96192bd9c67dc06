import { status } from '@grpc/grpc-js';
import test from 'ava';
import { createAuthority, issueCertificate } from '../../src/peer/pki/certificates.ts';
import { Incoming, RawClient, servePeer } from './served-peer.ts';

const KEY = { key: Buffer.from('a') };

test('only administrators of this cluster are served', async (t) => {
  const peer = await servePeer();
  t.teardown(() => peer.stop());
  const address = `127.0.0.1:${peer.server.port}`;
  const stranger = new RawClient(address, peer.ca, peer.stranger);
  for (const method of ['KV.Range', 'Maintenance.Status', 'Cluster.MemberList'])
    await t.throwsAsync(stranger.call(method, KEY), { message: /PERMISSION_DENIED: etcdserver: permission denied/ });
  await t.throwsAsync(new Incoming(stranger.open('Watch.Watch')).next(), { message: /permission denied/ });
  const elsewhere = await createAuthority('elsewhere', Date.now());
  const foreign = await issueCertificate(
    elsewhere,
    { commonName: 'admin', organizations: ['system:masters'] },
    Date.now(),
  );
  for (const client of [new RawClient(address, peer.ca, foreign), new RawClient(address)]) {
    const error = await t.throwsAsync<Error & { code: status }>(client.call('KV.Range', KEY));
    t.is(error.code, status.UNAVAILABLE);
    client.close();
  }
  t.is((await peer.raw.call('KV.Range', KEY)).kvs.length, 0);
  stranger.close();
});

test('who insists on a leader is told when there is none; what needs none is answered', async (t) => {
  // Two of the three never start.
  const peer = await servePeer({ members: [1, 2, 3] });
  t.teardown(() => peer.stop());
  const insisting = { hasleader: 'true' };
  const expected = { message: /UNAVAILABLE: etcdserver: no leader/ };
  await t.throwsAsync(peer.raw.call('KV.Range', { ...KEY, serializable: true }, insisting), expected);
  await t.throwsAsync(new Incoming(peer.raw.open('Watch.Watch', undefined, insisting)).next(), expected);
  t.is((await peer.raw.call('KV.Range', { ...KEY, serializable: true })).kvs.length, 0);
});

test('a port that is taken is named', async (t) => {
  const peer = await servePeer();
  t.teardown(() => peer.stop());
  await t.throwsAsync(servePeer({ port: peer.server.port }), { code: 'PORT_BUSY', message: /for the etcd API/ });
});
