import type { StoreStatus } from '../../store/index.ts';
import type { Int64, MembersAnswer, StatusAnswer } from '../messages.ts';
import { type Decoded, toNumber } from './answers.ts';
import type { Method } from './connection.ts';

type Read = <Answer>(method: Method, request: object) => Promise<Decoded<Answer>>;

/**
 * What etcd says of itself. Its members' ids are of 64 bits, more than a number holds: here they are numbered from 1 on, in the
 * order of their ids.
 */
export async function clusterStatus(
  read: Read,
): Promise<Pick<StoreStatus, 'leader' | 'term' | 'peerId' | 'members' | 'raftIndex' | 'raftApplied'>> {
  const [status, { members }] = await Promise.all([
    read<StatusAnswer>('Maintenance.Status', {}),
    read<MembersAnswer>('Cluster.MemberList', {}),
  ]);
  const ids = members.map(({ ID }) => BigInt(String(ID))).sort((a, b) => (a < b ? -1 : 1));
  /** 0: none, or unknown. */
  const numberOf = (id: Int64 | undefined): number => ids.indexOf(BigInt(String(id ?? 0))) + 1;
  return {
    leader: numberOf(status.leader),
    term: toNumber(status.raftTerm),
    peerId: numberOf(status.header.memberId),
    members: ids.map((_, i) => i + 1),
    raftIndex: toNumber(status.raftIndex),
    raftApplied: toNumber(status.raftAppliedIndex),
  };
}
