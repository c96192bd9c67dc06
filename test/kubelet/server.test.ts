import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import type { v1 } from '../../src/api/index.ts';
import { createHandler, logSource } from '../../src/kubelet/server.ts';
import { UsageMeter } from '../../src/kubelet/usage.ts';
import type { ContainerStats } from '../../src/runtime/index.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakeRuntime } from './fake-runtime.ts';

async function serve(t: ExecutionContext) {
  const clock = new FakeClock();
  const runtime = new FakeRuntime(clock);
  const config = { podUid: 'u', namespace: 'default', name: 'web', hostname: 'web', ip: '1.2.3.4' };
  const sandbox = await runtime.createSandbox(config);
  const id = await runtime.createContainer(sandbox, { name: 'main', attempt: 0, image: 'host', command: [], env: [] });
  await runtime.startContainer(id);
  const pod: v1.Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default', uid: 'u' },
    status: { containerStatuses: [{ ...base, state: { running: {} }, containerID: `keelson://${id}` }] },
  };
  const pods = (): v1.Pod[] => [pod];
  let cpuNanoseconds = 0;
  const machine = {
    async usage() {
      cpuNanoseconds += 5e8;
      return { cpuNanoseconds, memoryWorkingSetBytes: 100 };
    },
  };
  const usage = new UsageMeter({ runtime, machine, clock, pods, nodeName: () => 'n' });
  const server = createServer(createHandler({ runtime, pods, usage, clock }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const ask = async (path: string, method = 'GET'): Promise<{ status: number; text: string }> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
    return { status: response.status, text: await response.text() };
  };
  return { runtime, pod, ask, port, clock };
}

const base: v1.ContainerStatus = { name: 'main', ready: true, restartCount: 0, image: 'host', imageID: 'host' };

test('health, pods, and nothing else', async (t) => {
  const { ask } = await serve(t);
  t.deepEqual(await ask('/healthz'), { status: 200, text: 'ok' });
  t.like(JSON.parse((await ask('/pods')).text), { kind: 'PodList', items: [{ metadata: { name: 'web' } }] });
  t.is((await ask('/')).status, 404);
  t.is((await ask('/containerLogs/default/web')).status, 404);
  t.is((await ask('/healthz', 'POST')).status, 405);
});

test('what is used is measured over a moment at first, then since it was asked last', async (t) => {
  const { ask, runtime, clock } = await serve(t);
  let cpuUsageNanoseconds = 0;
  const containerStats = (): ContainerStats => {
    cpuUsageNanoseconds += 2e8;
    return { timeMs: clock.now(), cpuUsageNanoseconds, memoryUsageBytes: 7, memoryWorkingSetBytes: 6, pids: 1 };
  };
  Object.assign(runtime, { containerStats });
  const summary = async (): Promise<unknown> => JSON.parse((await ask('/stats/summary')).text);
  const first = summary();
  while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
  await clock.advance(1_000);
  t.like(await first, {
    windowSeconds: 1,
    node: { nodeName: 'n', cpu: { usageNanoCores: 5e8, usageCoreNanoSeconds: 1e9 }, memory: { workingSetBytes: 100 } },
    pods: [
      {
        podRef: { name: 'web', uid: 'u' },
        containers: [
          {
            name: 'main',
            cpu: { usageNanoCores: 2e8, usageCoreNanoSeconds: 4e8 },
            memory: { workingSetBytes: 6, usageBytes: 7 },
          },
        ],
      },
    ],
  });
  t.like(await summary(), { windowSeconds: 1 }, 'asked again at once, it tells the same');
  await clock.advance(10_000);
  t.like(await summary(), { windowSeconds: 10, pods: [{ containers: [{ cpu: { usageNanoCores: 2e7 } }] }] });
});

test('logs', async (t) => {
  const { ask, pod } = await serve(t);
  t.deepEqual(await ask('/containerLogs/default/web/main'), { status: 200, text: 'log of main\n' });
  t.deepEqual(await ask('/containerLogs/default/none/main'), { status: 404, text: 'pod "none" does not exist' });
  t.is((await ask('/containerLogs/default/web/none')).status, 400);
  t.is((await ask('/containerLogs/default/web/main?tailLines=x')).status, 422);
  t.like(await ask('/containerLogs/default/web/main?previous=true'), {
    status: 400,
    text: 'previous terminated container "main" in pod "web" not found',
  });
  pod.status!.containerStatuses![0]!.containerID = 'keelson://lost';
  t.like(await ask('/containerLogs/default/web/main'), { status: 400 });
});

test('a reader that goes away ends the following of a log', async (t) => {
  const { runtime, port } = await serve(t);
  const ended = Promise.withResolvers<void>();
  runtime.readLogs = async function* (_id: string, options?: { follow?: boolean; signal?: AbortSignal }) {
    t.true(options?.follow);
    yield Buffer.from('one\n');
    await new Promise((resolve) => options!.signal!.addEventListener('abort', resolve));
    ended.resolve();
  };
  get(`http://127.0.0.1:${port}/containerLogs/default/web/main?follow=true`, (response) => {
    response.once('data', () => response.destroy());
  });
  await ended.promise;
  t.pass();
});

test('which run of a container logs mean', (t) => {
  const of = (fields: Partial<v1.ContainerStatus>, previous = false): unknown => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web' },
      status: { containerStatuses: [{ ...base, ...fields }] },
    };
    return logSource(pod as v1.Pod, 'main', previous);
  };
  const ended = { terminated: { exitCode: 1, containerID: 'keelson://old' } };
  const error = (text: string): unknown => ({ error: `container "main" in pod "web" ${text}` });
  t.deepEqual(of({ state: { running: {} }, containerID: 'keelson://new', lastState: ended }), {
    containerId: 'keelson://new',
  });
  t.deepEqual(of({ state: { running: {} }, lastState: ended }, true), { containerId: 'keelson://old' });
  t.deepEqual(of({ state: ended }), { containerId: 'keelson://old' });
  t.deepEqual(of({ state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: ended }), {
    containerId: 'keelson://old',
  });
  t.deepEqual(of({ state: { terminated: { exitCode: 137 } } }), error('is terminated'));
  t.deepEqual(
    of({ state: { waiting: { reason: 'ErrImagePull' } } }),
    error("is waiting to start: image can't be pulled"),
  );
  t.deepEqual(
    of({ state: { waiting: { reason: 'ImagePullBackOff' } } }),
    error('is waiting to start: trying and failing to pull image'),
  );
  t.deepEqual(
    of({ state: { waiting: { reason: 'ContainerCreating' } } }),
    error('is waiting to start: ContainerCreating'),
  );
  t.deepEqual(of({}), error('is waiting to start: no logs yet'));
});
