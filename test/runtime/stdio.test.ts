import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import test, { type ExecutionContext } from 'ava';
import { openProcessRuntime, type Runtime } from '../../src/runtime/index.ts';
import { cleanUp, createScript, exited, isRunning, output, readAll, runScript, temporaryDirectory } from './helpers.ts';

async function start(t: ExecutionContext): Promise<Runtime> {
  const runtime = await openProcessRuntime({ stateDir: await temporaryDirectory(t) });
  cleanUp(t, runtime);
  return runtime;
}

/** A container that only waits for commands. */
async function idle(t: ExecutionContext): Promise<{ runtime: Runtime; id: string }> {
  const runtime = await start(t);
  const id = await runScript(runtime, 'echo ready; exec sleep 1000');
  await output(runtime, id, 'ready');
  return { runtime, id };
}

async function text(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** Reads until the output holds `wanted`. */
function until(stream: Readable, wanted: string | RegExp): Promise<string> {
  let all = '';
  return new Promise((resolve, reject) => {
    const look = (chunk: Buffer): void => {
      all += chunk.toString();
      if (typeof wanted === 'string' ? !all.includes(wanted) : !wanted.test(all)) return;
      stream.off('data', look);
      resolve(all);
    };
    stream.on('data', look);
    stream.once('close', () => reject(new Error(`ended without ${wanted}: ${JSON.stringify(all)}`)));
  });
}

test('a command reads its input, writes two outputs and tells its exit code', async (t) => {
  const { runtime, id } = await idle(t);
  const session = await runtime.startExec(id, ['sh', '-c', 'cat; echo no >&2; exit 7'], { stdin: true });
  session.stdin!.end('hello\n');
  t.is(await text(session.stdout), 'hello\n');
  t.is(await text(session.stderr!), 'no\n');
  t.is(await session.exited, 7);
  session.close();
});

test('without input a command sees its end; streams can be opened by name', async (t) => {
  const { runtime, id } = await idle(t);
  const session = await runtime.startExec(id, [
    'sh',
    '-c',
    'cat; cat </dev/stdin; echo a >/dev/stdout; echo b >/dev/stderr',
  ]);
  t.is(session.stdin, undefined);
  t.is(await text(session.stdout), 'a\n');
  t.is(await text(session.stderr!), 'b\n');
  t.is(await session.exited, 0);
});

test('megabytes go through a command, however slow they are read', async (t) => {
  const { runtime, id } = await idle(t);
  const session = await runtime.startExec(id, ['cat'], { stdin: true });
  const bytes = Buffer.alloc(5_000_000, 'keelson');
  session.stdin!.end(bytes);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const chunks: Buffer[] = [];
  for await (const chunk of session.stdout) {
    if (chunks.length % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    chunks.push(chunk as Buffer);
  }
  t.true(Buffer.concat(chunks).equals(bytes));
});

test('what is left in the background does not hold up the end', async (t) => {
  const { runtime, id } = await idle(t);
  const session = await runtime.startExec(id, ['sh', '-c', 'sleep 1000 & echo $!']);
  t.is(await session.exited, 0);
  t.regex(await text(session.stdout), /^\d+\n$/);
});

test('closing kills the command with all it has started', async (t) => {
  const { runtime, id } = await idle(t);
  const script = `trap '' HUP TERM; setsid sleep 1000 & echo $!; sleep 1000 & echo $!; echo $$; wait`;
  for (const tty of [false, true]) {
    const session = await runtime.startExec(id, ['sh', '-c', script], { tty });
    const pids = (await until(session.stdout, /(\d+\s+){3}/)).trim().split(/\s+/).map(Number);
    t.deepEqual(pids.map(isRunning), [true, true, true]);
    session.close();
    t.true((await session.exited) > 128);
    t.deepEqual(pids.map(isRunning), [false, false, false]);
  }
});

test('a command ends with its container', async (t) => {
  const { runtime, id } = await idle(t);
  const session = await runtime.startExec(id, ['sh', '-c', 'echo $$; exec sleep 1000']);
  const pid = Number(await until(session.stdout, '\n'));
  await runtime.stopContainer(id, 0);
  t.is(await session.exited, 137);
  t.false(isRunning(pid));
});

test('a command in a terminal: size, resizing, interrupting, end of input', async (t) => {
  const { runtime, id } = await idle(t);
  const script = `trap 'stty size' WINCH; stty size; echo $TERM; while :; do sleep 0.05; done`;
  const session = await runtime.startExec(id, ['bash', '-c', script], {
    tty: true,
    stdin: true,
    size: { columns: 100, rows: 40 },
  });
  t.is(session.stderr, undefined);
  t.regex(await until(session.stdout, 'xterm'), /^40 100\r\nxterm/);
  session.resize({ columns: 70, rows: 20 });
  session.resize({ columns: Number.NaN, rows: 1 });
  session.resize({ columns: 120, rows: 30 });
  await until(session.stdout, '30 120');
  session.stdin!.write('\x03');
  t.is(await session.exited, 130);

  const cat = await runtime.startExec(id, ['sh', '-c', 'tty; cat; echo end'], { tty: true, stdin: true });
  await until(cat.stdout, /\/dev\/pts\/\d+\r\n/);
  cat.stdin!.write('said\r\x04');
  t.regex(await text(cat.stdout), /^(said\r\n){2}end\r\n$/);
  t.is(await cat.exited, 0);
});

test('attaching: input goes in, output comes from now on, and others may too', async (t) => {
  const runtime = await start(t);
  const id = await runScript(runtime, 'echo early; while read -r line; do echo "<$line>"; done; echo end', {
    stdin: true,
  });
  await output(runtime, id, 'early');
  const [first, second] = [await runtime.attach(id, { stdin: true }), await runtime.attach(id)];
  t.is(second.stdin, undefined);
  first.stdin!.write('one\n');
  t.is(await until(first.stdout, '<one>\n'), '<one>\n');
  t.is(await until(second.stdout, '<one>\n'), '<one>\n');
  first.stdin!.end();
  first.close();
  const third = await runtime.attach(id, { stdin: true });
  third.stdin!.write('two\n');
  t.is(await until(third.stdout, '<two>\n'), '<two>\n');
  await runtime.stopContainer(id, 0);
  t.is(await third.exited, 137);
  await t.throwsAsync(runtime.attach(id), { code: 'NOT_RUNNING' });
});

test('one attachment: its reader misses nothing, and its end is the end of the input', async (t) => {
  const runtime = await start(t);
  const id = await runScript(runtime, 'echo early; cat; echo end; exit 3', { stdin: true, stdinOnce: true });
  await output(runtime, id, 'early');
  const session = await runtime.attach(id, { stdin: true });
  session.stdin!.end('one\n');
  t.is(await text(session.stdout), 'early\none\nend\n');
  t.is(await session.exited, 3);
  t.is((await exited(runtime, id)).exitCode, 3);
});

test('a container with a terminal', async (t) => {
  const runtime = await start(t);
  const id = await createScript(runtime, 'test -t 0 && test -t 1 && tty && read -r line && stty size; exit 5', {
    stdin: true,
    stdinOnce: true,
    tty: true,
  });
  await runtime.startContainer(id);
  const session = await runtime.attach(id, { stdin: true });
  await until(session.stdout, '/dev/pts/');
  session.resize({ columns: 90, rows: 33 });
  await new Promise((resolve) => setTimeout(resolve, 300));
  session.stdin!.write('go\r');
  t.is(await session.exited, 5);
  t.regex(await readAll(runtime.readLogs(id)), /^\/dev\/pts\/\d+\r\ngo\r\n33 90\r\n$/);
});

test('the input of a container outlives the peer', async (t) => {
  const stateDir = await temporaryDirectory(t);
  const before = await openProcessRuntime({ stateDir });
  const id = await runScript(before, 'while read -r line; do echo "<$line>"; done', { stdin: true, tty: true });
  await before.close();
  const runtime = await openProcessRuntime({ stateDir });
  cleanUp(t, runtime);
  const session = await runtime.attach(id, { stdin: true });
  session.stdin!.write('again\r');
  await until(session.stdout, '<again>');
  session.close();
  const { pid } = runtime.containerStatus(id)!;
  await runtime.killContainer(id);
  t.false(isRunning(pid!));
});

test('commands leave no files behind', async (t) => {
  const stateDir = await temporaryDirectory(t);
  const runtime = await openProcessRuntime({ stateDir });
  cleanUp(t, runtime);
  const id = await runScript(runtime, 'exec sleep 1000');
  const files = (): string[] => readdirSync(join(stateDir, 'containers', id)).sort();
  const before = files();
  const session = await runtime.startExec(id, ['true']);
  await session.exited;
  t.deepEqual(files(), before);
});
