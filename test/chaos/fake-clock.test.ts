import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test from 'ava';
import { FakeClock, fakeTimeLibrary } from '../../chaos/fake-clock.ts';
import { lacks } from '../runtime/helpers.ts';

const script = "process.stdin.on('data', () => console.log(JSON.stringify([Date.now(), performance.now()])))";

test('the wall clock of another process jumps, ahead and back; its monotonic time does not', async (t) => {
  const library = fakeTimeLibrary();
  if (lacks(t, library !== undefined, 'libfaketime') || library === undefined) return;
  const directory = mkdtempSync(join(tmpdir(), 'keelson-clock-'));
  const clock = new FakeClock(library, join(directory, 'clock'));
  const child = spawn(process.execPath, ['-e', script], {
    env: { ...process.env, ...clock.environment },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const lines = createInterface({ input: child.stdout });
  const ask = async (): Promise<[wall: number, monotonic: number]> => {
    child.stdin.write('?');
    const [line] = (await once(lines, 'line')) as [string];
    return JSON.parse(line);
  };
  try {
    let [, before] = await ask();
    for (const seconds of [0, 3_600, -7_200, 0]) {
      clock.set(seconds);
      const [wall, monotonic] = await ask();
      const ahead = (wall - Date.now()) / 1_000;
      t.true(Math.abs(ahead - seconds) < 600, `${ahead} s ahead instead of ${seconds}`);
      t.true(monotonic >= before && monotonic - before < 600_000);
      before = monotonic;
    }
  } finally {
    child.kill();
    rmSync(directory, { recursive: true, force: true });
  }
});
