import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import { unary } from './call.ts';
import type { EtcdContext } from './context.ts';
import { etcdErrors } from './errors.ts';
import type { MembersAnswer } from './messages.ts';

/** Service Cluster: who the members are. Keelson's own commands change them, as a member is more than its store. */
export function clusterService(context: EtcdContext): UntypedServiceImplementation {
  const refuse = unary(context, async () => {
    throw etcdErrors.unimplemented('members are changed with "keelson member", not through this API');
  });
  return {
    MemberList: unary<{ linearizable: boolean }, MembersAnswer>(context, async ({ linearizable }) => {
      if (linearizable) await context.store.readBarrier();
      const members = context.members().map(({ id, name, peerUrl, clientUrl, isLearner }) => ({
        ID: id,
        name,
        peerURLs: [peerUrl],
        clientURLs: clientUrl === undefined ? [] : [clientUrl],
        isLearner,
      }));
      return { header: context.header(), members };
    }),
    MemberAdd: refuse,
    MemberRemove: refuse,
    MemberUpdate: refuse,
    MemberPromote: refuse,
  };
}
