import { fstatSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { errorCode, type Logger, systemClock } from '../../base/index.ts';
import type { Peer, PeerConfig } from '../../peer/index.ts';
import { processHeap, trimHeap } from '../heap-trimmer.ts';
import { interruption } from '../interruption.ts';

const help = `
The configuration is YAML or JSON; relative paths start at its directory.
"keelson up" writes one for each peer: DIR/peer-N/config.json.

Logs are JSON lines on standard output. Signals:
  SIGTERM   stops the peer; its workloads go on, and its next start adopts them
  SIGINT    stops the peer and its workloads

Exit status: 0 after a signal, 1 after an error.

Example:
  keelson peer --config .keelson/peer-1/config.json
`;

/** `keelson peer`: one peer in this process, until a signal. */
export function addPeerCommand(program: Command): void {
  program
    .command('peer')
    .description('run one peer in the foreground')
    .requiredOption('--config <file>', 'its configuration')
    .addOption(
      new Option('--log-level <level>', 'what to log').choices(['debug', 'info', 'warn', 'error']).default('info'),
    )
    .addHelpText('after', help)
    .action(runPeer);
}

async function runPeer(options: { config: string; logLevel: string }): Promise<void> {
  const interrupted = interruption();
  const { createLogger, loadPeerConfig } = await import('../../peer/index.ts');
  const config = await loadPeerConfig(options.config);
  const logger = await createLogger({ level: options.logLevel, fields: { node: config.nodeName } });
  try {
    await serve(config, logger, interrupted);
  } catch (error) {
    logger.error({ error: (error as Error).message }, 'the peer stops');
    // In a log that takes both streams every line is JSON.
    if (!sameFile(1, 2)) throw error;
    process.exitCode = 1;
  }
  process.exit();
}

async function serve(config: PeerConfig, logger: Logger, interrupted: ReturnType<typeof interruption>): Promise<void> {
  const { pidFile, readPid, removeFile, startPeer, writeFileAtomic } = await import('../../peer/index.ts');
  const crash = watchForCrash();
  const peer: Peer = await Promise.race([startPeer({ config, logger }), crash]);
  // The data directory is this process' from here on.
  const pid = pidFile(config.dataDir);
  writeFileAtomic(pid, `${process.pid}\n`, 0o644);
  logger.info({ api: `https://${peer.host}:${peer.port}` }, 'peer started');
  // A signal handler alone does not keep a process alive, and a peer's timers don't either.
  setInterval(() => {}, 1 << 30);
  const heap = processHeap();
  if (heap !== undefined) trimHeap(systemClock, heap);
  let removed = false;
  try {
    await Promise.race([interrupted.promise, peer.failed, crash]);
  } catch (error) {
    removed = errorCode(error) === 'REMOVED';
    throw error;
  } finally {
    // Nobody will take over the workloads of a peer that was removed.
    await peer.stop({ workloads: removed || interrupted.yet === 'SIGINT' });
    if (readPid(pid) === process.pid) removeFile(pid);
  }
}

/** Rejects with an error that nobody caught: after it a peer's state can't be trusted. */
function watchForCrash(): Promise<never> {
  return new Promise((_, reject) => process.on('uncaughtException', reject));
}

/** Whether two of the process' streams go to one file. */
function sameFile(a: number, b: number): boolean {
  const [first, second] = [fstatSync(a), fstatSync(b)];
  return first.isFile() && first.dev === second.dev && first.ino === second.ino;
}
