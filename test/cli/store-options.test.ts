import { resolve } from 'node:path';
import test from 'ava';
import { Command } from 'commander';
import { addStoreOptions, type StoreOptions, storeOf } from '../../src/cli/store-options.ts';

function parse(...args: string[]): ReturnType<typeof storeOf> {
  const command = addStoreOptions(new Command()).exitOverride();
  return storeOf(command.parse(args, { from: 'user' }).opts<StoreOptions>());
}

test('the store is the embedded one unless etcd is asked for', (t) => {
  t.is(parse(), undefined);
  t.deepEqual(parse('--store', 'etcd://a:1', '--store-prefix', '/x/', '--store-ca', 'ca.crt'), {
    url: 'etcd://a:1',
    prefix: '/x/',
    historySeconds: 300,
    ca: resolve('ca.crt'),
    cert: undefined,
    key: undefined,
  });
});

test('options that make no sense are refused', (t) => {
  const code = 'CONFIG_INVALID';
  t.throws(() => parse('--store-ca', 'x'), { code, message: '--store-ca is for clusters on etcd: give --store too' });
  t.throws(() => parse('--store', 'a:1'), { code, message: /etcd:\/\/HOST/ });
  t.throws(() => parse('--store', 'etcd://a', '--store-key', 'x'), { code, message: /belong together/ });
});
