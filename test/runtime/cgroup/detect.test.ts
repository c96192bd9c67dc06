import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { detectCgroups, findOwnGroups } from '../../../src/runtime/cgroup/index.ts';
import { lacks, temporaryDirectory } from '../helpers.ts';
import { FakeTree, v2Files, v2Group } from './fake-tree.ts';

async function tree(t: ExecutionContext, files: Record<string, string>): Promise<FakeTree> {
  return new FakeTree(await temporaryDirectory(t), files);
}

test('nothing mounted: none, with the reason', async (t) => {
  const { root } = await tree(t, { 'proc/self/mountinfo': '', 'proc/self/cgroup': '' });
  const manager = detectCgroups({ name: 'keelson', root });
  t.like(manager, { version: 'none', reason: 'no cgroup file system is mounted' });
  t.is(manager.controllers.size, 0);
  const group = manager.create('pod1/a', { memoryBytes: 1 });
  t.deepEqual(group.procsFiles, []);
  t.deepEqual(group.processes(), []);
  t.is(group.oomKills(), 0);
  t.true(await group.killAll());
  group.remove();
  manager.remove('pod1');
});

test('version 2: below the nearest ancestor that lets its controllers be used', async (t) => {
  const files = {
    ...v2Files('/user.slice/user@1000.service/app.slice/run-1.scope'),
    ...v2Group('', 'cpuset cpu io memory pids', 'cpu memory pids'),
    ...v2Group('user.slice', 'cpu memory pids', 'cpu memory pids'),
    ...v2Group('user.slice/user@1000.service', 'cpu memory pids', 'cpu memory pids'),
    ...v2Group('user.slice/user@1000.service/app.slice', '', ''),
    ...v2Group('user.slice/user@1000.service/app.slice/run-1.scope', '', ''),
  };
  const { root } = await tree(t, files);
  const manager = detectCgroups({ name: 'keelson-x', root });
  t.is(manager.version, 'v2');
  t.is(manager.reason, undefined);
  t.deepEqual([...manager.controllers].sort(), ['cpu', 'memory', 'pids']);
  const group = manager.create('pod1/a', {});
  t.deepEqual(group.location, {
    version: 'v2',
    directory: join(root, 'sys/fs/cgroup/user.slice/user@1000.service/keelson-x/pod1/a'),
  });
});

test('version 2: controllers are enabled where they are not yet; what is lacking is told', async (t) => {
  const files = { ...v2Files('/'), ...v2Group('', 'cpuset memory pids', 'pids') };
  const fake = await tree(t, files);
  const manager = detectCgroups({ name: 'keelson', root: fake.root });
  t.is(fake.read('sys/fs/cgroup/cgroup.subtree_control'), '+memory');
  t.deepEqual([...manager.controllers], ['memory', 'pids']);
  t.regex(manager.reason!, /^cpu: not delegated/);
});

test('version 2 without any controller or right: none, with every reason', async (t) => {
  const files = { ...v2Files('/a'), ...v2Group('', 'hugetlb', ''), ...v2Group('a', '', '') };
  const { root } = await tree(t, files);
  const manager = detectCgroups({ name: 'keelson', root });
  t.is(manager.version, 'none');
  t.regex(manager.reason!, /cgroup\/a: no controllers; .*cgroup: no controllers/);
});

test('version 2 that can not be written: none', async (t) => {
  if (process.getuid!() === 0) {
    // Root may write to everything that is not a read-only mount: a file in the place of a directory stops it.
    const fake = await tree(t, { ...v2Files('/'), ...v2Group('', 'memory', 'memory'), 'sys/fs/cgroup/keelson': '' });
    t.regex(detectCgroups({ name: 'keelson', root: fake.root }).reason!, /EEXIST/);
    return;
  }
  const { root } = await tree(t, { ...v2Files('/'), ...v2Group('', 'memory', 'memory') });
  chmodSync(join(root, 'sys/fs/cgroup'), 0o555);
  t.teardown(() => chmodSync(join(root, 'sys/fs/cgroup'), 0o755));
  t.regex(detectCgroups({ name: 'keelson', root }).reason!, /EACCES/);
});

const v1Mountinfo = `22 1 0:1 / / rw - ext4 /dev/sda rw
31 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
34 30 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
38 30 0:35 /docker/abc /sys/fs/cgroup/pi\\040ds rw - cgroup cgroup rw,pids
39 30 0:36 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
`;
const v1Own = `9:name=systemd:/x
8:pids:/docker/abc/inner
4:memory:/docker/abc
2:cpu,cpuacct:/
`;

test('version 1: each controller where it is mounted, below the own group', async (t) => {
  const { root } = await tree(t, { 'proc/self/mountinfo': v1Mountinfo, 'proc/self/cgroup': v1Own });
  const manager = detectCgroups({ name: 'keelson-x', root });
  t.is(manager.version, 'v1');
  const { location } = manager.create('pod1', {});
  const at = (path: string): string => join(root, 'sys/fs/cgroup', path);
  t.deepEqual(location, {
    version: 'v1',
    directories: {
      memory: at('memory/docker/abc/keelson-x/pod1'),
      cpu: at('cpu,cpuacct/keelson-x/pod1'),
      pids: at('pi ds/inner/keelson-x/pod1'),
      cpuacct: at('cpu,cpuacct/keelson-x/pod1'),
    },
  });
});

test('hybrid: version 1 has the controllers; those that are missing are told', async (t) => {
  const mountinfo = `${v1Mountinfo.split('\n').slice(1, 3).join('\n')}
40 30 0:37 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
`;
  const { root } = await tree(t, { 'proc/self/mountinfo': mountinfo, 'proc/self/cgroup': `${v1Own}0::/\n` });
  const manager = detectCgroups({ name: 'keelson', root });
  t.is(manager.version, 'hybrid');
  t.deepEqual([...manager.controllers], ['memory', 'cpu']);
  t.is(manager.reason, 'pids: not mounted');
});

test('a path that a cgroup namespace or bind mount hides: the mount is all there is', async (t) => {
  const mountinfo = '30 22 0:27 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup rw\n';
  const { root } = await tree(t, { 'proc/self/mountinfo': mountinfo, 'proc/self/cgroup': '0::/../other\n' });
  t.is(findOwnGroups(root).v2!.directory, join(root, 'sys/fs/cgroup'));
});

test('the probe leaves nothing behind', async (t) => {
  const { root } = await tree(t, { ...v2Files('/'), ...v2Group('', 'memory', 'memory') });
  detectCgroups({ name: 'keelson', root });
  t.false(existsSync(join(root, 'sys/fs/cgroup/keelson')));
  mkdirSync(join(root, 'sys/fs/cgroup/keelson/of-an-earlier-run'), { recursive: true });
  detectCgroups({ name: 'keelson', root });
  t.true(existsSync(join(root, 'sys/fs/cgroup/keelson/of-an-earlier-run')));
});

test('this machine', (t) => {
  const manager = detectCgroups({ name: `keelson-test-${process.pid}` });
  t.log(`${manager.version}: ${[...manager.controllers].join(', ')}; ${manager.reason ?? 'all'}`);
  if (lacks(t, manager.controllers.size === 3, 'writable control groups')) return;
  t.is(manager.controllers.size, 3);
});
