import { Command, CommanderError } from 'commander';
import { errorMessage, KeelsonError } from '../base/index.ts';
import { addDownCommand } from './commands/down.ts';
import { addKvCommands } from './commands/kv.ts';
import { addMemberCommands } from './commands/member.ts';
import { addPeerCommand } from './commands/peer.ts';
import { addStatusCommand } from './commands/status.ts';
import { addUpCommand } from './commands/up.ts';
import { addWatchCommand } from './commands/watch.ts';
import { version } from './version.ts';

const help = `
To begin:
  keelson up                               three peers and a demo workload
  export KUBECONFIG=.keelson/kubeconfig    in another terminal
  kubectl get pods -o wide

"keelson COMMAND --help" tells more of a command. Every command ends with status
0, or says in one line on standard error what is wrong and ends with status 1.
With KEELSON_DEBUG=1 in the environment, errors come with their stack.
`;

type Write = (text: string) => void;

/** Builds the command line; each command lives in a file of its own. Complaints go to `complain`. */
export function createProgram(complain: Write): Command {
  const program = new Command('keelson')
    .description(
      'Kubernetes in one process: replicated store, API server, scheduler, controllers and node in every peer.',
    )
    .version(version(), '--version', 'print the version')
    .addHelpText('after', help);
  addUpCommand(program);
  addDownCommand(program);
  addStatusCommand(program);
  addMemberCommands(program);
  addPeerCommand(program);
  addKvCommands(program);
  addWatchCommand(program);
  finish(program, program.name(), complain);
  return program;
}

/** What is the same for all commands: help, and Commander's own complaints in the form of all others. */
function finish(command: Command, path: string, complain: Write): void {
  command
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeErr: complain,
      outputError: (text) => complain(`keelson: ${oneLine(text.replace(/^error: /, ''))} (see "${path} --help")\n`),
    });
  for (const inner of command.commands) finish(inner, `${path} ${inner.name()}`, complain);
}

/** Carries out a command line; resolves with the status to end with at once, or undefined where nothing went wrong. */
export async function execute(argv: readonly string[], complain: Write): Promise<number | undefined> {
  try {
    await createProgram(complain).parseAsync([...argv], { from: 'user' });
    return undefined;
  } catch (error) {
    // Commander has said it already, and help is no error.
    if (error instanceof CommanderError) return error.exitCode;
    complain(
      `keelson: ${oneLine(error instanceof KeelsonError ? error.message : `unexpected: ${errorMessage(error)}`)}\n`,
    );
    if (process.env['KEELSON_DEBUG'] !== undefined) complain(`${(error as Error).stack}\n`);
    return 1;
  }
}

/** Runs this process' command line. */
export async function run(argv: readonly string[]): Promise<void> {
  // Who reads the output may have seen enough: `keelson watch pods | head`.
  process.stdout.on('error', () => process.exit());
  const status = await execute(argv, (text) => process.stderr.write(text));
  // At once: nothing that is still under way matters any more.
  if (status !== undefined) process.exit(status);
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, ' ');
}
