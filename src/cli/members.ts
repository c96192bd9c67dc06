import { KeelsonError } from '../base/index.ts';
import { MEMBERS_PATH, type MemberList, type MemberRequest } from '../peer/index.ts';
import { type Access, assertEmbeddedStore, call } from './access.ts';

/** What the leader says of the members, or any peer that answers while nobody leads. Throws NO_PEER, or ON_ETCD. */
export async function memberList(access: Access): Promise<MemberList> {
  const { list } = await findLeader(access);
  return list;
}

/** Has a membership change, or a hand-over, carried out; returns the members after it. Throws what the peer says. */
export async function changeMembers(access: Access, request: MemberRequest): Promise<MemberList> {
  const { server } = await findLeader(access);
  const { code, body } = await call(`${server}${MEMBERS_PATH}`, access.tls, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  });
  const answer = JSON.parse(body) as MemberList & { code: string; message: string };
  if (code !== 200) throw new KeelsonError(answer.code, answer.message);
  return answer;
}

/** The leader's server, else that of any peer that answers: it passes changes on. */
async function findLeader(access: Access): Promise<{ server: string; list: MemberList }> {
  assertEmbeddedStore(access, 'etcdctl member');
  const { servers, shape, tls } = access;
  const answers = await Promise.all(
    servers.map(async (server, i) => {
      const answer = await call(`${server}${MEMBERS_PATH}`, tls).catch(() => undefined);
      if (answer?.code !== 200) return [];
      return [{ id: shape.members[i]?.id, server, list: JSON.parse(answer.body) as MemberList }];
    }),
  );
  const alive = answers.flat();
  const found = alive.find(({ id, list }) => list.leader === id) ?? alive[0];
  if (found !== undefined) return found;
  throw new KeelsonError('NO_PEER', 'no peer of this cluster answers: start it with "keelson up"');
}
