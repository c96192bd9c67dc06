import type { Command } from 'commander';
import { clusterPaths, readShape } from '../../peer/index.ts';
import { dataDirOption } from '../options.ts';
import { stopPeers } from '../processes.ts';

const help = `
With --keep-workloads, the next "keelson up" takes over their processes as they
are. Without it, also those end that a killed peer has left behind.

Exit status: 0, also when nothing was running; 1 when there is no cluster.
`;

/** `keelson down`: stops the peers of a data directory and their workloads; the data stays. */
export function addDownCommand(program: Command): void {
  program
    .command('down')
    .description('stop the cluster and its workloads; the data stays')
    .addOption(dataDirOption())
    .option('--keep-workloads', 'leave the workloads running', false)
    .addHelpText('after', help)
    .action(async ({ dataDir, keepWorkloads }: { dataDir: string; keepWorkloads: boolean }) => {
      const paths = clusterPaths(dataDir);
      const { members } = readShape(paths);
      const { peers, orphans } = await stopPeers(
        members.map(({ id }) => paths.peer(id)),
        keepWorkloads,
      );
      const parts = [
        ...(peers === 0 ? [] : [`${peers} ${peers === 1 ? 'peer' : 'peers'} stopped`]),
        ...(orphans === 0 ? [] : [`${orphans} ${orphans === 1 ? 'container' : 'containers'} of dead peers stopped`]),
      ];
      console.log(parts.length === 0 ? 'nothing was running' : parts.join(', '));
    });
}
