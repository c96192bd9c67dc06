import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

/** A directory that goes with the test. */
export function temporaryDir(t: ExecutionContext<unknown>): string {
  const dir = mkdtempSync(join(tmpdir(), 'keelson-peer-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}
