import { writeFileSync } from 'node:fs';
import { startCluster } from '../support/cluster.ts';
import { tryCommands } from './commands.ts';
import { Connection } from './connection.ts';
import { tryKinds } from './kinds.ts';
import { renderPage } from './render.ts';

/** `npm run matrix`: tries every kind with every verb, and every command of kubectl, and writes README.md beside this file. */
const cluster = await startCluster({ peers: 1 });
const connection = new Connection(cluster);
try {
  const page = renderPage(await tryKinds(connection), await tryCommands(cluster));
  writeFileSync(new URL('README.md', import.meta.url), page);
} finally {
  connection.close();
  await cluster.stop();
}
