import type { Command } from 'commander';
import { errorMessage, KeelsonError } from '../../base/index.ts';
import { type CheckedPeer, checkPeer, clusterPaths, readShape } from '../../peer/index.ts';
import { assertEmbeddedStore } from '../access.ts';
import { dataDirOption, positiveInteger } from '../options.ts';
import { formatTable } from '../table.ts';

const help = `
Every checksum is verified, and the log is replayed. Peers whose REVISION and
COMPACTED are the same must have the same HASH.

Exit status: 0; 1 when a peer's data is damaged, or peers differ, or one runs.
`;

/** `keelson check`: verifies the data of peers that are stopped. */
export function addCheckCommand(program: Command): void {
  program
    .command('check')
    .description("verify stopped peers' data")
    .addOption(dataDirOption())
    .option('--peer <number>', 'only this one', positiveInteger)
    .addHelpText('after', help)
    .action(check);
}

async function check({ dataDir, peer }: { dataDir: string; peer?: number }): Promise<void> {
  const paths = clusterPaths(dataDir);
  const shape = readShape(paths);
  assertEmbeddedStore({ shape }, 'etcdctl endpoint hashkv --cluster');
  const ids = shape.members.map(({ id }) => id);
  if (peer !== undefined && !ids.includes(peer)) {
    throw new KeelsonError('USAGE', `there is no peer ${peer} in this cluster, only ${ids.join(', ')}`);
  }
  const whole: [id: number, checked: CheckedPeer][] = [];
  const faults: string[] = [];
  for (const id of peer === undefined ? ids : [peer]) {
    try {
      whole.push([id, await checkPeer(paths.peer(id).config)]);
    } catch (error) {
      if (!(error instanceof KeelsonError)) throw error;
      faults.push(`peer ${id}: ${errorMessage(error)}`);
    }
  }
  if (whole.length > 0) console.log(table(whole));
  faults.push(...differences(whole));
  if (faults.length > 0) throw new KeelsonError('CHECK_FAILED', faults.join('; '));
  console.log(`\n${whole.length === 1 ? 'its data is' : 'all data is'} whole`);
}

function table(peers: readonly [number, CheckedPeer][]): string {
  const rows = peers.map(([id, { found }]) => {
    if (found === undefined) return [`peer-${id}`, 'never ran'];
    const { term, commit, lastIndex, snapshotIndex, revision, compactRevision, keys, hash } = found;
    const numbers = [term, commit, lastIndex, snapshotIndex, revision, compactRevision, keys].map(String);
    return [`peer-${id}`, ...numbers, hash.toString(16).padStart(8, '0')];
  });
  return formatTable(['PEER', 'TERM', 'COMMIT', 'LAST', 'SNAPSHOT', 'REVISION', 'COMPACTED', 'KEYS', 'HASH'], rows);
}

/** Peers that are at one place and hold different things. */
function differences(peers: readonly [number, CheckedPeer][]): string[] {
  const places = new Map<string, { id: number; hash: number }>();
  const found: string[] = [];
  for (const [id, { found: state }] of peers) {
    if (state === undefined) continue;
    const place = `${state.revision} ${state.compactRevision}`;
    const other = places.get(place);
    if (other === undefined) places.set(place, { id, hash: state.hash });
    else if (other.hash !== state.hash) found.push(`peers ${other.id} and ${id} differ at revision ${state.revision}`);
  }
  return found;
}
