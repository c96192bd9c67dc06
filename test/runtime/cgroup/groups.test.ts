import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  type Cgroup,
  type CgroupLocation,
  type CgroupManager,
  detectCgroups,
  openCgroup,
} from '../../../src/runtime/cgroup/index.ts';
import { cpuQuotaMicroseconds, cpuShares, cpuWeight } from '../../../src/runtime/cgroup/limits.ts';
import { lacks, temporaryDirectory } from '../helpers.ts';
import { FakeTree, v2Files, v2Group } from './fake-tree.ts';

const limits = { memoryBytes: 64 << 20, cpuMillicores: 1500, cpuRequestMillicores: 250, pids: 100 };

async function fakeV2(t: ExecutionContext): Promise<{ manager: CgroupManager; tree: FakeTree }> {
  const files = { ...v2Files('/'), ...v2Group('', 'cpu memory pids', 'cpu memory pids') };
  const tree = new FakeTree(await temporaryDirectory(t), files);
  return { manager: detectCgroups({ name: 'keelson', root: tree.root }), tree };
}

async function fakeV1(t: ExecutionContext): Promise<{ manager: CgroupManager; tree: FakeTree }> {
  const names = ['memory', 'cpu', 'cpuacct', 'pids'];
  const tree = new FakeTree(await temporaryDirectory(t), {
    'proc/self/mountinfo': names.map((n) => `1 1 0:1 / /cg/${n} rw - cgroup cgroup rw,${n}\n`).join(''),
    'proc/self/cgroup': names.map((n, i) => `${i + 1}:${n}:/\n`).join(''),
  });
  return { manager: detectCgroups({ name: 'keelson', root: tree.root }), tree };
}

test('version 2 limits', async (t) => {
  const { manager, tree } = await fakeV2(t);
  const base = 'sys/fs/cgroup/keelson';
  // The kernel makes these with the group.
  for (const file of ['memory.swap.max', 'memory.oom.group']) tree.write(`${base}/pod1/a/${file}`, '');
  const group = manager.create('pod1/a', limits);
  const read = (file: string): string => tree.read(`${base}/pod1/a/${file}`);
  t.is(read('memory.max'), String(64 << 20));
  t.is(read('memory.swap.max'), '0');
  t.is(read('memory.oom.group'), '1');
  t.is(read('cpu.max'), '150000 100000');
  t.is(read('cpu.weight'), '10');
  t.is(read('pids.max'), '100');
  for (const parent of [base, `${base}/pod1`])
    t.is(tree.read(`${parent}/cgroup.subtree_control`), '+memory +cpu +pids');
  t.false(existsSync(join(tree.root, base, 'pod1/a/cgroup.subtree_control')));
  t.deepEqual(group.procsFiles, [join(tree.root, base, 'pod1/a/cgroup.procs')]);
});

test('version 2 figures', async (t) => {
  const { manager, tree } = await fakeV2(t);
  const group = manager.create('a', {});
  t.deepEqual(group.usage(), {
    cpuNanoseconds: undefined,
    memoryBytes: undefined,
    memoryWorkingSetBytes: undefined,
    pids: undefined,
  });
  t.is(group.oomKills(), 0);
  const base = 'sys/fs/cgroup/keelson/a';
  tree.write(`${base}/cpu.stat`, 'usage_usec 1234\nuser_usec 1000\n');
  tree.write(`${base}/memory.current`, '5000\n');
  tree.write(`${base}/memory.stat`, 'anon 3000\ninactive_file 2000\n');
  tree.write(`${base}/memory.events`, 'low 0\nhigh 0\nmax 7\noom 1\noom_kill 2\noom_group_kill 1\n');
  tree.write(`${base}/pids.current`, '3\n');
  t.deepEqual(group.usage(), { cpuNanoseconds: 1_234_000, memoryBytes: 5000, memoryWorkingSetBytes: 3000, pids: 3 });
  t.is(group.oomKills(), 2);
  t.deepEqual(openCgroup(group.location).usage(), group.usage());
});

