import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { isAlive, livePid, readPid } from '../../src/peer/process-id.ts';
import { temporaryDir } from './temporary.ts';

/** A peer's directory. */
function peerDir(t: ExecutionContext): string {
  const dir = join(temporaryDir(t), 'peer-1');
  mkdirSync(dir);
  writeFileSync(join(dir, 'config.json'), '{}');
  return dir;
}

/** A process that does nothing, with these words behind its program. */
async function start(t: ExecutionContext, words: string[], cwd: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1e6)', '--', ...words], {
    cwd,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child.stdout!, 'data');
  return child;
}

test('a process is taken for a peer only if its command line names the configuration beside the pid file', async (t) => {
  const dir = peerDir(t);
  const pidFile = join(dir, 'pid');
  const config = join(dir, 'config.json');
  const peers = [
    ['peer', '--config', config],
    ['peer', `--config=${config}`],
    ['peer', '--config', 'config.json'],
    ['peer', '--config', '../peer-1/config.json'],
  ];
  for (const words of peers) {
    const { pid } = await start(t, words, dir);
    writeFileSync(pidFile, `${pid}\n`);
    t.is(livePid(pidFile), pid, words.join(' '));
  }
  for (const words of [[], ['peer', '--config', '/etc/passwd'], ['peer', '--config'], [config]]) {
    const { pid } = await start(t, words, dir);
    writeFileSync(pidFile, `${pid}\n`);
    t.is(livePid(pidFile), undefined, words.join(' '));
  }
});

test('a process that has ended is not alive, even while nobody has noticed', async (t) => {
  const dir = peerDir(t);
  const child = await start(t, ['peer', '--config', join(dir, 'config.json')], dir);
  const pid = child.pid as number;
  writeFileSync(join(dir, 'pid'), `${pid}`);
  t.true(isAlive(pid));
  child.kill('SIGKILL');
  await once(child, 'exit');
  t.false(isAlive(pid));
  t.is(livePid(join(dir, 'pid')), undefined);
  // The shell's child stays a zombie: the program that replaces the shell never waits for it.
  const parent = spawn('sh', ['-c', 'sleep 101 & echo $!; exec sleep 100'], { stdio: ['ignore', 'pipe', 'ignore'] });
  t.teardown(() => parent.kill('SIGKILL'));
  const [chunk] = (await once(parent.stdout!, 'data')) as [Buffer];
  const zombie = Number(chunk.toString());
  // Not before the shell is gone, which would notice.
  while (readFileSync(`/proc/${parent.pid}/comm`, 'latin1') !== 'sleep\n')
    await new Promise((resolve) => setTimeout(resolve, 5));
  process.kill(zombie, 'SIGKILL');
  while (isAlive(zombie)) await new Promise((resolve) => setTimeout(resolve, 5));
  t.notThrows(() => process.kill(zombie, 0));
});

test('a pid file that is missing, empty or nonsense names no process', (t) => {
  const dir = peerDir(t);
  const path = join(dir, 'pid');
  t.is(readPid(path), undefined);
  for (const text of ['', 'abc', '-1', '0', '1.5', '99999999999999999999']) {
    writeFileSync(path, text);
    t.is(readPid(path), undefined, text);
    t.is(livePid(path), undefined, text);
  }
  writeFileSync(path, ' 12 \n');
  t.is(readPid(path), 12);
});
