import test from 'ava';
import { parseStoreUrl } from '../../src/peer/etcd-store-config.ts';

test("the servers of a store's URL have a port each, etcd's own by default", (t) => {
  t.deepEqual(parseStoreUrl('etcd://10.0.0.1:1234'), ['10.0.0.1:1234']);
  t.deepEqual(parseStoreUrl('etcd://a.example,b-2:2380,[::1]:4/'), ['a.example:2379', 'b-2:2380', '[::1]:4']);
});

test('what is no such URL is told so', (t) => {
  const wrong = [
    '',
    'etcd://',
    'a:1',
    'http://a',
    'etcd://a/b',
    'etcd://a,',
    'etcd://a:0',
    'etcd://a:65536',
    'etcd://a b',
  ];
  for (const url of [...wrong, 'etcd://::1', 'etcd://user@a', 'etcd://a:x', `etcd://${' '.repeat(10_000)}`]) {
    const error = t.throws(() => parseStoreUrl(url), { code: 'CONFIG_INVALID' }, url);
    t.regex(error.message, /^the store's URL must be "etcd:\/\/HOST:PORT,HOST:PORT,…", not ".{0,100}"$/);
  }
});
