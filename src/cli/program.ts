import { Command, CommanderError } from 'commander';
import { errorMessage, KeelsonError } from '../base/index.ts';
import { addDownCommand } from './commands/down.ts';
import { addKvCommands } from './commands/kv.ts';
import { addPeerCommand } from './commands/peer.ts';
import { addStatusCommand } from './commands/status.ts';
import { addUpCommand } from './commands/up.ts';
import { addWatchCommand } from './commands/watch.ts';
import { version } from './version.ts';

const help = `
To begin:
  keelson up                                    three peers and a demo workload; Ctrl-C stops them
  export KUBECONFIG=.keelson/kubeconfig         in another terminal
  kubectl get pods -o wide

"keelson COMMAND --help" tells more of a command. Every command ends with status 0, or says in one line on standard error
what is wrong and ends with status 1. With KEELSON_DEBUG=1 in the environment, errors come with their stack.
`;

/** Builds the command line; each command lives in a file of its own. */
export function createProgram(): Command {
  const program = new Command('keelson')
    .description(
      'Kubernetes in one process: replicated store, API server, scheduler, controllers and node in every peer.',
    )
    .version(version(), '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .addHelpText('after', help);
  addUpCommand(program);
  addDownCommand(program);
  addStatusCommand(program);
  addPeerCommand(program);
  addKvCommands(program);
  addWatchCommand(program);
  complainInOneLine(program, program.name());
  return program;
}

/** Commander's own complaints in the form of all others, with the help that is of use. */
function complainInOneLine(command: Command, path: string): void {
  command.exitOverride().configureOutput({
    outputError: (text, write) => {
      const line = text
        .replace(/^error: /, '')
        .trim()
        .replace(/\s*\n\s*/g, ' ');
      write(`keelson: ${line} (see "${path} --help")\n`);
    },
  });
  for (const inner of command.commands)
    complainInOneLine(inner.helpOption('-h, --help', 'print this help').helpCommand(false), `${path} ${inner.name()}`);
}

/** Runs a command line; ends the process with 0, or with 1 and one line on standard error. */
export async function run(argv: readonly string[]): Promise<void> {
  // Who reads the output may have seen enough: `keelson watch pods | head`.
  process.stdout.on('error', () => process.exit());
  try {
    await createProgram().parseAsync([...argv]);
  } catch (error) {
    // Commander has said it already.
    if (!(error instanceof CommanderError)) complain(error);
    // At once: nothing that is still under way matters any more.
    process.exit(error instanceof CommanderError ? error.exitCode : 1);
  }
}

function complain(error: unknown): void {
  const text = error instanceof KeelsonError ? error.message : `unexpected: ${errorMessage(error)}`;
  process.stderr.write(`keelson: ${text.trim().replace(/\s*\n\s*/g, ' ')}\n`);
  if (process.env['KEELSON_DEBUG'] !== undefined) process.stderr.write(`${(error as Error).stack}\n`);
}
