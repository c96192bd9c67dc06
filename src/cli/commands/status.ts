import type { Command } from 'commander';
import { livePid, type PeerStatus } from '../../peer/index.ts';
import { type Access, openAccess, peerStatus } from '../access.ts';
import { dataDirOption } from '../options.ts';
import { formatTable } from '../table.ts';

const help = `
ROLE and TERM are Raft's; REVISION is how far the peer's store is; STORE is
how much of its quota it takes, or "full" or "disk full": it takes no writes;
PODS are those that its node runs in MODE; PID is its process on this machine.
Of a cluster on etcd, ROLE is "etcd", and TERM and REVISION are etcd's.

Exit status: 0; 1 when no majority of the peers answers, or, on etcd, none:
nothing can be written.
`;

/** `keelson status`: the peers, who leads, and how far each is. Exits 1 when a majority does not answer. */
export function addStatusCommand(program: Command): void {
  program
    .command('status')
    .description("show the cluster's peers")
    .addOption(dataDirOption())
    .addHelpText('after', help)
    .action(async ({ dataDir }: { dataDir: string }) => {
      const access = openAccess(dataDir);
      const { text, alive } = await statusTable(access);
      console.log(text);
      // On etcd peers don't need each other.
      const least = access.shape.store === undefined ? access.shape.members.length / 2 : 0;
      if (alive <= least) process.exitCode = 1;
    });
}

/** The table that `status` and `up` print. */
export async function statusTable({ shape, paths, servers, tls }: Access): Promise<{ text: string; alive: number }> {
  const statuses = await Promise.all(servers.map((server) => peerStatus(server, tls)));
  const rows = shape.members.map(({ id, host, apiPort }, i) => {
    const status = statuses[i];
    const pid = livePid(paths.peer(id).pid);
    const known =
      status === undefined
        ? ['not answering', '', '', '', '', '']
        : [
            status.role,
            String(status.term),
            String(status.revision),
            spaceText(status),
            status.mode,
            String(status.pods),
          ];
    return [`peer-${id}`, ...known, `https://${host}:${apiPort}`, pid === undefined ? '-' : String(pid)];
  });
  return {
    text: formatTable(['PEER', 'ROLE', 'TERM', 'REVISION', 'STORE', 'MODE', 'PODS', 'API', 'PID'], rows),
    alive: statuses.filter((status) => status !== undefined).length,
  };
}

function spaceText({ space, disk }: PeerStatus): string {
  if (disk?.low) return 'disk full';
  if (space === undefined) return '-';
  const { used, quota, full } = space;
  return full ? 'full' : `${Math.ceil((100 * used) / quota)}%`;
}
