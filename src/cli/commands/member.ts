import { relative } from 'node:path';
import type { Command } from 'commander';
import { KeelsonError, systemClock } from '../../base/index.ts';
import { addToCluster, dropFromCluster, livePid, type MemberConfig, type MemberList } from '../../peer/index.ts';
import { type Access, call, openAccess } from '../access.ts';
import { changeMembers, memberList } from '../members.ts';
import { dataDirOption, integerBetween, positiveInteger } from '../options.ts';
import { spawnPeer, stopPeers } from '../processes.ts';
import { formatTable } from '../table.ts';

const help = `
A change that would leave too few voters that answer is refused, and so is one
while another is under way. Numbers of peers are never used again.

Examples:
  keelson member add --start
  keelson member transfer 2
  keelson member remove 3
`;

const listHelp = `
ROLE is voter, learner (gets the data, does not vote), or leaving. BEHIND is how
many log entries a peer lacks, which only the leader knows.
`;

const addHelp = `
Without --id, lays the new peer out in the data directory: a certificate, a
configuration, its place in the kubeconfig. With --id and --address, only tells
the cluster of a peer whose directory is elsewhere; the peers of its
configuration must name the running ones, and itself with "joined: true".

The peer gets the data first, without a vote; it becomes a voter when it has
nearly all of it.

Examples:
  keelson member add
  keelson member add --id 4 --address 10.0.0.4:7446
`;

interface AddOptions {
  dataDir: string;
  start: boolean;
  learner: boolean;
  host: string;
  port?: number;
  peerPort?: number;
  id?: number;
  address?: string;
}

/** `keelson member`: who is in the cluster, and changes of that. */
export function addMemberCommands(program: Command): void {
  const member = program
    .command('member')
    .description('list, add, remove and promote peers of the cluster; hand leadership over')
    .addHelpText('after', help);
  member
    .command('list')
    .description('show the members')
    .addOption(dataDirOption())
    .option('--json', 'print JSON', false)
    .addHelpText('after', listHelp)
    .action(async ({ dataDir, json }: { dataDir: string; json: boolean }) => {
      const list = await memberList(openAccess(dataDir));
      console.log(json ? JSON.stringify(list) : memberTable(list));
    });
  member
    .command('add')
    .description('add a peer to the cluster')
    .addOption(dataDirOption())
    .option('--start', 'start it in the background; "keelson down" stops it', false)
    .option('--learner', 'leave it without a vote', false)
    .option('--host <host>', 'where the others reach it', '127.0.0.1')
    .option('--port <port>', 'its API port (default: the next one)', integerBetween(1024, 65_535))
    .option('--peer-port <port>', 'its Raft port (default: the next one)', integerBetween(1024, 65_535))
    .option('--id <number>', 'its number, where its directory is elsewhere', positiveInteger)
    .option('--address <host:port>', 'its Raft port, where its directory is elsewhere')
    .addHelpText('after', addHelp)
    .action(add);
  member
    .command('remove')
    .description('remove a peer, for good; it stops by itself')
    .argument('<peer>', "the peer's number", positiveInteger)
    .addOption(dataDirOption())
    .action(remove);
  member
    .command('promote')
    .description('give a learner a vote')
    .argument('<peer>', "the peer's number", positiveInteger)
    .addOption(dataDirOption())
    .action(async (id: number, { dataDir }: { dataDir: string }) => {
      await changeMembers(openAccess(dataDir), { action: 'promote', id });
      console.log(`peer ${id} votes now`);
    });
  member
    .command('transfer')
    .description('have another peer lead')
    .argument('[peer]', "the peer's number; without it, the one that is nearest", positiveInteger)
    .addOption(dataDirOption())
    .action(async (id: number | undefined, { dataDir }: { dataDir: string }) => {
      const { leader } = await changeMembers(openAccess(dataDir), { action: 'transfer', ...(id && { id }) });
      console.log(`peer ${leader} leads now`);
    });
}

async function add(options: AddOptions): Promise<void> {
  const access = openAccess(options.dataDir);
  const { id: given, address: elsewhere, learner } = options;
  if ((given === undefined) !== (elsewhere === undefined)) {
    throw new KeelsonError('USAGE', '--id and --address go together: they tell of a peer whose directory is elsewhere');
  }
  if (given !== undefined && elsewhere !== undefined) {
    await changeMembers(access, { action: 'add', id: given, address: elsewhere, learner });
    console.log(`peer ${given} is a learner now: start it`);
    return;
  }
  const { nextId } = await memberList(access);
  const member = plan(access, nextId, options);
  const address = `${member.host.includes(':') ? `[${member.host}]` : member.host}:${member.peerPort}`;
  await changeMembers(access, { action: 'add', id: member.id, address, learner });
  await addToCluster(access.paths, access.shape, member, systemClock.now());
  const paths = access.paths.peer(member.id);
  const becomes = learner ? '' : ', and votes when it has caught up';
  if (options.start) {
    const { pid } = spawnPeer(member.id, paths);
    console.log(`peer ${member.id} is a learner now${becomes}; it runs as process ${pid}`);
    // The child must not hold the command.
    process.exit(0);
  }
  console.log(`peer ${member.id} is a learner now${becomes}; start it with:`);
  console.log(`  keelson peer --config ${relative('.', paths.config)}`);
}

/** Where a peer of this machine goes: next to the others. */
function plan({ shape }: Access, id: number, { host, port, peerPort }: AddOptions): MemberConfig {
  const after = (ports: number[]): number => Math.max(...ports) + 1;
  return {
    id,
    host,
    apiPort: port ?? after(shape.members.map((member) => member.apiPort)),
    peerPort: peerPort ?? after(shape.members.map((member) => member.peerPort)),
  };
}

async function remove(id: number, { dataDir }: { dataDir: string }): Promise<void> {
  const access = openAccess(dataDir);
  await changeMembers(access, { action: 'remove', id });
  if (!access.shape.members.some((member) => member.id === id)) {
    console.log(`peer ${id} is removed`);
    return;
  }
  await deleteNode(access, `peer-${id}`);
  const { dir, pid } = access.paths.peer(id);
  // One that runs ends its workloads itself.
  if (livePid(pid) === undefined) await stopPeers([access.paths.peer(id)]);
  dropFromCluster(access.paths, access.shape, id);
  console.log(`peer ${id} is removed; its directory can be deleted: ${relative('.', dir)}`);
}

/** A peer that was removed won't come back: its pods need not be waited for. */
async function deleteNode(access: Access, name: string): Promise<void> {
  for (const server of access.servers) {
    const answer = await call(`${server}/api/v1/nodes/${name}`, access.tls, { method: 'DELETE' }).catch(
      () => undefined,
    );
    if (answer?.code === 200 || answer?.code === 404) return;
  }
}

function memberTable({ leader, members }: MemberList): string {
  const rows = members.map(({ id, role, promoted, address, behind }) => [
    `peer-${id}`,
    id === leader ? 'leader' : promoted ? 'learner, to vote' : role,
    address ?? '',
    behind === undefined ? '' : String(behind),
  ]);
  return formatTable(['PEER', 'ROLE', 'ADDRESS', 'BEHIND'], rows);
}
