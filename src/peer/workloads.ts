import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openProcessRuntime, type Runtime } from '../runtime/index.ts';

/** For a container to end by itself. */
const STOP_GRACE_MS = 5_000;

/** Where a peer's runtime keeps its containers. */
export function runtimeDir(dataDir: string): string {
  return join(dataDir, 'runtime');
}

/** Ends every container of a runtime; resolves with how many there were to end. */
export async function stopContainers(runtime: Runtime): Promise<number> {
  const running = runtime.listContainers().filter(({ state }) => state !== 'exited');
  await Promise.all(running.map(({ id }) => runtime.stopContainer(id, STOP_GRACE_MS)));
  return running.length;
}

/** Ends what a peer that no longer runs has left running; resolves with how many containers that were. */
export async function stopOrphans(dataDir: string): Promise<number> {
  const stateDir = runtimeDir(dataDir);
  if (!existsSync(stateDir)) return 0;
  const runtime = await openProcessRuntime({ stateDir });
  try {
    return await stopContainers(runtime);
  } finally {
    await runtime.close();
  }
}
