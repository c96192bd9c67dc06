import type { Command } from 'commander';
import { openAccess } from '../access.ts';
import { dataDirOption } from '../options.ts';

/** `keelson watch`: changes of one kind, a line of JSON each, by the WebSocket watch API; resumes when a peer dies. */
export function addWatchCommand(program: Command): void {
  program
    .command('watch <resource>')
    .description('print changes of a kind ("pods", "deployments.v1.apps") as lines of JSON')
    .addOption(dataDirOption())
    .option('-n, --namespace <name>', 'only in this namespace')
    .option('-l, --selector <labels>', 'only with these labels')
    .option('--field-selector <fields>', 'only with these fields')
    .option('--resource-version <version>', 'what happened since; default: the present state first')
    .action(async (resource: string, options: WatchOptions) => {
      const { watchResources } = await import('../../client/index.ts');
      const [name = '', version = 'v1', ...group] = resource.split('.');
      const { servers, tls } = openAccess(options.dataDir);
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
      for await (const event of events) process.stdout.write(`${JSON.stringify(event)}\n`);
    });
}

interface WatchOptions {
  dataDir: string;
  namespace?: string;
  selector?: string;
  fieldSelector?: string;
  resourceVersion?: string;
}
