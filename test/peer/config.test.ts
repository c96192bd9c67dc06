import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { loadPeerConfig, parsePeerConfig } from '../../src/peer/config.ts';
import { temporaryDir } from './temporary.ts';

const valid = {
  apiVersion: 'keelson/v1',
  kind: 'PeerConfiguration',
  clusterId: 'c',
  peerId: 2,
  nodeName: 'peer-2',
  dataDir: 'data',
  members: [
    { id: 1, host: '10.0.0.1', peerPort: 7443, apiPort: 6443 },
    { id: 2, host: '10.0.0.2', peerPort: 7443, apiPort: 6443 },
  ],
  podCIDR: '127.102.0.0/16',
  serviceCIDR: '127.96.0.0/16',
  pki: { ca: '../ca.crt', cert: '/etc/keelson/peer.crt', key: 'peer.key' },
};

test('paths are relative to the file, and what may be left out has defaults', (t) => {
  const config = parsePeerConfig(valid, '/srv/peer-2');
  t.is(config.dataDir, '/srv/peer-2/data');
  t.like(config.pki, { ca: '/srv/ca.crt', cert: '/etc/keelson/peer.crt', key: '/srv/peer-2/peer.key' });
  t.is(config.mode, 'auto');
  t.is(config.sharedApiPort, 0);
  t.true(config.unreachableTolerationSeconds > 0);
  t.is(config.storeQuotaBytes, undefined);
  t.is(config.diskReserveBytes, 64 * 1024 * 1024);
  t.deepEqual(config.reads, { mode: 'index', maxClockDriftPercent: 10 });
  t.false('apiVersion' in config);
});

test('an etcd to stand on has a prefix by default, and files relative to the configuration', (t) => {
  t.is(parsePeerConfig(valid, '/').store, undefined);
  const { store } = parsePeerConfig({ ...valid, store: { url: 'etcd://a:1,b', ca: 'ca.crt' } }, '/srv');
  const files = { ca: '/srv/ca.crt', cert: undefined, key: undefined };
  t.deepEqual(store, { url: 'etcd://a:1,b', prefix: '/keelson/', historySeconds: 300, ...files });
});

