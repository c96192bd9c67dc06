import type { ExecutionContext, TestFn } from 'ava';
import type { Runtime } from '../../src/runtime/index.ts';
import {
  cleanUp,
  createSandbox,
  createScript,
  eventually,
  exited,
  isRunning,
  output,
  readAll,
  runScript,
  temporaryDirectory,
} from './helpers.ts';

export type OpenRuntime = (stateDir: string) => Promise<Runtime>;

/** What every runtime must do, whatever its containers are. `open` opens one on a state directory, any number of times. */
export function runtimeSuite(test: TestFn, name: string, open: OpenRuntime): void {
  const start = async (t: ExecutionContext): Promise<Runtime> => {
    const runtime = await open(await temporaryDirectory(t));
    cleanUp(t, runtime);
    return runtime;
  };

  test(`${name}: a container runs, its output is kept and its exit code told`, async (t) => {
    const runtime = await start(t);
    const id = await createScript(runtime, 'echo out; echo err >&2; exit 7');
    t.is(runtime.containerStatus(id)!.state, 'created');
    await runtime.startContainer(id);
    const status = await exited(runtime, id);
    t.like(status, { state: 'exited', exitCode: 7, reason: 'Error', name: 'main', image: 'host', attempt: 0 });
    t.true(status.startedAtMs! <= status.finishedAtMs!);
    t.is(await readAll(runtime.readLogs(id)), 'out\nerr\n');
  });

  test(`${name}: exit code 0 is Completed`, async (t) => {
    const runtime = await start(t);
    const id = await runScript(runtime, 'true');
    t.like(await exited(runtime, id), { exitCode: 0, reason: 'Completed', signal: undefined });
  });

  test(`${name}: a killing signal is 128 plus its number`, async (t) => {
    const runtime = await start(t);
    const id = await runScript(runtime, 'kill -9 $$');
    t.like(await exited(runtime, id), { exitCode: 137, signal: 9, reason: 'Error' });
  });

  test(`${name}: the environment is what the container says, and three defaults`, async (t) => {
    const runtime = await start(t);
    const env = [
      { name: 'PLAIN', value: 'a' },
      { name: 'QUOTED', value: `it's "$HOME" \`x\` \\ end` },
      { name: 'LINES', value: 'one\ntwo\n' },
      { name: 'EMPTY', value: '' },
      { name: 'dotted.name-x', value: 'odd' },
      { name: 'OPTIND', value: 'not a number' },
      { name: 'PLAIN', value: 'the last wins' },
    ];
    const id = await runScript(runtime, '', { command: ['env', '-0'], env });
    await exited(runtime, id);
    const variables = (await readAll(runtime.readLogs(id))).split('\0').filter(Boolean);
    const seen = Object.fromEntries(variables.map((line) => line.split(/=(.*)/s).slice(0, 2)));
    const { PATH, HOME, HOSTNAME, ...others } = seen;
    t.truthy(PATH);
    t.truthy(HOME);
    t.regex(HOSTNAME!, /^pod-/);
    t.deepEqual(others, {
      PLAIN: 'the last wins',
      QUOTED: env[1]!.value,
      LINES: 'one\ntwo\n',
      EMPTY: '',
      'dotted.name-x': 'odd',
      OPTIND: 'not a number',
    });
  });

  test(`${name}: arguments reach the program as they are`, async (t) => {
    const runtime = await start(t);
    const args = ['', ' ', "'", '"', '$HOME', '*', '\\n', 'ä\n😀', '-n', '`id`', '!'];
    const id = await runScript(runtime, '', { command: ['printf', '<%s>', ...args] });
    await exited(runtime, id);
    t.is(await readAll(runtime.readLogs(id)), args.map((arg) => `<${arg}>`).join(''));
  });

  test(`${name}: the working directory`, async (t) => {
    const runtime = await start(t);
    const id = await runScript(runtime, 'pwd', { workingDir: '/usr/bin' });
    await exited(runtime, id);
    t.is(await readAll(runtime.readLogs(id)), '/usr/bin\n');
  });

  test(`${name}: what can't be started fails to start, with a reason`, async (t) => {
    const runtime = await start(t);
    const cases = [
      { config: { command: ['no-such-program'] }, message: /"no-such-program": executable file not found in \$PATH/ },
      { config: { command: ['/no/such'] }, message: /stat \/no\/such: no such file or directory/ },
      { config: { command: ['/etc/passwd'] }, message: /permission denied/ },
      { config: { command: ['/etc'] }, message: /is a directory/ },
      { config: { command: ['true'], workingDir: '/no/such' }, message: /chdir to cwd \("\/no\/such"\)/ },
      { config: { command: [] }, message: /no command specified/ },
    ];
    for (const { config, message } of cases) {
      const id = await createScript(runtime, '', config);
      await t.throwsAsync(runtime.startContainer(id), { code: 'START_FAILED', message });
      t.like(runtime.containerStatus(id), { state: 'exited', exitCode: 128, reason: 'StartError' });
    }
  });

  test(`${name}: an image that is not there`, async (t) => {
    const runtime = await start(t);
    t.is(await runtime.imageStatus('registry.invalid/none:1'), undefined);
    await t.throwsAsync(runtime.pullImage('registry.invalid/none:1'), {
      code: 'IMAGE_NOT_FOUND',
      message: /registry\.invalid\/none:1/,
    });
    await t.throwsAsync(createScript(runtime, '', { image: 'registry.invalid/none:1' }), { code: 'IMAGE_NOT_FOUND' });
    t.deepEqual(runtime.listContainers(), []);
  });

  test(`${name}: stop lets a container end in its own way`, async (t) => {
    const runtime = await start(t);
    const id = await runScript(runtime, 'trap "echo bye; exit 3" TERM; echo ready; while :; do sleep 0.1; done');
    await output(runtime, id, 'ready');
    await runtime.stopContainer(id, 30_000);
    t.like(runtime.containerStatus(id), { state: 'exited', exitCode: 3 });
    t.regex(await readAll(runtime.readLogs(id)), /bye\n$/);
  });

  test(`${name}: stop kills what does not end, grandchildren in other sessions too`, async (t) => {
    const runtime = await start(t);
    const script = `trap "" TERM; setsid sh -c 'trap "" TERM; echo away $$; while :; do sleep 0.1; done' &
      sh -c 'echo near $$; exec sleep 1000' & sleep 0.1; echo ready; while :; do sleep 0.1; done`;
    const id = await runScript(runtime, script);
    const text = await output(runtime, id, 'ready');
    const [near, away] = ['near', 'away'].map((which) => Number(new RegExp(`${which} (\\d+)`).exec(text)![1]));
    await runtime.stopContainer(id, 200);
    t.like(runtime.containerStatus(id), { state: 'exited', exitCode: 137 });
    await eventually(runtime, () => runtime.containerStatus(id)?.state === 'exited');
    t.false(isRunning(near!));
    // Without a control group what has left the process group can't be told from others.
    if (runtime.info().cgroups.version === 'none') process.kill(away!, 'SIGKILL');
    else t.false(isRunning(away!));
  });

  test(`${name}: children left behind end with the first process`, async (t) => {
    const runtime = await start(t);
    const id = await runScript(runtime, 'sleep 1000 & echo $!');
    const events: string[] = [];
    runtime.onEvent(({ type }) => events.push(type));
    await eventually(runtime, () => events.includes('exited') || runtime.containerStatus(id)?.state === 'exited');
    const pid = Number(await readAll(runtime.readLogs(id)));
    await runtime.killContainer(id);
    t.true(pid > 0);
    t.false(isRunning(pid));
  });

  test(`${name}: a signal can be sent`, async (t) => {
    const runtime = await start(t);
    const id = await runScript(runtime, 'trap "echo got; exit 0" USR1; echo ready; while :; do sleep 0.1; done');
    await output(runtime, id, 'ready');
    await runtime.killContainer(id, 'SIGUSR1');
    t.like(await exited(runtime, id), { exitCode: 0 });
  });

  test(`${name}: events tell of starts and exits`, async (t) => {
    const runtime = await start(t);
    const events: unknown[] = [];
    const stop = runtime.onEvent((event) => events.push(event));
    const id = await runScript(runtime, 'exit 0');
    await eventually(runtime, () => events.length === 2);
    const { sandboxId, podUid } = runtime.containerStatus(id)!;
    t.deepEqual(events, [
      { type: 'started', containerId: id, sandboxId, podUid },
      { type: 'exited', containerId: id, sandboxId, podUid },
    ]);
    stop();
    await exited(runtime, await runScript(runtime, 'exit 0'));
    t.is(events.length, 2);
  });

  test(`${name}: exec runs a command beside the container's`, async (t) => {
    const runtime = await start(t);
    const id = await runScript(runtime, 'echo ready; exec sleep 1000', { env: [{ name: 'WHO', value: 'me' }] });
    await output(runtime, id, 'ready');
    t.deepEqual(await runtime.exec(id, ['sh', '-c', 'echo $WHO; echo no >&2; exit 4']), {
      exitCode: 4,
      stdout: 'me\n',
      stderr: 'no\n',
    });
    t.is((await runtime.exec(id, ['sh', '-c', 'kill -15 $$'])).exitCode, 143);
    t.is((await runtime.exec(id, ['seq', '100000'], { outputLimitBytes: 10 })).stdout, '1\n2\n3\n4\n5\n');
    await t.throwsAsync(runtime.exec(id, ['sleep', '1000'], { timeoutMs: 50 }), { code: 'EXEC_TIMEOUT' });
    await runtime.killContainer(id);
    await t.throwsAsync(runtime.exec(id, ['true']), { code: 'NOT_RUNNING' });
    await t.throwsAsync(runtime.exec('none', ['true']), { code: 'CONTAINER_NOT_FOUND' });
  });

  test(`${name}: logs are followed to the container's end`, async (t) => {
    const runtime = await start(t);
    const id = await runScript(runtime, 'for i in 1 2 3; do echo $i; sleep 0.1; done');
    t.is(await readAll(runtime.readLogs(id, { follow: true })), '1\n2\n3\n');
  });

  test(`${name}: following ends when the reader aborts`, async (t) => {
    const runtime = await start(t);
    const id = await runScript(runtime, 'echo 1; exec sleep 1000');
    const controller = new AbortController();
    let text = '';
    for await (const chunk of runtime.readLogs(id, { follow: true, signal: controller.signal })) {
      text += Buffer.from(chunk).toString();
      if (text === '1\n') setImmediate(() => controller.abort());
    }
    t.is(text, '1\n');
  });

  test(`${name}: sandboxes and containers are listed, stopped and removed`, async (t) => {
    const runtime = await start(t);
    const [one, two] = [await createSandbox(runtime), await createSandbox(runtime)];
    const config = { attempt: 2, image: 'host', command: ['sleep', '1000'], env: [], annotations: { hash: 'x' } };
    const a = await runtime.createContainer(one, { ...config, name: 'a' });
    const b = await runtime.createContainer(two, { ...config, name: 'b' });
    await runtime.startContainer(a);
    t.deepEqual(new Set(runtime.listSandboxes().map(({ id }) => id)), new Set([one, two]));
    t.deepEqual(
      runtime.listContainers({ sandboxId: one }).map(({ id }) => id),
      [a],
    );
    const { podUid } = runtime.containerStatus(b)!;
    t.like(runtime.listContainers({ podUid }), [{ id: b, state: 'created', attempt: 2, annotations: { hash: 'x' } }]);
    await runtime.stopSandbox(one);
    t.like(runtime.containerStatus(a), { state: 'exited', exitCode: 137 });
    t.is(runtime.listSandboxes().find(({ id }) => id === one)?.state, 'notReady');
    await runtime.removeSandbox(one);
    await runtime.removeSandbox(one);
    await runtime.removeContainer(b);
    await runtime.removeContainer(b);
    t.deepEqual(runtime.listContainers(), []);
    t.deepEqual(
      runtime.listSandboxes().map(({ id }) => id),
      [two],
    );
    t.is(runtime.containerStatus(a), undefined);
    await t.throwsAsync(readAll(runtime.readLogs(a)), { code: 'CONTAINER_NOT_FOUND' });
    await t.throwsAsync(runtime.createContainer(one, { ...config, name: 'a' }), { code: 'SANDBOX_NOT_FOUND' });
  });

  test(`${name}: a runtime opened anew adopts what runs and learns what has ended`, async (t) => {
    const stateDir = await temporaryDirectory(t);
    const first = await open(stateDir);
    const running = await runScript(first, 'echo one; exec sleep 1000');
    await output(first, running, 'one');
    const before = first.containerStatus(running)!;
    const created = await createScript(first, 'echo started once');
    // The first is dropped without stopping anything, as when its process dies.
    await first.close();

    const second = await open(stateDir);
    cleanUp(t, second);
    t.deepEqual(second.containerStatus(running), before);
    t.is(second.containerStatus(created)?.state, 'created');
    t.is(second.listSandboxes().length, 2);
    await second.startContainer(created);
    t.like(await exited(second, created), { exitCode: 0 });
    t.is(await readAll(second.readLogs(created)), 'started once\n');
    await second.killContainer(running, 'SIGTERM');
    t.like(await exited(second, running), { exitCode: 143 });
    await second.close();

    const third = await open(stateDir);
    cleanUp(t, third);
    t.like(third.containerStatus(running), { state: 'exited', exitCode: 143, startedAtMs: before.startedAtMs });
    t.is(await readAll(third.readLogs(running)), 'one\n');
  });

  test(`${name}: a closed runtime starts nothing`, async (t) => {
    const runtime = await start(t);
    await runtime.close();
    await t.throwsAsync(createSandbox(runtime), { code: 'RUNTIME_CLOSED' });
  });
}
