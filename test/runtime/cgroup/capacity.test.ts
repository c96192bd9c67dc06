import { totalmem } from 'node:os';
import test from 'ava';
import { nodeCapacity } from '../../../src/runtime/index.ts';
import { temporaryDirectory } from '../helpers.ts';
import { FakeTree, v2Files } from './fake-tree.ts';

const machine = { cpuMillicores: 8000, memoryBytes: 16e9, pids: 32_768 };

test('the machine, where nothing limits us', async (t) => {
  const { root } = new FakeTree(await temporaryDirectory(t), {
    ...v2Files('/a'),
    'sys/fs/cgroup/a/memory.max': 'max\n',
  });
  t.deepEqual(nodeCapacity(root, machine), machine);
});

test('version 2: the lowest limit on the way up', async (t) => {
  const { root } = new FakeTree(await temporaryDirectory(t), {
    ...v2Files('/a/b'),
    'sys/fs/cgroup/a/memory.max': '4000000000\n',
    'sys/fs/cgroup/a/b/memory.max': '5000000000\n',
    'sys/fs/cgroup/a/cpu.max': 'max 100000\n',
    'sys/fs/cgroup/a/b/cpu.max': '250000 100000\n',
    'sys/fs/cgroup/pids.max': '999\n',
  });
  t.deepEqual(nodeCapacity(root, machine), { cpuMillicores: 2500, memoryBytes: 4e9, pids: 999 });
});

test('version 1', async (t) => {
  const { root } = new FakeTree(await temporaryDirectory(t), {
    'proc/self/mountinfo': ['memory', 'cpu', 'pids']
      .map((n) => `1 1 0:1 / /cg/${n} rw - cgroup cgroup rw,${n}\n`)
      .join(''),
    'proc/self/cgroup': '1:memory:/a\n2:cpu:/a\n3:pids:/\n',
    'cg/memory/memory.limit_in_bytes': '9223372036854771712\n',
    'cg/memory/a/memory.limit_in_bytes': '1000000\n',
    'cg/cpu/cpu.cfs_quota_us': '-1\n',
    'cg/cpu/a/cpu.cfs_quota_us': '50000\n',
    'cg/cpu/a/cpu.cfs_period_us': '100000\n',
  });
  t.deepEqual(nodeCapacity(root, machine), { cpuMillicores: 500, memoryBytes: 1_000_000, pids: 32_768 });
});

test('this machine', (t) => {
  const capacity = nodeCapacity();
  t.true(capacity.cpuMillicores > 0);
  t.true(capacity.memoryBytes > 0 && capacity.memoryBytes <= totalmem());
  t.true(capacity.pids > 0);
});
