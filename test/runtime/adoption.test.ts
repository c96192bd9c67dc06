import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { openProcessRuntime, type Runtime } from '../../src/runtime/index.ts';
import { cleanUp, createScript, exited, isRunning, output, readAll, runScript, temporaryDirectory } from './helpers.ts';

async function open(t: ExecutionContext, stateDir: string): Promise<Runtime> {
  const runtime = await openProcessRuntime({ stateDir });
  cleanUp(t, runtime);
  return runtime;
}

/** Has another process start a container, then kills that process with SIGKILL. */
async function startInKilledProcess(stateDir: string, script: string): Promise<{ id: string; pid: number }> {
  const host = spawn(process.execPath, [join(import.meta.dirname, 'runtime-host.ts'), stateDir, script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(host.stdout), 'line')) as [string];
  host.kill('SIGKILL');
  await once(host, 'exit');
  return JSON.parse(line) as { id: string; pid: number };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(10);
}

test('a container outlives the SIGKILL of its peer and is adopted with the same pid', async (t) => {
  const stateDir = await temporaryDirectory(t);
  const directory = await temporaryDirectory(t);
  chmodSync(directory, 0o755);
  const go = join(directory, 'go');
  const { id, pid } = await startInKilledProcess(
    stateDir,
    `echo before; while ! [ -e ${go} ]; do sleep 0.02; done; echo after; exit 9`,
  );
  t.true(isRunning(pid));
  const runtime = await open(t, stateDir);
  t.like(runtime.containerStatus(id), { state: 'running', pid });
  t.is(runtime.listContainers().length, 1);
  const all = readAll(runtime.readLogs(id, { follow: true }));
  writeFileSync(go, '');
  t.like(await exited(runtime, id), { exitCode: 9, reason: 'Error' });
  t.is(await all, 'before\nafter\n');
});

test('an exit while no peer lives is recorded', async (t) => {
  const stateDir = await temporaryDirectory(t);
  const { id } = await startInKilledProcess(stateDir, 'sleep 0.2; echo alone; exit 6');
  await until(() => existsSync(join(stateDir, 'containers', id, 'exit')));
  const runtime = await open(t, stateDir);
  const status = runtime.containerStatus(id)!;
  t.like(status, { state: 'exited', exitCode: 6, reason: 'Error' });
  t.true(status.finishedAtMs! >= status.startedAtMs!);
  const [line] = (await readAll(runtime.readLogs(id, { timestamps: true }))).split('\n');
  const [time, text] = line!.split(' ');
  t.is(text, 'alone');
  t.true(Math.abs(Date.parse(time!) - status.finishedAtMs!) < 5000);
});

test('starting a container that a dying peer has started already does not double it', async (t) => {
  const stateDir = await temporaryDirectory(t);
  const first = await open(t, stateDir);
  const id = await runScript(first, 'echo $$; exec sleep 1000');
  await output(first, id, '\n');
  // A second shim, as from a peer that had not seen yet that the first one runs.
  const second = spawn('/bin/sh', ['./shim.sh'], { cwd: join(stateDir, 'containers', id), stdio: 'ignore' });
  t.deepEqual(await once(second, 'exit'), [0, null]);
  t.is((await readAll(first.readLogs(id))).split('\n').length, 2);
  t.like(first.containerStatus(id), { state: 'running' });
});

test('a pid that another process has got meanwhile is not taken for the container', async (t) => {
  const stateDir = await temporaryDirectory(t);
  const first = await openProcessRuntime({ stateDir });
  const keepAlive = setInterval(() => {}, 60_000);
  const id = await runScript(first, 'exit 0');
  await exited(first, id);
  clearInterval(keepAlive);
  await first.close();
  // As if the machine had lost the exit, and this test's process had the pid of the old shim and workload.
  const directory = join(stateDir, 'containers', id);
  rmSync(join(directory, 'exit'));
  for (const file of ['shim', 'pid']) {
    const path = join(directory, file);
    const [boot, , ...rest] = readFileSync(path, 'utf8').split(' ');
    writeFileSync(path, [boot, process.pid, ...rest].join(' '));
  }
  const second = await open(t, stateDir);
  t.like(second.containerStatus(id), { state: 'exited', exitCode: 137, reason: 'ContainerStatusUnknown' });
  await second.killContainer(id);
  t.true(isRunning(process.pid));
});

test('a workload whose shim was killed goes on, can be stopped, and is known to be lost then', async (t) => {
  const stateDir = await temporaryDirectory(t);
  const runtime = await open(t, stateDir);
  const id = await runScript(runtime, 'trap "exit 0" TERM; echo ready; while :; do sleep 0.05; done');
  await output(runtime, id, 'ready');
  const shim = Number(readFileSync(join(stateDir, 'containers', id, 'shim'), 'utf8').split(' ')[1]);
  process.kill(shim, 'SIGKILL');
  await until(() => !isRunning(shim));
  t.is(runtime.containerStatus(id)!.state, 'running');
  await runtime.stopContainer(id, 500);
  t.like(runtime.containerStatus(id), { state: 'exited', exitCode: 137, reason: 'ContainerStatusUnknown' });
});

test('rubbish of an unfinished create or remove is cleared away, a broken record is told', async (t) => {
  const stateDir = await temporaryDirectory(t);
  const first = await openProcessRuntime({ stateDir });
  const keepAlive = setInterval(() => {}, 60_000);
  const id = await runScript(first, 'exit 0');
  await exited(first, id);
  clearInterval(keepAlive);
  await first.close();
  const record = join(stateDir, 'containers', id, 'container.json');
  const text = readFileSync(record, 'utf8');
  writeFileSync(record, text.slice(0, 20));
  await t.throwsAsync(openProcessRuntime({ stateDir }), { code: 'STATE_CORRUPT', message: /container\.json/ });
  rmSync(record);
  const second = await open(t, stateDir);
  t.deepEqual(second.listContainers(), []);
  t.false(existsSync(join(stateDir, 'containers', id)));
});

test('a shim that dies before it could start the workload is a failed start', async (t) => {
  const stateDir = await temporaryDirectory(t);
  const runtime = await open(t, stateDir);
  const id = await createScript(runtime, 'echo never');
  const shim = join(stateDir, 'containers', id, 'shim.sh');
  writeFileSync(
    shim,
    readFileSync(shim, 'utf8').replace('trap', () => 'kill -9 $$\ntrap'),
  );
  await t.throwsAsync(runtime.startContainer(id), { code: 'START_FAILED' });
  t.like(runtime.containerStatus(id), { state: 'exited', exitCode: 137, reason: 'ContainerStatusUnknown' });
});
