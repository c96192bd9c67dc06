import { type ServiceError, status } from '@grpc/grpc-js';
import test from 'ava';
import { servePeer } from './served-peer.ts';

test('a full store is told as etcd tells it, and raises an alarm that clears itself', async (t) => {
  const peer = await servePeer({ quotaBytes: 50_000 });
  t.teardown(() => peer.stop());
  const put = (key: string) => peer.raw.call('KV.Put', { key: Buffer.from(key), value: Buffer.alloc(20_000) });
  const alarms = async () => (await peer.raw.call('Maintenance.Alarm', {})).alarms;
  await put('a');
  t.deepEqual(await alarms(), []);
  await put('b');
  await put('c');
  const { code, message } = await t.throwsAsync<ServiceError>(put('d'));
  t.is(code, status.RESOURCE_EXHAUSTED);
  t.regex(message, /etcdserver: mvcc: database space exceeded/);
  const [alarm, ...others] = await alarms();
  t.is(Number(alarm.memberID), 1);
  t.is(alarm.alarm, 1, 'NOSPACE');
  t.is(others.length, 0);
  await peer.raw.call('KV.DeleteRange', { key: Buffer.from('a') });
  const { header } = await peer.raw.call('KV.DeleteRange', { key: Buffer.from('b') });
  await peer.raw.call('KV.Compact', { revision: Number(header.revision) });
  t.deepEqual(await alarms(), []);
  await put('d');
});
