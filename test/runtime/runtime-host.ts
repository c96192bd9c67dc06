// A process that hosts a runtime, for tests that kill it: starts a container and tells its id and pid.
import { openProcessRuntime } from '../../src/runtime/index.ts';
import { runScript } from './helpers.ts';

const [stateDir, script] = process.argv.slice(2);
setInterval(() => {}, 60_000);
const runtime = await openProcessRuntime({ stateDir: stateDir! });
const id = await runScript(runtime, script!);
console.log(JSON.stringify({ id, pid: runtime.containerStatus(id)!.pid }));
