import type { Replica } from '../replica/index.ts';
import type { LocalStore } from '../store/index.ts';

export const STATUS_PATH = '/keelson/status';

/** What a peer says of itself at `/keelson/status`. */
export interface PeerStatus {
  peerId: number;
  clusterId: string;
  role: string;
  term: number;
  /** 0 when unknown. */
  leader: number;
  commit: number;
  applied: number;
  revision: number;
  members: readonly number[];
  mode: string;
  /** Pods that this node's kubelet runs. */
  pods: number;
}

export function peerStatusOf(
  clusterId: string,
  replica: Replica,
  store: LocalStore,
  node: { mode: string; pods: number },
): PeerStatus {
  const { id, role, term, leader, commit, applied, members } = replica.status();
  return {
    peerId: id,
    clusterId,
    role,
    term,
    leader,
    commit,
    applied,
    revision: store.local.revision,
    members,
    ...node,
  };
}
