import { fileURLToPath } from 'node:url';
import test from 'ava';
import { run } from '../support/kubectl.ts';

/** The short form of `npm run chaos -- leader-kill`. */
test('the leader is killed again and again: no write, no event and no pod is lost', async (t) => {
  t.timeout(240_000);
  const main = fileURLToPath(new URL('../../chaos/main.ts', import.meta.url));
  const { code, stdout, stderr } = await run(process.execPath, [main, 'leader-kill', '--rounds', '4'], {
    timeoutMs: 230_000,
  });
  t.log(stdout.trim().split('\n').at(-1) ?? '');
  t.is(code, 0, `${stdout}\n${stderr}`);
  const { ok, kills, acknowledged } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}');
  t.true(ok);
  t.is(kills, 4);
  t.true(acknowledged > 0);
});
