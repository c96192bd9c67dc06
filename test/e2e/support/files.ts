import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestFn } from 'ava';

/** A folder of one's own that is removed after the file's tests. */
export function temporaryFolder<Context>(test: TestFn<Context>): string {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-e2e-'));
  test.after.always(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
