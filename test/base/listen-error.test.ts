import { createServer } from 'node:net';
import test from 'ava';
import { listenError } from '../../src/base/index.ts';

/** What the system says when that is listened on. */
function failure(host: string, port: number): Promise<Error> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', resolve);
    server.listen(port, host, () => server.close(() => reject(new Error(`${host}:${port} could be listened on`))));
  });
}

const at = { host: 'h', port: 1, what: 'the API' };

test('the system’s codes become one line that says what to do', async (t) => {
  const error = (code: string): Error => Object.assign(new Error(`listen ${code}`), { code });
  const cases: [code: string, ours: string, text: string][] = [
    ['EADDRINUSE', 'PORT_BUSY', 'is in use by another process: stop that, or change it in the configuration'],
    ['EACCES', 'PORT_REFUSED', "can't be used (EACCES: this user may not listen on that port): change it"],
    ['EADDRNOTAVAIL', 'PORT_REFUSED', "can't be used (EADDRNOTAVAIL: this machine does not have that address)"],
    ['EMFILE', 'PORT_REFUSED', "can't be used (listen EMFILE): change it in the configuration"],
  ];
  for (const [code, ours, text] of cases) {
    const { code: got, message } = listenError(error(code), at);
    t.is(got, ours);
    t.true(message.startsWith(`port 1 on h, for the API, ${text}`), message);
  }
  t.true(listenError(error('EACCES'), at, 'move').message.endsWith(': move'));
});

test('they are what a real socket fails with', async (t) => {
  const busy = createServer();
  await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve));
  t.teardown(() => busy.close());
  const { port } = busy.address() as { port: number };
  t.is(listenError(await failure('127.0.0.1', port), at).code, 'PORT_BUSY');
  t.regex(listenError(await failure('203.0.113.1', 0), at).message, /this machine does not have that address/);
});
