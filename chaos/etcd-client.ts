import { silentLogger, systemClock, systemRandom } from '../src/base/index.ts';
import { connectEtcdStore, type EtcdStoreOptions } from '../src/etcd/index.ts';
import type { Store } from '../src/store/index.ts';
import type { Network } from './network/network.ts';

/** Of the clients' keys: the same store may have other users. */
const PREFIX = '/chaos/';

/** A client that comes by etcd's API, whosever it is. History is left alone: what compacts it is part of the run. */
export function connectByEtcdApi(
  network: Network,
  ids: readonly number[],
  { tls, timeoutMs }: Pick<EtcdStoreOptions, 'tls' | 'timeoutMs'>,
): Promise<Store> {
  return connectEtcdStore({
    servers: ids.map((id) => `${network.address(id).host}:${network.address(id).etcdPort}`),
    tls,
    timeoutMs,
    prefix: PREFIX,
    historyMs: 0,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
  });
}
