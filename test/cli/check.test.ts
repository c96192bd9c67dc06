import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { connectStore } from '../../src/store/index.ts';
import { startCluster } from '../support/cluster.ts';
import { isOneLineError, run } from './keelson.ts';

test('stopped peers are checked: whole, running, damaged, empty', async (t) => {
  const cluster = await startCluster();
  t.teardown(() => rmSync(cluster.dataDir, { recursive: true, force: true }));
  const { dataDir } = cluster;
  const check = (...args: string[]) => run(['check', '--data-dir', dataDir, ...args]);
  const store = await connectStore({ urls: cluster.servers, tls: cluster.tls });
  for (let i = 0; i < 200; i++) await store.put(`checked/${i}`, Buffer.from(`value ${i}`));
  await store.close();

  isOneLineError(t, await check('--peer', '1'), /^keelson: peer 1: .*is in use already/);
  isOneLineError(t, await check('--peer', '9'), /there is no peer 9 in this cluster, only 1, 2, 3/);
  t.is((await run(['down', '--data-dir', dataDir])).code, 0);

  const { code, stdout, stderr } = await check();
  t.is(code, 0, stderr);
  t.regex(stdout, /^PEER +TERM +COMMIT +LAST +SNAPSHOT +REVISION +COMPACTED +KEYS +HASH\n/);
  t.is(stdout.match(/^peer-[123] +(\d+ +){7}[0-9a-f]{8}$/gm)?.length, 3, stdout);
  t.regex(stdout, /\nall data is whole\n$/);
  t.regex((await check('--peer', '2')).stdout, /\nits data is whole\n$/);

  // LevelDB has moved the log into a table while it was checked, or has not: damage what there is.
  for (const file of globSync(join(dataDir, 'peer-2/store/*.{log,ldb}'))) {
    const bytes = readFileSync(file);
    if (bytes.length < 2000) continue;
    bytes[Math.floor(bytes.length / 2)]! ^= 0x55;
    writeFileSync(file, bytes);
  }
  const damaged = await check();
  t.is(damaged.code, 1);
  t.regex(damaged.stderr, /^keelson: peer 2: data directory .*peer-2\/store is damaged [^\n]*\n$/);
  t.is(damaged.stdout.match(/^peer-[13] /gm)?.length, 2, 'the others are checked all the same');

  rmSync(join(dataDir, 'peer-3/store'), { recursive: true });
  const empty = await check('--peer', '3');
  t.is(empty.code, 0);
  t.regex(empty.stdout, /^peer-3 +never ran$/m);
});
