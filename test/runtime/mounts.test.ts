import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type Mount, openProcessRuntime, type Runtime } from '../../src/runtime/index.ts';
import { cleanUp, exited, lacks, output, readAll, runScript, temporaryDirectory } from './helpers.ts';

interface Setup {
  runtime: Runtime;
  /** A directory to mount, with a file `a` in it. */
  source: string;
}

async function setUp(t: ExecutionContext): Promise<Setup | undefined> {
  const runtime = await openProcessRuntime({ stateDir: await temporaryDirectory(t) });
  cleanUp(t, runtime);
  if (lacks(t, runtime.info().mounts, 'mount namespace')) return undefined;
  const source = join(await temporaryDirectory(t), 'volume');
  mkdirSync(source);
  chmodSync(source, 0o777);
  writeFileSync(join(source, 'a'), 'A\n');
  return { runtime, source };
}

async function outputOf(runtime: Runtime, script: string, mounts: Mount[]): Promise<string> {
  const id = await runScript(runtime, script, { mounts });
  await exited(runtime, id);
  return readAll(runtime.readLogs(id));
}

test('a mount over a directory is seen by the container only', async (t) => {
  const { runtime, source } = (await setUp(t)) ?? {};
  if (!runtime) return;
  const script = 'cat /mnt/a; echo B >/mnt/b; ls /mnt';
  t.is(await outputOf(runtime, script, [{ hostPath: source!, containerPath: '/mnt' }]), 'A\na\nb\n');
  t.true(existsSync(join(source!, 'b')));
  t.false(existsSync('/mnt/a'));
});

for (const containerPath of [
  '/keelson-missing/x',
  '/keelson-missing',
  '/etc/keelson-missing/x',
  '/usr/share/keelson',
]) {
  test(`a mount point that does not exist is made in the container's view only: ${containerPath}`, async (t) => {
    const { runtime, source } = (await setUp(t)) ?? {};
    if (!runtime) return;
    const script = `cat ${containerPath}/a; [ -e /etc/passwd ] && [ -e /usr/bin/env ] && [ -e /proc/self ] && echo all`;
    t.is(await outputOf(runtime, script, [{ hostPath: source!, containerPath }]), 'A\nall\n');
    t.false(existsSync(containerPath));
  });
}

test('files, mounts in mounts, and several missing places', async (t) => {
  const { runtime, source } = (await setUp(t)) ?? {};
  if (!runtime) return;
  const file = join(source!, 'a');
  const mounts = [
    { hostPath: file, containerPath: '/keelson-one/inner/file' },
    { hostPath: source!, containerPath: '/keelson-one' },
    { hostPath: file, containerPath: '/etc/keelson-file' },
    { hostPath: file, containerPath: '/etc/hostname' },
  ];
  const script = 'cat /keelson-one/a /keelson-one/inner/file /etc/keelson-file /etc/hostname';
  t.is(await outputOf(runtime, script, mounts), 'A\nA\nA\nA\n');
});

test('a read-only mount can not be written', async (t) => {
  const { runtime, source } = (await setUp(t)) ?? {};
  if (!runtime) return;
  const mounts = [{ hostPath: source!, containerPath: '/keelson-ro', readOnly: true }];
  t.regex(await outputOf(runtime, 'echo x >/keelson-ro/x || echo refused', mounts), /Read-only.*\nrefused\n/);
  t.false(existsSync(join(source!, 'x')));
});

test('a program within a mount runs, and exec sees the mounts', async (t) => {
  const { runtime, source } = (await setUp(t)) ?? {};
  if (!runtime) return;
  writeFileSync(join(source!, 'run'), '#!/bin/sh\necho ready\nexec sleep 1000\n', { mode: 0o755 });
  const mounts = [{ hostPath: source!, containerPath: '/keelson-bin' }];
  const id = await runScript(runtime, '', { command: ['/keelson-bin/run'], workingDir: '/keelson-bin', mounts });
  await output(runtime, id, 'ready');
  t.deepEqual(await runtime.exec(id, ['cat', 'a']), { exitCode: 0, stdout: 'A\n', stderr: '' });
});

test('a source that is not there fails the start, with the reason', async (t) => {
  const { runtime } = (await setUp(t)) ?? {};
  if (!runtime) return;
  const mounts = [{ hostPath: '/keelson-no-source', containerPath: '/mnt' }];
  const id = await runScript(runtime, 'true', { mounts }).catch(() => runtime.listContainers()[0]!.id);
  t.like(await exited(runtime, id), { exitCode: 128, reason: 'StartError' });
  t.regex(runtime.containerStatus(id)!.message!, /keelson-no-source/);
});
