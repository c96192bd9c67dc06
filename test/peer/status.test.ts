import test from 'ava';
import { metricsOf, type PeerStatus } from '../../src/peer/status.ts';

const status = {
  peerId: 1,
  clusterId: 'c',
  role: 'leader',
  term: 1,
  leader: 1,
  commit: 1,
  applied: 1,
  revision: 1,
  space: { used: 10, quota: 100, full: false },
  members: [1],
  mode: 'rootless',
  pods: 0,
} satisfies PeerStatus;

test('what room there is stands among the metrics', (t) => {
  const { space } = status;
  const valuesOf = (text: string): string[] => text.split('\n').filter((line) => /^keelson/.test(line));
  t.deepEqual(valuesOf(metricsOf(status)), [
    'keelson_store_used_bytes 10',
    'keelson_store_quota_bytes 100',
    'keelson_store_full 0',
  ]);
  const full = { ...status, space: { ...space, full: true }, disk: { free: 5, reserve: 6, low: true } };
  t.deepEqual(valuesOf(metricsOf(full)).slice(2), [
    'keelson_store_full 1',
    'keelson_disk_free_bytes 5',
    'keelson_disk_low 1',
  ]);
  t.deepEqual(valuesOf(metricsOf({ ...status, space: undefined })), []);
  for (const line of metricsOf(full).trimEnd().split('\n')) t.regex(line, /^(# TYPE \w+ gauge|\w+ \d+)$/);
});
