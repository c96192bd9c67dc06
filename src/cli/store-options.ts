import type { Command } from 'commander';
import { KeelsonError } from '../base/index.ts';
import { type EtcdStoreConfig, etcdStoreCheck, etcdStoreDefaults, resolveFiles } from '../peer/index.ts';

/** What `--store` and those that go with it say. */
export interface StoreOptions {
  store?: string;
  storePrefix?: string;
  storeCa?: string;
  storeCert?: string;
  storeKey?: string;
}

/** Lets a command have its cluster stand on etcd. */
export function addStoreOptions(command: Command): Command {
  return command
    .option('--store <url>', 'stand on an etcd cluster: etcd://host:port,host:port,…')
    .option('--store-prefix <prefix>', `of all its keys there (default: ${etcdStoreDefaults.prefix})`)
    .option('--store-ca <file>', 'who signed the certificates of its servers (PEM)')
    .option('--store-cert <file>', 'a certificate to show to them (PEM)')
    .option('--store-key <file>', 'the key of that certificate (PEM)');
}

/** The store that was asked for; undefined: none. Relative paths start at the working directory. Throws CONFIG_INVALID. */
export function storeOf(options: StoreOptions): EtcdStoreConfig | undefined {
  const { store: url, storePrefix: prefix, storeCa: ca, storeCert: cert, storeKey: key } = options;
  const rest = { prefix, ca, cert, key };
  if (url !== undefined)
    return resolveFiles(etcdStoreCheck({ url, ...rest }, 'store') as EtcdStoreConfig, process.cwd());
  const [stray] = Object.entries(rest).filter(([, value]) => value !== undefined);
  if (stray === undefined) return undefined;
  throw new KeelsonError('CONFIG_INVALID', `--store-${stray[0]} is for clusters on etcd: give --store too`);
}
