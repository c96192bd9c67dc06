import { mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { resources, type v1 } from '../../src/api/index.ts';
import { seededRandom } from '../../src/base/index.ts';
import { References } from '../../src/kubelet/references.ts';
import { containerMounts, PodVolumes } from '../../src/kubelet/volumes/index.ts';
import { FakeClient } from '../support/fake-client.ts';
import { FakeClock } from '../support/fake-clock.ts';

interface Rig {
  directory: string;
  client: FakeClient;
  volumes: PodVolumes;
  setUp(...list: v1.Volume[]): Promise<ReadonlyMap<string, string>>;
}

async function rig(t: ExecutionContext): Promise<Rig> {
  const directory = await mkdtemp(join(tmpdir(), 'keelson-volumes-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const client = new FakeClient(new FakeClock());
  const metadata = { namespace: 'default', name: 'config' };
  const data = { a: 'A', 'b.txt': 'B' };
  await client.create(resources.configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data } as v1.ConfigMap);
  const secret = { password: Buffer.from('s3cret').toString('base64') };
  await client.create(resources.secrets, { apiVersion: 'v1', kind: 'Secret', metadata, data: secret } as v1.Secret);
  const volumes = new PodVolumes(directory, seededRandom(1));
  return {
    directory,
    client,
    volumes,
    setUp(...list) {
      const pod: v1.Pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'p', namespace: 'default', uid: 'u-1', labels: { app: 'web' } },
        spec: { containers: [{ name: 'main', resources: { limits: { cpu: '2' } } }], volumes: list },
      };
      const place = { nodeName: 'n', hostIP: '1.1.1.1', podIP: '2.2.2.2', allocatable: {} };
      return volumes.setUp(
        {
          pod,
          place,
          references: new References(client, 'default'),
          token: async ({ audience }) => `token for ${audience}`,
        },
        undefined,
      );
    },
  };
}

async function files(directory: string): Promise<Record<string, string>> {
  const names = (await readdir(directory)).filter((name) => !name.startsWith('..'));
  return Object.fromEntries(
    await Promise.all(
      names.map(async (name): Promise<[string, string]> => {
        const path = join(directory, name);
        return [name, (await stat(path)).isDirectory() ? (await readdir(path)).join() : await readFile(path, 'utf8')];
      }),
    ),
  );
}

const mode = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

test('emptyDir: a directory that anybody may write, gone with the pod', async (t) => {
  const { setUp, volumes } = await rig(t);
  const path = (await setUp({ name: 'data', emptyDir: {} })).get('data')!;
  t.is(await mode(path), 0o777);
  await writeFile(join(path, 'kept'), 'x');
  await setUp({ name: 'data', emptyDir: {} });
  t.deepEqual(await files(path), { kept: 'x' });
  t.deepEqual(await volumes.podUids(), ['u-1']);
  await volumes.tearDown('u-1');
  await volumes.tearDown('u-1');
  t.deepEqual(await volumes.podUids(), []);
});

test('configMap and secret: all keys, or some with paths and modes', async (t) => {
  const { setUp } = await rig(t);
  const paths = await setUp(
    { name: 'all', configMap: { name: 'config' } },
    {
      name: 'some',
      configMap: {
        name: 'config',
        defaultMode: 0o600,
        items: [
          { key: 'a', path: 'deep/er/file' },
          { key: 'b.txt', path: 'b', mode: 0o400 },
        ],
      },
    },
    { name: 'secret', secret: { secretName: 'config' } },
    { name: 'none', configMap: { name: 'none', optional: true } },
  );
  t.deepEqual(await files(paths.get('all')!), { a: 'A', 'b.txt': 'B' });
  t.is(await readFile(join(paths.get('some')!, 'deep/er/file'), 'utf8'), 'A');
  t.is(await mode(join(paths.get('some')!, 'deep/er/file')), 0o600);
  t.is(await mode(join(paths.get('some')!, 'b')), 0o400);
  t.deepEqual(await files(paths.get('secret')!), { password: 's3cret' });
  t.is(await mode(join(paths.get('secret')!, 'password')), 0o644);
  t.deepEqual(await files(paths.get('none')!), {});
});

test('what changes in the API changes in the files, all at once', async (t) => {
  const { setUp, client } = await rig(t);
  const volume = { name: 'v', configMap: { name: 'config' } };
  const path = (await setUp(volume)).get('v')!;
  const version = await readlink(join(path, '..data'));
  await setUp(volume);
  t.is(await readlink(join(path, '..data')), version);
  const body = { data: { a: 'A2', 'b.txt': null, c: 'C' } };
  await client.patch(resources.configMaps, 'default', 'config', { type: 'merge', body });
  // As a process that died in between leaves it.
  await symlink('nowhere', join(path, '..data.new'));
  await setUp(volume);
  t.deepEqual(await files(path), { a: 'A2', c: 'C' });
  t.not(await readlink(join(path, '..data')), version);
  t.is((await readdir(path)).filter((name) => name.startsWith('..')).length, 2);
});

