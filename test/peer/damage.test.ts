import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { silentLogger } from '../../src/base/index.ts';
import { layOutCluster, planShape } from '../../src/peer/cluster-files.ts';
import { loadPeerConfig } from '../../src/peer/config.ts';
import { clusterPaths } from '../../src/peer/data-dir.ts';
import { type Peer, startPeer } from '../../src/peer/index.ts';
import { freePorts } from '../support/cluster.ts';
import { temporaryDir } from './temporary.ts';

/** The data directory of a stopped peer whose store holds the keys; each test works on a copy. */
let template = '';
const keys = Array.from({ length: 20 }, (_, i) => `key-${i}`);

test.before(async () => {
  template = mkdtempSync(join(tmpdir(), 'keelson-template-'));
  const paths = clusterPaths(join(template, 'data'));
  await layOutCluster(paths, planShape({ peers: 1, port: await freePorts() }), Date.now());
  const peer = await start(paths.root);
  for (const key of keys) await peer.store.put(key, Buffer.from(`value of ${key}`));
  await peer.stop();
});

test.after.always(() => rmSync(template, { recursive: true, force: true }));

async function start(root: string): Promise<Peer> {
  const config = await loadPeerConfig(clusterPaths(root).peer(1).config);
  return await startPeer({ config, logger: silentLogger });
}

function copy(t: ExecutionContext): { root: string; store: string } {
  const root = join(temporaryDir(t), 'data');
  cpSync(join(template, 'data'), root, { recursive: true });
  return { root, store: join(clusterPaths(root).peer(1).dir, 'store') };
}

function find(store: string, pattern: RegExp): string {
  const name = readdirSync(store).find((candidate) => pattern.test(candidate));
  if (name === undefined) throw new Error(`no ${pattern} in ${store}`);
  return join(store, name);
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] as number) ^ 0xff;
  writeFileSync(path, bytes);
}

const damages: [title: string, damage: (store: string) => void, code: RegExp][] = [
  ['a flipped byte near the start of the log', (store) => flip(find(store, /\.log$/), 40), /^DATA_CORRUPT$/],
  [
    'a flipped byte in the middle of the log',
    (store) => {
      const log = find(store, /\.log$/);
      flip(log, Math.floor(statSync(log).size / 2));
    },
    /^DATA_CORRUPT$/,
  ],
  ['no CURRENT', (store) => rmSync(join(store, 'CURRENT')), /^DATA_CORRUPT$/],
  ['a CURRENT that is nonsense', (store) => writeFileSync(join(store, 'CURRENT'), 'x\n'), /^DATA_CORRUPT$/],
  ['no log', (store) => rmSync(find(store, /\.log$/)), /^DATA_CORRUPT$/],
  ['no MANIFEST', (store) => rmSync(find(store, /^MANIFEST/)), /^DATA_CORRUPT$/],
  ['an empty MANIFEST', (store) => writeFileSync(find(store, /^MANIFEST/), ''), /^DATA_CORRUPT$/],
  ['a damaged MANIFEST', (store) => flip(find(store, /^MANIFEST/), 12), /^DATA_CORRUPT$/],
];

// One after another: all copies have the same ports.
for (const [title, damage, code] of damages) {
  test.serial(`a store with ${title} stops the start, and is as it was`, async (t) => {
    const { root, store } = copy(t);
    damage(store);
    const error = (await t.throwsAsync(start(root))) as Error & { code: string };
    t.regex(error.code, code);
    t.true(error.message.includes(store), error.message);
    t.notRegex(error.message, /\n/);
    // What was undamaged still is: with the lost part back, all is there.
    cpSync(join(template, 'data', 'peer-1', 'store'), store, { recursive: true });
    const peer = await start(root);
    const { kvs } = await peer.store.range({ key: 'key-', end: 'key.' });
    t.deepEqual(kvs.map(({ key }) => key).sort(), [...keys].sort());
    await peer.stop();
  });
}

const strangers: [title: string, replace: (store: string) => void][] = [
  ['is a file', (store) => writeFileSync(store, 'notes')],
  ['holds other files', (store) => cpSync(join(import.meta.dirname, 'temporary.ts'), join(store, 'temporary.ts'))],
];

for (const [title, replace] of strangers) {
  test.serial(`a store that ${title} is left alone`, async (t) => {
    const { root, store } = copy(t);
    rmSync(store, { recursive: true });
    replace(store);
    const error = await t.throwsAsync(start(root), { code: 'DATA_FOREIGN' });
    t.true(error.message.includes(store), error.message);
    t.true(existsSync(store));
  });
}
