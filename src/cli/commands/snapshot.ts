import { createReadStream, createWriteStream, renameSync, rmSync } from 'node:fs';
import { relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { errorCode, errorMessage, KeelsonError, systemClock } from '../../base/index.ts';
import {
  clusterPaths,
  findCluster,
  importStore,
  MAX_LOCAL_PEERS,
  type NodeMode,
  planShape,
  restoreCluster,
  SNAPSHOT_PATH,
  type StateInfo,
  shapeDefaults,
} from '../../peer/index.ts';
import { type Access, assertEmbeddedStore, download, openAccess } from '../access.ts';
import { dataDirOption, integerBetween, modeOption } from '../options.ts';
import { checkPorts } from '../ports.ts';
import { formatTable } from '../table.ts';

const help = `
A snapshot is all that the cluster stores, at one revision: every object of its
API, Secrets too, so keep the file as safe as the cluster.

Examples:
  keelson snapshot save backup.db
  keelson snapshot status backup.db
  keelson snapshot restore backup.db --data-dir restored
  keelson up --data-dir restored
`;

const restoreHelp = `
The new cluster has certificates and a kubeconfig of its own. Its revisions
begin far above those of the snapshot, and watches from before are told that
what they ask for is compacted.
`;

interface RestoreOptions {
  dataDir: string;
  peers?: number;
  port?: number;
  mode?: NodeMode;
}

/** `keelson snapshot`: backups. */
export function addSnapshotCommands(program: Command): void {
  const snapshot = program
    .command('snapshot')
    .description('save all that a cluster stores to a file; make a new cluster of it')
    .addHelpText('after', help);
  snapshot
    .command('save')
    .description('write a snapshot of a running cluster')
    .argument('<file>', 'where to')
    .addOption(dataDirOption())
    .action(async (file: string, { dataDir }: { dataDir: string }) => {
      const access = openAccess(dataDir);
      assertEmbeddedStore(access, 'etcdctl snapshot save');
      await save(access, file);
      console.log(`saved revision ${(await describe(file)).revision} to ${file}`);
    });
  snapshot
    .command('status')
    .description('check a snapshot file and say what it holds')
    .argument('<file>')
    .option('--json', 'print JSON', false)
    .action(async (file: string, { json }: { json: boolean }) => {
      const info = await describe(file);
      console.log(json ? JSON.stringify(info) : infoTable(info));
    });
  snapshot
    .command('restore')
    .description('make a new cluster that begins with what a snapshot holds')
    .argument('<file>')
    .addOption(dataDirOption())
    .option('--peers <n>', `how many peers (default: ${shapeDefaults.peers})`, integerBetween(1, MAX_LOCAL_PEERS))
    .option('--port <port>', `the first peer's API port (default: ${shapeDefaults.port})`, integerBetween(1024, 60_000))
    .addOption(modeOption())
    .addHelpText('after', restoreHelp)
    .action(restore);
}

/** Of a file that is there already nothing is lost until the new one is whole. */
async function save(access: Access, file: string): Promise<void> {
  const partial = `${file}.${process.pid}.part`;
  try {
    await pipeline(await fromAnyPeer(access), createWriteStream(partial, { mode: 0o600, flush: true }));
    await describe(partial);
    renameSync(partial, file);
  } catch (error) {
    rmSync(partial, { force: true });
    throw explained(file, error);
  }
}

async function fromAnyPeer({ servers, tls }: Access): Promise<AsyncIterable<Buffer>> {
  let failure: unknown;
  for (const server of servers) {
    try {
      return await download(`${server}${SNAPSHOT_PATH}`, tls);
    } catch (error) {
      failure = error;
    }
  }
  throw new KeelsonError(
    'NO_PEER',
    `no peer hands out a snapshot: "keelson status" tells why (${errorMessage(failure)})`,
  );
}

async function describe(file: string): Promise<StateInfo> {
  const { describeArchive } = await importStore();
  try {
    return await describeArchive(createReadStream(file), systemClock);
  } catch (error) {
    throw explained(file, error);
  }
}

async function restore(file: string, options: RestoreOptions): Promise<void> {
  const paths = clusterPaths(options.dataDir);
  const where = relative('.', paths.root) || '.';
  if (findCluster(paths) !== undefined) {
    throw new KeelsonError('DATA_DIR', `${where} holds a cluster already: name another place with --data-dir`);
  }
  const shape = planShape(options);
  await checkPorts(shape, 'choose others with --port');
  try {
    await restoreCluster(paths, shape, file);
  } catch (error) {
    throw explained(file, error);
  }
  console.log(`cluster ${shape.clusterId} of ${shape.members.length} peers made in ${where}; start it with:`);
  console.log(`  keelson up --no-demo --data-dir ${where}`);
}

function explained(file: string, error: unknown): unknown {
  if (errorCode(error) === 'SNAPSHOT_CORRUPT') {
    return new KeelsonError('SNAPSHOT_CORRUPT', `${file}: ${errorMessage(error)}`, { cause: error });
  }
  if (error instanceof KeelsonError) return error;
  return new KeelsonError('FILE', `${file} can't be used: ${errorMessage(error)}`, { cause: error });
}

function infoTable({ hash, revision, keys, leases, bytes }: StateInfo): string {
  const row = [hash.toString(16).padStart(8, '0'), revision, keys, leases, bytes].map(String);
  return formatTable(['HASH', 'REVISION', 'KEYS', 'LEASES', 'BYTES'], [row]);
}
