import { Command, CommanderError } from 'commander';
import { errorMessage, KeelsonError } from '../base/index.ts';
import { addDownCommand } from './commands/down.ts';
import { addKvCommands } from './commands/kv.ts';
import { addPeerCommand } from './commands/peer.ts';
import { addStatusCommand } from './commands/status.ts';
import { addUpCommand } from './commands/up.ts';
import { addWatchCommand } from './commands/watch.ts';

/** Builds the command line; each command lives in a file of its own. */
export function createProgram(): Command {
  const program = new Command('keelson')
    .description(
      'Kubernetes in one process: replicated store, API server, scheduler, controllers and node in every peer',
    )
    .showHelpAfterError('(--help tells what there is)')
    .configureOutput({ outputError: (text, write) => write(`keelson: ${text.replace(/^error: /, '')}`) })
    .exitOverride();
  addUpCommand(program);
  addDownCommand(program);
  addStatusCommand(program);
  addPeerCommand(program);
  addKvCommands(program);
  addWatchCommand(program);
  return program;
}

/** Runs a command line; ends the process with 0, or with 1 and one line on standard error. */
export async function run(argv: readonly string[]): Promise<void> {
  try {
    await createProgram().parseAsync([...argv]);
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has said it already.
      process.exitCode = error.exitCode;
      return;
    }
    const text = error instanceof KeelsonError ? error.message : `unexpected: ${errorMessage(error)}`;
    process.stderr.write(`keelson: ${text.replace(/\n/g, ' ')}\n`);
    if (process.env['KEELSON_DEBUG'] !== undefined) process.stderr.write(`${(error as Error).stack}\n`);
    process.exitCode = 1;
  }
}
