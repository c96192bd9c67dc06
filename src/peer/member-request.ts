import type { Member } from '../replica/index.ts';

export const MEMBERS_PATH = '/keelson/members';

/** The answer to `GET /keelson/members`. */
export interface MemberList {
  /** Who leads; 0 when unknown. */
  leader: number;
  /** The number for the next member. */
  nextId: number;
  members: Member[];
}

/** The body of `POST /keelson/members`. */
export type MemberRequest =
  /** Becomes a voter once it has caught up, unless it is to stay a learner. `address`: its Raft port, as HOST:PORT. */
  | { action: 'add'; id: number; address: string; learner: boolean }
  | { action: 'remove'; id: number }
  | { action: 'promote'; id: number }
  /** Asked of the leader. Without an id: to whoever holds most of the log. */
  | { action: 'transfer'; id?: number };

/** Whether a value from outside is a request. */
export function isMemberRequest(value: unknown): value is MemberRequest {
  if (typeof value !== 'object' || value === null) return false;
  const { action, id, address, learner } = value as Record<string, unknown>;
  const isId = Number.isSafeInteger(id) && (id as number) > 0;
  switch (action) {
    case 'add':
      return isId && typeof address === 'string' && typeof learner === 'boolean';
    case 'remove':
    case 'promote':
      return isId;
    case 'transfer':
      return id === undefined || isId;
    default:
      return false;
  }
}
