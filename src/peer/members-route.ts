import { errors } from '../api/index.ts';
import { type Exchange, type Route, readBody, sendJson } from '../apiserver/index.ts';
import { errorMessage, KeelsonError } from '../base/index.ts';
import { type ClusterMember, parseAddress } from '../replica/index.ts';
import { isMemberRequest, MEMBERS_PATH, type MemberList, type MemberRequest } from './member-request.ts';

const MAX_REQUEST_BYTES = 4096;
const MASTERS = 'system:masters';

/** `/keelson/members`: who is in the cluster, and changes of that. For the cluster's administrators only, whatever RBAC says. */
export function membersRoute(replica: ClusterMember): Route {
  return async (exchange) => {
    const { info, request, user } = exchange;
    if (info.path !== MEMBERS_PATH) return false;
    if (!user.groups.includes(MASTERS)) {
      throw errors.forbidden({ group: '', resource: '' }, '', `membership is for the group ${MASTERS}`);
    }
    if (request.method === 'GET') await sendJson(exchange, 200, listOf(replica));
    else if (request.method === 'POST') await change(replica, exchange);
    else await sendJson(exchange, 405, { code: 'METHOD', message: 'only GET and POST are known here' });
    return true;
  };
}

function listOf(replica: ClusterMember): MemberList {
  return { leader: replica.status().leader, nextId: replica.nextId(), members: replica.members() };
}

async function change(replica: ClusterMember, exchange: Exchange): Promise<void> {
  try {
    await carryOut(replica, parse(await readBody(exchange.request, MAX_REQUEST_BYTES)));
  } catch (error) {
    if (!(error instanceof KeelsonError)) throw error;
    await sendJson(exchange, 409, { code: error.code, message: error.message });
    return;
  }
  await sendJson(exchange, 200, listOf(replica));
}

function parse(body: Buffer): MemberRequest {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch (error) {
    throw new KeelsonError('INVALID', `the body is no JSON: ${errorMessage(error)}`, { cause: error });
  }
  if (isMemberRequest(value)) return value;
  throw new KeelsonError('INVALID', 'the body is none of add, remove, promote and transfer with what each needs');
}

async function carryOut(replica: ClusterMember, request: MemberRequest): Promise<void> {
  const { action, id } = request;
  switch (action) {
    case 'add': {
      const { address, learner } = request;
      if (parseAddress(address) === undefined) {
        throw new KeelsonError('INVALID', `'${address}' is no address: write HOST:PORT`);
      }
      // Of a member it would change the address, or take its vote.
      if (replica.members().some((member) => member.id === id)) {
        throw new KeelsonError('ID_USED', `peer ${id} is a member already: leave the number out, or take a higher one`);
      }
      await replica.changeMembership([{ type: 'add-learner', peer: id, address, autoPromote: !learner }]);
      break;
    }
    case 'remove':
      await replica.changeMembership([{ type: 'remove', peer: id }]);
      break;
    case 'promote': {
      const member = replica.members().find((each) => each.id === id);
      if (member === undefined) throw new KeelsonError('NO_SUCH_PEER', `there is no member ${id}`);
      if (member.role !== 'learner') throw new KeelsonError('NOT_A_LEARNER', `peer ${id} votes already`);
      await replica.changeMembership([{ type: 'add-voter', peer: id }]);
      break;
    }
    case 'transfer':
      await replica.transferLeadership(id);
      break;
  }
}
