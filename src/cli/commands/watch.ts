import type { Command } from 'commander';
import { errorMessage, KeelsonError } from '../../base/index.ts';
import { openAccess, peerStatus } from '../access.ts';
import { dataDirOption } from '../options.ts';

const help = `
Shows the state first, then each change as it happens, until Ctrl-C:
  {"type": "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK", "object": …}
When the peer that serves it dies, the watch goes on over another one; no change
is lost or told twice.

Resources are named in the plural, with version and group where they have one:
pods, deployments.v1.apps.

Exit status: 1 after an error, for instance when no peer answers at the start.

Examples:
  keelson watch pods --namespace default
  keelson watch deployments.v1.apps --selector app=hello
`;

/** `keelson watch`: changes of one kind, a line of JSON each, by the WebSocket watch API; resumes when a peer dies. */
export function addWatchCommand(program: Command): void {
  program
    .command('watch <resource>')
    .description('print objects of a kind and their changes, a line of JSON each')
    .addOption(dataDirOption())
    .option('-n, --namespace <name>', 'only in this namespace')
    .option('-l, --selector <labels>', 'only with these labels')
    .option('--field-selector <fields>', 'only with these fields')
    .option('--resource-version <version>', 'what happened since; default: the present state first')
    .addHelpText('after', help)
    .action(watch);
}

interface WatchOptions {
  dataDir: string;
  namespace?: string;
  selector?: string;
  fieldSelector?: string;
  resourceVersion?: string;
}

async function watch(resource: string, options: WatchOptions): Promise<void> {
  const [name = '', version = 'v1', ...group] = resource.split('.');
  const { servers, tls } = openAccess(options.dataDir);
  // The watch itself waits for peers as long as it takes.
  const statuses = await Promise.all(servers.map((server) => peerStatus(server, tls)));
  if (statuses.every((status) => status === undefined))
    throw new KeelsonError('UNAVAILABLE', 'no peer answers: start the cluster with "keelson up"');
  const { watchResources } = await import('../../client/index.ts');
  const events = watchResources({
    servers,
    tls,
    apiVersion: group.length === 0 ? version : `${group.join('.')}/${version}`,
    resource: name,
    namespace: options.namespace,
    labelSelector: options.selector,
    fieldSelector: options.fieldSelector,
    resourceVersion: options.resourceVersion,
  });
  try {
    for await (const event of events) process.stdout.write(`${JSON.stringify(event)}\n`);
  } catch (error) {
    throw new KeelsonError('WATCH', `can't watch ${resource}: ${errorMessage(error)}`, { cause: error });
  }
}
