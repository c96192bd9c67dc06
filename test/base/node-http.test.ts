import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';

const src = fileURLToPath(new URL('../../src', import.meta.url));

test('what is used of it does not load the HTTP client behind it', async (t) => {
  const script = `
    const { nodeHttp } = await import(${JSON.stringify(join(src, 'base/index.ts'))});
    const { createServer } = nodeHttp();
    console.log(typeof createServer, process.moduleLoadList.some((name) => name.includes('undici')));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
  t.is(stdout, 'function false\n');
});

test('nothing imports values from it', (t) => {
  for (const file of globSync(join(src, '**/*.ts')))
    t.notRegex(readFileSync(file, 'utf8'), /^import (?!type )[^;]*'node:http'/m, file);
});