test('downwardAPI and projected', async (t) => {
  const { setUp } = await rig(t);
  const items = [
    { path: 'name', fieldRef: { fieldPath: 'metadata.name' } },
    { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
    { path: 'cpu', mode: 0o444, resourceFieldRef: { containerName: 'main', resource: 'limits.cpu' } },
  ];
  const sources = [
    { configMap: { name: 'config', items: [{ key: 'a', path: 'config/a' }] } },
    { secret: { name: 'config' } },
    { downwardAPI: { items: items.slice(0, 1) } },
  ];
  const paths = await setUp(
    { name: 'down', downwardAPI: { items } },
    { name: 'all', projected: { sources, defaultMode: 0o640 } },
  );
  t.deepEqual(await files(paths.get('down')!), { name: 'p', labels: 'app="web"', cpu: '2' });
  t.is(await mode(join(paths.get('down')!, 'cpu')), 0o444);
  t.deepEqual(await files(paths.get('all')!), { config: 'a', password: 's3cret', name: 'p' });
  t.is(await mode(join(paths.get('all')!, 'name')), 0o640);
});

test('hostPath and its types', async (t) => {
  const { setUp, directory } = await rig(t);
  const at = (name: string, type?: v1.HostPathType): v1.Volume => ({
    name: 'h',
    hostPath: { path: join(directory, name), type },
  });
  t.is((await setUp(at('anything'))).get('h'), join(directory, 'anything'));
  await setUp(at('made/deep', 'DirectoryOrCreate'));
  await setUp(at('made/deep', 'Directory'));
  await setUp(at('made/file', 'FileOrCreate'));
  await setUp(at('made/file', 'File'));
  for (const volume of [
    at('made/file', 'Directory'),
    at('made/deep', 'File'),
    at('made/file', 'Socket'),
    at('none', 'CharDevice'),
    at('none', 'BlockDevice'),
  ]) {
    await t.throwsAsync(setUp(volume), { code: 'CONFIGURATION', message: /hostPath type check failed/ });
  }
});

test('a projected token is a file like others', async (t) => {
  const { setUp } = await rig(t);
  const projected = { sources: [{ serviceAccountToken: { path: 'vault/token', audience: 'vault' } }] };
  const path = (await setUp({ name: 'v', projected })).get('v')!;
  t.is(await readFile(join(path, 'vault/token'), 'utf8'), 'token for vault');
});

test('what can not be had is told with the volume', async (t) => {
  const { setUp } = await rig(t);
  const cases: [v1.Volume, RegExp][] = [
    [
      { name: 'v', configMap: { name: 'none' } },
      /^MountVolume.SetUp failed for volume "v" : configmap "none" not found$/,
    ],
    [{ name: 'v', secret: { secretName: 'none' } }, /secret "none" not found$/],
    [
      { name: 'v', configMap: { name: 'config', items: [{ key: 'z', path: 'z' }] } },
      /references non-existent configmap key: z/,
    ],
    [{ name: 'v', nfs: { server: 's', path: '/' } }, /nfs volumes are not supported by this node/],
    [
      { name: 'v', projected: { sources: [{ clusterTrustBundle: { path: 't' } }] } },
      /clusterTrustBundle is not supported/,
    ],
  ];
  for (const [volume, message] of cases) await t.throwsAsync(setUp(volume), { code: 'CONFIGURATION', message });
});

test('mounts of a container, with parts of volumes', async (t) => {
  const { setUp } = await rig(t);
  const paths = await setUp({ name: 'data', emptyDir: {} }, { name: 'config', configMap: { name: 'config' } });
  const data = paths.get('data')!;
  const mounts = (volumeMounts: v1.VolumeMount[]) =>
    containerMounts({ name: 'main', volumeMounts }, paths, (name) => ({ POD: 'p-1' })[name]);
  t.deepEqual(
    await mounts([
      { name: 'data', mountPath: '/data' },
      { name: 'data', mountPath: '/sub', subPath: 'a/b', readOnly: true },
      { name: 'data', mountPath: '/expr', subPathExpr: '$(POD)/x' },
      { name: 'config', mountPath: '/etc/a', subPath: 'a' },
    ]),
    [
      { hostPath: data, containerPath: '/data', readOnly: false },
      { hostPath: join(data, 'a/b'), containerPath: '/sub', readOnly: true },
      { hostPath: join(data, 'p-1/x'), containerPath: '/expr', readOnly: false },
      { hostPath: join(paths.get('config')!, 'a'), containerPath: '/etc/a', readOnly: false },
    ],
  );
  t.true((await stat(join(data, 'a/b'))).isDirectory());
  await t.throwsAsync(mounts([{ name: 'none', mountPath: '/x' }]), { message: /"none".* is not set up/ });
  await t.throwsAsync(mounts([{ name: 'data', mountPath: '/x', subPath: '../out' }]), { message: /relative path/ });
});
