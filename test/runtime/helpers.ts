import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { ContainerConfig, ContainerStatus, Runtime } from '../../src/runtime/index.ts';

export async function temporaryDirectory(t: ExecutionContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'keelson-runtime-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Removes all sandboxes with their containers at the test's end, then closes. */
export function cleanUp(t: ExecutionContext, runtime: Runtime): void {
  // A runtime keeps no process alive by itself.
  const keepAlive = setInterval(() => {}, 60_000);
  t.teardown(async () => {
    for (const { id } of runtime.listSandboxes()) await runtime.removeSandbox(id);
    await runtime.close();
    clearInterval(keepAlive);
  });
}

let pods = 0;

export function createSandbox(runtime: Runtime): Promise<string> {
  const name = `pod-${++pods}`;
  return runtime.createSandbox({
    podUid: `uid-${process.pid}-${pods}`,
    namespace: 'default',
    name,
    hostname: name,
    ip: '127.1.0.1',
  });
}

/** Creates a container that runs a shell script. */
export async function createScript(
  runtime: Runtime,
  script: string,
  config: Partial<ContainerConfig> = {},
): Promise<string> {
  return runtime.createContainer(await createSandbox(runtime), {
    name: 'main',
    attempt: 0,
    image: 'host',
    command: ['sh', '-c', script],
    env: [],
    ...config,
  });
}

export async function runScript(runtime: Runtime, script: string, config?: Partial<ContainerConfig>): Promise<string> {
  const id = await createScript(runtime, script, config);
  await runtime.startContainer(id);
  return id;
}

/** Waits for the container's end. */
export async function exited(runtime: Runtime, id: string): Promise<ContainerStatus> {
  await eventually(runtime, () => runtime.containerStatus(id)?.state === 'exited');
  return runtime.containerStatus(id)!;
}

/** Looks at each event, and now. */
export function eventually(runtime: Runtime, condition: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!condition()) return;
      stop();
      resolve();
    };
    const stop = runtime.onEvent(look);
    look();
  });
}

/** Whether the process runs; one that has ended, and that nobody asked about yet, does not. */
export function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

export async function readAll(logs: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of logs) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Follows the output until it holds `text`. */
export async function output(runtime: Runtime, id: string, text: string): Promise<string> {
  const decoder = new TextDecoder();
  let all = '';
  for await (const chunk of runtime.readLogs(id, { follow: true })) {
    all += decoder.decode(chunk, { stream: true });
    if (all.includes(text)) return all;
  }
  throw new Error(`the container ended without ${JSON.stringify(text)}, after: ${all}`);
}

/**
 * Whether a test that needs something of the machine must be left out. On CI nothing may be missing, so there it
 * fails instead.
 */
export function lacks(t: ExecutionContext, present: boolean, what: string): boolean {
  if (present) return false;
  if (process.env.CI) t.fail(`CI must have ${what}`);
  else {
    t.log(`left out: this machine has no ${what}`);
    t.pass();
  }
  return true;
}
