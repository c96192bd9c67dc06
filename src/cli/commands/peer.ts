import type { Command } from 'commander';

/** `keelson peer`: one peer in this process, until a signal. SIGTERM leaves its workloads running, SIGINT stops them as well. */
export function addPeerCommand(program: Command): void {
  program
    .command('peer')
    .description('run one peer in the foreground')
    .requiredOption('--config <file>', 'its configuration (see cluster-configs)')
    .option('--log-level <level>', 'debug, info, warn or error', 'info')
    .action(async (options: { config: string; logLevel: string }) => {
      const { createLogger, loadPeerConfig, startPeer } = await import('../../peer/index.ts');
      const config = await loadPeerConfig(options.config);
      const logger = await createLogger({ level: options.logLevel, fields: { peer: config.peerId } });
      const peer = await startPeer({ config, logger });
      logger.info({ api: `https://${peer.host}:${peer.port}` }, 'peer started');
      const stopping = new Promise<'SIGINT' | 'SIGTERM'>((resolve) => {
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(signal));
      });
      // A signal handler alone does not keep a process alive, and a peer's timers don't either.
      const alive = setInterval(() => {}, 1 << 30);
      try {
        const signal = await Promise.race([stopping, peer.failed]);
        await peer.stop({ workloads: signal === 'SIGINT' });
      } finally {
        clearInterval(alive);
      }
      process.exit(0);
    });
}