test('version 1 limits and figures', async (t) => {
  const { manager, tree } = await fakeV1(t);
  for (const file of ['memory.memsw.limit_in_bytes', 'memory.swappiness'])
    tree.write(`cg/memory/keelson/a/${file}`, '');
  const group = manager.create('a', limits);
  t.is(tree.read('cg/memory/keelson/a/memory.limit_in_bytes'), String(64 << 20));
  t.is(tree.read('cg/memory/keelson/a/memory.memsw.limit_in_bytes'), String(64 << 20));
  t.is(tree.read('cg/memory/keelson/a/memory.swappiness'), '0');
  t.is(tree.read('cg/cpu/keelson/a/cpu.cfs_period_us'), '100000');
  t.is(tree.read('cg/cpu/keelson/a/cpu.cfs_quota_us'), '150000');
  t.is(tree.read('cg/cpu/keelson/a/cpu.shares'), '256');
  t.is(tree.read('cg/pids/keelson/a/pids.max'), '100');
  t.is(group.procsFiles.length, 4);
  tree.write('cg/memory/keelson/a/memory.usage_in_bytes', '5000\n');
  tree.write('cg/memory/keelson/a/memory.stat', 'inactive_file 1\ntotal_inactive_file 9000\n');
  tree.write('cg/memory/keelson/a/memory.oom_control', 'oom_kill_disable 0\nunder_oom 0\noom_kill 1\n');
  tree.write('cg/cpuacct/keelson/a/cpuacct.usage', '77\n');
  tree.write('cg/pids/keelson/a/pids.current', '3\n');
  t.deepEqual(group.usage(), { cpuNanoseconds: 77, memoryBytes: 5000, memoryWorkingSetBytes: 0, pids: 3 });
  t.is(group.oomKills(), 1);
  t.deepEqual(openCgroup(group.location).usage(), group.usage());
});

test('limits are converted as the kubelet converts them', (t) => {
  t.is(cpuQuotaMicroseconds(250), 25_000);
  t.is(cpuQuotaMicroseconds(1), 1000);
  t.deepEqual([0, 1, 100, 1000, 1_000_000].map(cpuShares), [2, 2, 102, 1024, 262_144]);
  t.deepEqual([2, 1024, 262_144].map(cpuWeight), [1, 39, 10_000]);
});

test('version 2: killing uses cgroup.kill, and falls back to single processes', async (t) => {
  for (const hasKillFile of [true, false]) {
    const { manager, tree } = await fakeV2(t);
    const group = manager.create('a', {});
    const child = spawn('sleep', ['1000']);
    await once(child, 'spawn');
    const procs = 'sys/fs/cgroup/keelson/a/cgroup.procs';
    tree.write(procs, `${child.pid}\n`);
    child.once('exit', () => tree.write(procs, ''));
    if (hasKillFile) tree.write('sys/fs/cgroup/keelson/a/cgroup.kill', '');
    const killing = group.killAll();
    if (hasKillFile) {
      t.is(tree.read('sys/fs/cgroup/keelson/a/cgroup.kill'), '1');
      child.kill('SIGKILL');
    }
    t.true(await killing);
    t.is(child.signalCode, 'SIGKILL');
  }
});

/** The same behaviour wanted of real groups of either version. */
async function realGroup(t: ExecutionContext, group: Cgroup): Promise<void> {
  const script = `for f in ${group.procsFiles.join(' ')}; do echo 0 >$f; done; sleep 1000 & sleep 1000 & echo in; wait`;
  const child = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  t.is(group.processes().length, 3);
  t.true(group.processes().includes(child.pid!));
  t.is(group.usage().pids, 3);
  t.true(group.usage().memoryBytes! > 0);
  t.true(group.usage().cpuNanoseconds! > 0);
  t.is(group.oomKills(), 0);
  group.remove();
  t.is(group.processes().length, 3, 'a group in use is not removed');
  t.true(await group.killAll());
  t.deepEqual(group.processes(), []);
}

function directories(location: CgroupLocation): string[] {
  return location.version === 'v1' ? Object.values(location.directories) : [location.directory];
}

for (const version of ['v1', 'v2'] as const) {
  test(`real groups of version ${version}`, async (t) => {
    const manager = detectCgroups({ name: `keelson-test-${process.pid}` });
    const has = manager.version === version || (version === 'v1' && manager.version === 'hybrid');
    // A machine has one of them for a controller, never both: no reason to fail on CI.
    if (!has || manager.controllers.size < 3) {
      t.log(`left out: this machine has ${manager.version} (${manager.reason ?? 'all controllers'})`);
      t.pass();
      return;
    }
    const group = manager.create('pod1/a', limits);
    await realGroup(t, group);
    manager.remove('pod1');
    for (const directory of directories(group.location)) t.false(existsSync(join(directory, '../..')), directory);
    t.deepEqual(group.usage().pids, undefined);
  });
}

test('real groups refuse a limit that the kernel refuses', (t) => {
  const manager = detectCgroups({ name: `keelson-bad-${process.pid}` });
  if (lacks(t, manager.controllers.has('pids'), 'pids control group')) return;
  t.throws(() => manager.create('pod1/a', { pids: -5 }), { code: 'EINVAL' });
  manager.remove('pod1/a');
  const none = openCgroup({ version: 'v2', directory: '/nowhere' });
  t.deepEqual(none.processes(), []);
  none.remove();
});
