import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openProcessRuntime, type Runtime } from '../../src/runtime/index.ts';
import { cleanUp, createScript, exited, lacks, readAll, runScript, temporaryDirectory } from './helpers.ts';

const isRoot = process.getuid!() === 0;

async function start(t: ExecutionContext): Promise<Runtime> {
  const runtime = await openProcessRuntime({ stateDir: await temporaryDirectory(t) });
  cleanUp(t, runtime);
  return runtime;
}

async function outputOf(runtime: Runtime, script: string, config = {}): Promise<string> {
  const id = await runScript(runtime, script, config);
  await exited(runtime, id);
  return readAll(runtime.readLogs(id));
}

test('containers gain no privileges, and have none of root by default', async (t) => {
  const runtime = await start(t);
  if (lacks(t, runtime.info().noNewPrivileges, 'setpriv')) return;
  const status = await outputOf(runtime, 'grep -E "^(Uid|Gid|Groups|CapEff|NoNewPrivs)" /proc/self/status');
  t.regex(status, /NoNewPrivs:\t1/);
  t.regex(status, /CapEff:\t0{16}/);
  if (!isRoot) return;
  t.regex(status, /Uid:\t65534\t65534\t65534\t65534/);
  t.regex(status, /Gid:\t65534\t65534\t65534\t65534/);
  t.regex(status, /Groups:\t *\n/);
});

test('containers run as the user that they ask for', async (t) => {
  const runtime = await start(t);
  if (lacks(t, runtime.info().runAsUser, 'right to run as another user')) return;
  const id = 'id -u; id -g; id -G; grep CapBnd /proc/self/status';
  const none = `CapBnd:\t${'0'.repeat(16)}\n`;
  t.is(await outputOf(runtime, id, { user: { uid: 1234 } }), `1234\n65534\n65534\n${none}`);
  const groups = { uid: 1234, gid: 5, supplementalGroups: [6, 7] };
  t.is(await outputOf(runtime, id, { user: groups }), `1234\n5\n5 6 7\n${none}`);
  // Root keeps what other runtimes leave it: no CAP_SYS_ADMIN (bit 21), for one.
  const bound = /CapBnd:\t([0-9a-f]+)/.exec(await outputOf(runtime, id, { user: { uid: 0 } }))![1];
  t.is(BigInt(`0x${bound}`), 0xa80425fbn);
  t.regex(
    await outputOf(runtime, 'id -u; grep NoNew /proc/self/status', { user: { uid: 0, privileged: true } }),
    /^0\nNoNewPrivs:\t0/,
  );
});

test('another user than the peer is refused where it is not possible', async (t) => {
  const stateDir = await temporaryDirectory(t);
  const runtime = await openProcessRuntime({
    stateDir,
    features: { setpriv: false, afterMounts: [], terminals: false },
  });
  cleanUp(t, runtime);
  const other = createScript(runtime, 'true', { user: { uid: process.getuid!() + 1 } });
  await t.throwsAsync(other, { code: 'NOT_SUPPORTED', message: /can't run as user/ });
  const mounts = createScript(runtime, 'true', { mounts: [{ hostPath: '/tmp', containerPath: '/mnt' }] });
  await t.throwsAsync(mounts, { code: 'NOT_SUPPORTED', message: /mount namespaces/ });
  t.like(await exited(runtime, await runScript(runtime, 'true')), { exitCode: 0 });
});

test('state is for the owner only', async (t) => {
  const stateDir = await temporaryDirectory(t);
  const runtime = await openProcessRuntime({ stateDir });
  cleanUp(t, runtime);
  await outputOf(runtime, 'echo x', { env: [{ name: 'PASSWORD', value: 'secret' }] });
  for (const path of ['', ...(readdirSync(stateDir, { recursive: true }) as string[])]) {
    const { mode } = statSync(join(stateDir, path));
    t.is(mode & 0o077, 0, path);
  }
});

test('a variable can not change what privileged helpers of the container run', async (t) => {
  const runtime = await start(t);
  const id = await runScript(runtime, 'echo "$LD_PRELOAD $PATH"', {
    command: ['/bin/sh', '-c', 'echo "$LD_PRELOAD $PATH"'],
    env: [
      { name: 'LD_PRELOAD', value: '' },
      { name: 'PATH', value: '/nowhere' },
      { name: 'ENV', value: '/nowhere/rc' },
    ],
  });
  t.like(await exited(runtime, id), { exitCode: 0 });
  t.is(await readAll(runtime.readLogs(id)), ' /nowhere\n');
});
