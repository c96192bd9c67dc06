import type { EtcdMember } from '../etcd/index.ts';
import type { ClusterMember, Member } from '../replica/index.ts';
import type { LocalStore } from '../store/index.ts';
import type { MemberConfig } from './config.ts';
import type { PeerContext } from './context.ts';

/** Serves etcd's API when this peer has a port for it. Who does not use it does not load it. */
export async function serveEtcdApi(context: PeerContext, replica: ClusterMember, store: LocalStore): Promise<void> {
  const { config, self, tls, clock, logger, onStop } = context;
  if (self.etcdPort === undefined) return;
  const { startEtcdServer } = await import('../etcd/index.ts');
  const server = await startEtcdServer({
    store,
    replica,
    clusterId: config.clusterId,
    members: () => replica.members().map((member) => toEtcdMember(member, config.members)),
    host: self.host,
    port: self.etcdPort,
    tls,
    clock,
    logger: logger.child({ component: 'etcd' }),
  });
  onStop(() => server.close());
}

/** The ports of peers that came later are in no configuration but theirs. */
function toEtcdMember({ id, role, address }: Member, configured: readonly MemberConfig[]): EtcdMember {
  const { host, peerPort, etcdPort } = configured.find((member) => member.id === id) ?? {};
  return {
    id,
    name: `peer-${id}`,
    peerUrl: `https://${address ?? `${host}:${peerPort}`}`,
    clientUrl: etcdPort === undefined ? undefined : `https://${host}:${etcdPort}`,
    isLearner: role === 'learner',
  };
}
