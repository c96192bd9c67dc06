import test from 'ava';
import { WatchCounts } from '../../../src/apiserver/flow-control/watch-counts.ts';
import { type Counts, workOf } from '../../../src/apiserver/flow-control/work.ts';
import { requestInfoOf } from '../../../src/apiserver/request-info.ts';

const counts = (objects: number, watches: number): Counts => ({ objects: () => objects, watches: () => watches });
const work = (method: string, target: string, of: Counts) => {
  const [path = '', query] = target.split('?');
  return workOf(requestInfoOf(method, path, query?.includes('watch') ?? false), new URLSearchParams(query), of);
};
const pods = '/api/v1/namespaces/default/pods';

test('a list is as wide as its objects, up to its limit', (t) => {
  t.deepEqual(work('GET', pods, counts(0, 0)), { seats: 1 });
  t.deepEqual(work('GET', pods, counts(1_001, 99)), { seats: 11 });
  t.deepEqual(work('GET', `${pods}?limit=250`, counts(1_001, 0)), { seats: 3 });
  t.deepEqual(work('GET', `${pods}/a`, counts(1_001, 0)), { seats: 1 });
});

test('a write is as wide as those who watch, from ten on; of what nobody hears, one seat', (t) => {
  for (const [method, target] of [
    ['POST', pods],
    ['PUT', `${pods}/a`],
    ['PATCH', `${pods}/a/status`],
    ['DELETE', `${pods}/a`],
  ] as const) {
    t.deepEqual(work(method, target, counts(5_000, 9)), { seats: 1 }, target);
    t.deepEqual(work(method, target, counts(5_000, 25)), { seats: 3, seatMsAfter: 15 }, target);
  }
  const leases = '/apis/coordination.k8s.io/v1/namespaces/a/leases/b';
  t.deepEqual(work('PUT', leases, counts(0, 1_000)), { seats: 1 });
  t.deepEqual(work('POST', '/api/v1/namespaces/a/serviceaccounts/b/token', counts(0, 1_000)), { seats: 1 });
  t.deepEqual(work('POST', '/api/v1/namespaces/a/serviceaccounts', counts(0, 1_000)), {
    seats: 100,
    seatMsAfter: 500,
  });
  t.deepEqual(work('GET', '/version', counts(0, 1_000)), { seats: 1 });
  t.deepEqual(work('GET', `${pods}?watch=1`, counts(0, 1_000)), { seats: 1, limitMs: 60_000 });
});

test('those hear of a write who watch all, its namespace, or the object', (t) => {
  const watches = new WatchCounts();
  const at = (namespace: string | undefined, name = '') => ({ group: '', resource: 'pods', namespace, name });
  t.is(watches.interested(at('a', 'x')), 0);
  const ends = [at(undefined), at('a'), at('a'), at('b'), at('a', 'x'), at('a', 'y')].map((one) => watches.begin(one));
  watches.begin({ ...at('a'), group: 'other' });
  t.is(watches.interested(at('a', 'x')), 4);
  t.is(watches.interested(at('a', 'z')), 3);
  t.is(watches.interested(at('a')), 3);
  t.is(watches.interested(at('c', 'x')), 1);
  t.is(watches.interested(at(undefined)), 1);
  for (const end of [...ends, ...ends]) end();
  t.is(watches.interested(at('a', 'x')), 0);
});
