import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { createLogger } from '../../src/peer/logger.ts';
import { temporaryDir } from './temporary.ts';

test('a log is JSON lines in a private file, and keeps secrets out', (t) => {
  const path = join(temporaryDir(t), 'log');
  const logger = createLogger({ path, level: 'info', fields: { node: 'peer-1' } });
  logger.debug({}, 'too fine');
  logger.info({ lines: 'one\ntwo' }, 'started');
  logger.child({ component: 'store' }).warn(
    {
      request: { token: 'hush', key: 'hush', password: 'hush' },
      object: { data: { a: 'hush' }, stringData: { b: 'hush' }, kind: 'Secret' },
    },
    'odd',
  );
  const text = readFileSync(path, 'utf8');
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.is(lines.length, 2);
  t.like(lines[0], { level: 'info', node: 'peer-1', lines: 'one\ntwo', msg: 'started' });
  t.like(lines[1], { level: 'warn', component: 'store', msg: 'odd', object: { kind: 'Secret' } });
  t.false(Number.isNaN(Date.parse(lines[0].time)));
  t.notRegex(text, /hush/);
  t.is(statSync(path).mode & 0o777, 0o600);
});
