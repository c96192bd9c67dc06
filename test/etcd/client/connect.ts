import { seededRandom, silentLogger, systemClock, systemRandom } from '../../../src/base/index.ts';
import { connectEtcdStore, type EtcdStore, type EtcdStoreOptions } from '../../../src/etcd/index.ts';

/** A store on an etcd without TLS, that leaves compaction to others. */
export function connect(servers: readonly string[], options: Partial<EtcdStoreOptions> = {}): Promise<EtcdStore> {
  return connectEtcdStore({
    servers,
    tls: undefined,
    prefix: '/keelson/',
    historyMs: 0,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    ...options,
  });
}

/** Keys have another prefix, so that tests share an etcd. */
export function freshPrefix(): string {
  return `/test-${++prefixes}/`;
}
let prefixes = 0;

/** A random number generator that says the same again and again, at first. */
export function repeating(times: number): EtcdStoreOptions['random'] {
  const random = seededRandom(1);
  let left = times;
  return { ...random, next: () => (left-- > 0 ? 0.5 : random.next()) };
}

export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 10));
}