/** What is changed in a valid configuration, and what is said of it. */
const mistakes: [title: string, change: object, text: RegExp][] = [
  ['another version', { apiVersion: 'keelson/v2' }, /^field "apiVersion" must be "keelson\/v1", not "keelson\/v2"$/],
  ['another kind', { kind: 'Pod' }, /^field "kind" must be "PeerConfiguration", not "Pod"$/],
  ['a typo', { nodename: 'x' }, /^unknown field "nodename" \(did you mean "nodeName"\?\)$/],
  ['an unknown field', { colour: 'red' }, /^unknown field "colour"$/],
  ['a missing field', { clusterId: undefined }, /^field "clusterId" is missing$/],
  ['a number as text', { peerId: '2' }, /^field "peerId" must be a positive integer, not "2"$/],
  ['a fraction', { peerId: 1.5 }, /^field "peerId" must be a positive integer, not 1.5$/],
  ['an empty text', { clusterId: '' }, /^field "clusterId" must be a text, not ""$/],
  ['an unknown mode', { mode: 'fast' }, /^field "mode" must be one of rootless, auto, not "fast"$/],
  ['a bad name', { nodeName: 'Peer_2' }, /^field "nodeName" must be a name of lower-case letters/],
  ['a bad block', { podCIDR: '10.1.0.0' }, /^field "podCIDR" must be a block of addresses/],
  ['a block out of range', { serviceCIDR: '300.1.0.0/16' }, /^field "serviceCIDR" must be a block of addresses/],
  ['a block too narrow', { serviceCIDR: '10.1.0.0/33' }, /^field "serviceCIDR" must be a block of addresses/],
  [
    'a negative time',
    { unreachableTolerationSeconds: -1 },
    /^field "unreachableTolerationSeconds" must be an integer, 0/,
  ],
  ['members of another type', { members: { id: 2 } }, /^field "members" must be a list with an entry at least, not/],
  ['no members', { members: [] }, /^field "members" must be a list with an entry at least, not \[\]$/],
  ['members without this peer', { peerId: 3 }, /^members has no entry with id 3, which is this peer's \(peerId\)$/],
  ['a member twice', { members: [valid.members[1], valid.members[1]] }, /^members has id 2 twice$/],
  [
    'an address twice',
    { members: [valid.members[1], { ...valid.members[1], id: 1, apiPort: 1 }] },
    /^members has address 10.0.0.2:7443 twice$/,
  ],
  [
    'a port out of range',
    { members: [{ ...valid.members[1], apiPort: 70_000 }] },
    /^field "members\[0\].apiPort" must be a port number from 1 to 65535, not 70000$/,
  ],
  [
    'an address twice, one of them for the etcd API',
    { members: [{ ...valid.members[1], etcdPort: 6443 }] },
    /^members has address 10.0.0.2:6443 twice$/,
  ],
  ['a typo deep inside', { pki: { ...valid.pki, cret: 'x' } }, /^unknown field "pki.cret" \(did you mean "cert"\?\)$/],
  ['a missing field deep inside', { pki: { ca: 'a', cert: 'b' } }, /^field "pki.key" is missing$/],
  ['a store that is no etcd', { store: { url: 'redis://a' } }, /^the store's URL must be "etcd:\/\/HOST:PORT,/],
  ['a store without servers', { store: {} }, /^field "store.url" is missing$/],
  ['a prefix of nothing', { store: { url: 'etcd://a', prefix: '' } }, /^field "store.prefix" must be a text, not ""$/],
  [
    'a prefix beyond ASCII',
    { store: { url: 'etcd://a', prefix: 'ä' } },
    /^field "store.prefix" must be a prefix of print/,
  ],
  [
    'a certificate without its key',
    { store: { url: 'etcd://a', cert: 'x' } },
    /^store.cert and store.key belong together: give both, or none$/,
  ],
  [
    "etcd's API on etcd",
    { store: { url: 'etcd://a' }, members: [{ ...valid.members[1], etcdPort: 2379 }] },
    /^etcdPort is for the embedded store: leave it out, and let clients of etcd use the one in store.url$/,
  ],
  ['a very long value', { mode: 'x'.repeat(500) }, /^.{50,200}…$/],
];

for (const [title, change, text] of mistakes) {
  test(`says what is wrong: ${title}`, (t) => {
    const error = t.throws(() => parsePeerConfig({ ...valid, ...change }, '/'), { code: 'CONFIG_INVALID' });
    t.regex(error.message, text);
    t.notRegex(error.message, /\n/);
  });
}

test('what is no object at all is told so', (t) => {
  for (const value of [null, 7, 'text', [valid]])
    t.throws(() => parsePeerConfig(value, '/'), { code: 'CONFIG_INVALID', message: /^it must be an object, not / });
});

test('a file may be YAML or JSON, or YAML that begins with a brace', async (t) => {
  const dir = temporaryDir(t);
  const yaml = `# of a peer
apiVersion: keelson/v1
kind: PeerConfiguration
clusterId: c
peerId: 2
nodeName: peer-2
dataDir: data
members:
- {id: 2, host: 10.0.0.2, peerPort: 7443, apiPort: 6443}
podCIDR: 127.102.0.0/16
serviceCIDR: 127.96.0.0/16
pki: {ca: ca.crt, cert: peer.crt, key: peer.key}
`;
  const texts = {
    'a.yaml': yaml,
    'a.json': JSON.stringify(valid),
    'b.yaml': JSON.stringify(valid).replace('"c"', 'c'),
  };
  for (const [name, text] of Object.entries(texts)) {
    writeFileSync(join(dir, name), text);
    const config = await loadPeerConfig(join(dir, name));
    t.is(config.clusterId, 'c', name);
    t.is(config.dataDir, join(dir, 'data'), name);
  }
});

test('a file that is not there, or can not be parsed, is named in one line', async (t) => {
  const dir = temporaryDir(t);
  const missing = await t.throwsAsync(loadPeerConfig(join(dir, 'none')), { code: 'CONFIG_MISSING' });
  t.true(missing.message.includes(join(dir, 'none')));
  mkdirSync(join(dir, 'directory'));
  await t.throwsAsync(loadPeerConfig(join(dir, 'directory')), { code: 'CONFIG_MISSING' });
  for (const text of ['{', 'a: [1', 'a: b: c', '\t- x', '']) {
    const path = join(dir, 'broken');
    writeFileSync(path, text);
    const error = await t.throwsAsync(loadPeerConfig(path), { code: 'CONFIG_INVALID' });
    t.true(error.message.startsWith(`${path}: `), error.message);
    t.notRegex(error.message, /\n|:$/);
  }
});
