import type { EtcdMember } from '../etcd/index.ts';
import type { Replica } from '../replica/index.ts';
import type { LocalStore } from '../store/index.ts';
import type { MemberConfig } from './config.ts';
import type { PeerContext } from './context.ts';

/** Serves etcd's API when this peer has a port for it. Who does not use it does not load it. */
export async function serveEtcdApi(context: PeerContext, replica: Replica, store: LocalStore): Promise<void> {
  const { config, self, tls, clock, logger, onStop } = context;
  if (self.etcdPort === undefined) return;
  const { startEtcdServer } = await import('../etcd/index.ts');
  const members = config.members.map(toEtcdMember);
  const server = await startEtcdServer({
    store,
    replica,
    clusterId: config.clusterId,
    members: () => members,
    host: self.host,
    port: self.etcdPort,
    tls,
    clock,
    logger: logger.child({ component: 'etcd' }),
  });
  onStop(() => server.close());
}

function toEtcdMember({ id, host, peerPort, etcdPort }: MemberConfig): EtcdMember {
  const urlOf = (port: number): string => `https://${host}:${port}`;
  return {
    id,
    name: `peer-${id}`,
    peerUrl: urlOf(peerPort),
    clientUrl: etcdPort === undefined ? undefined : urlOf(etcdPort),
  };
}
