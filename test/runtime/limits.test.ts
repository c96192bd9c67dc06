import { setTimeout as delay } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { type ContainerConfig, openProcessRuntime, type Runtime } from '../../src/runtime/index.ts';
import { cleanUp, exited, lacks, output, readAll, runScript, temporaryDirectory } from './helpers.ts';

const mebibyte = 1024 * 1024;

async function start(t: ExecutionContext): Promise<Runtime> {
  const runtime = await openProcessRuntime({ stateDir: await temporaryDirectory(t) });
  cleanUp(t, runtime);
  return runtime;
}

function limitsLack(t: ExecutionContext, runtime: Runtime, controller: 'memory' | 'cpu' | 'pids'): boolean {
  const { controllers, reason } = runtime.info().cgroups;
  return lacks(t, controllers.includes(controller), `writable ${controller} control group (${reason})`);
}

/** `tail` keeps what may be the last line: of this file that is all, without end. */
const eatMemory: Partial<ContainerConfig> = { command: ['tail', '/dev/zero'] };

test('a container over its memory limit is OOMKilled', async (t) => {
  const runtime = await start(t);
  if (limitsLack(t, runtime, 'memory')) return;
  const id = await runScript(runtime, '', { ...eatMemory, resources: { memoryLimitBytes: 20 * mebibyte } });
  t.like(await exited(runtime, id), { exitCode: 137, signal: 9, reason: 'OOMKilled' });
});

test('a child over the memory limit makes its container OOMKilled when that fails', async (t) => {
  const runtime = await start(t);
  if (limitsLack(t, runtime, 'memory')) return;
  const id = await runScript(runtime, 'tail /dev/zero; exit $?', { resources: { memoryLimitBytes: 20 * mebibyte } });
  t.like(await exited(runtime, id), { exitCode: 137, reason: 'OOMKilled' });
});

test('OOMKilled is told by a runtime that was not there when it happened', async (t) => {
  const stateDir = await temporaryDirectory(t);
  const first = await openProcessRuntime({ stateDir });
  cleanUp(t, first);
  if (limitsLack(t, first, 'memory')) return;
  const id = await runScript(first, 'sleep 0.3; exec tail /dev/zero', {
    resources: { memoryLimitBytes: 20 * mebibyte },
  });
  await first.close();
  await delay(600);
  const second = await openProcessRuntime({ stateDir });
  cleanUp(t, second);
  t.like(await exited(second, id), { exitCode: 137, reason: 'OOMKilled' });
});

test('a container within its memory limit is left alone', async (t) => {
  const runtime = await start(t);
  if (limitsLack(t, runtime, 'memory')) return;
  const id = await runScript(runtime, 'head -c 4m /dev/zero | tail -c 4m | wc -c', {
    resources: { memoryLimitBytes: 64 * mebibyte },
  });
  t.like(await exited(runtime, id), { exitCode: 0, reason: 'Completed' });
  t.is((await readAll(runtime.readLogs(id))).trim(), String(4 * mebibyte));
});

test.serial('a CPU limit holds within 15 %', async (t) => {
  const runtime = await start(t);
  if (limitsLack(t, runtime, 'cpu')) return;
  const millicores = 200;
  const id = await runScript(runtime, 'while :; do :; done', { resources: { cpuLimitMillicores: millicores } });
  const ratios: number[] = [];
  // The loop must never get more; that it gets all of its share may take several looks on a busy machine.
  for (let window = 0; window < 8; window++) {
    const [start, from] = [runtime.containerStats(id)!, performance.now()];
    await delay(2000);
    const [end, to] = [runtime.containerStats(id)!, performance.now()];
    const usedMs = (end.cpuUsageNanoseconds - start.cpuUsageNanoseconds) / 1e6;
    ratios.push((usedMs / (to - from) / millicores) * 1000);
    if (ratios.at(-1)! > 0.85) break;
  }
  t.log(`used ${ratios.map((ratio) => ratio.toFixed(3)).join(', ')} of the limit`);
  t.true(ratios.every((ratio) => ratio < 1.15));
  t.true(ratios.at(-1)! > 0.85);
});

test('a fork bomb stays within the pids limit and is stopped', async (t) => {
  const runtime = await start(t);
  if (limitsLack(t, runtime, 'pids')) return;
  const id = await runScript(runtime, 'bomb() { bomb | bomb & }; bomb 2>/dev/null; echo lit; exec sleep 1000', {
    resources: { pidsLimit: 30, cpuLimitMillicores: 500 },
  });
  await output(runtime, id, 'lit');
  let most = 0;
  for (let look = 0; look < 20; look++) {
    most = Math.max(most, runtime.containerStats(id)!.pids);
    await delay(20);
  }
  t.true(most <= 30, `${most}`);
  t.true(most > 2, `${most}`);
  await runtime.stopContainer(id, 0);
  t.is(runtime.containerStatus(id)!.state, 'exited');
});

test('CPU shares and usage are there', async (t) => {
  const runtime = await start(t);
  if (limitsLack(t, runtime, 'cpu')) return;
  const id = await runScript(runtime, 'echo ready; exec sleep 1000', { resources: { cpuRequestMillicores: 500 } });
  await output(runtime, id, 'ready');
  const stats = runtime.containerStats(id)!;
  t.true(stats.cpuUsageNanoseconds > 0);
  t.true(stats.memoryUsageBytes > 0 && stats.memoryWorkingSetBytes <= stats.memoryUsageBytes);
  t.is(stats.pids, 1);
  await runtime.killContainer(id);
  t.is(runtime.containerStats(id), undefined);
});
