import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'ava';
import { createNamespaces, namespacesMissing } from '../../chaos/network/namespaces.ts';
import type { Network, NetworkFaults } from '../../chaos/network/network.ts';
import { lacks } from '../runtime/helpers.ts';

const CONNECT_MS = 500;
const listening = `require('node:net').createServer().listen(17443, () => console.log('listening'))`;
const connecting = (host: string): string => `
  const socket = require('node:net').connect(17443, '${host}', () => process.exit(0));
  socket.on('error', () => process.exit(1));
  setTimeout(() => process.exit(1), ${CONNECT_MS});`;

function run(launcher: readonly string[], script: string): ChildProcess {
  const [command = '', ...args] = [...launcher, process.execPath, '-e', script];
  return spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Whether a new connection can be made; `launcher` empty: from this machine itself. */
async function reaches(launcher: readonly string[], host: string): Promise<boolean> {
  const [code] = await once(run(launcher, connecting(host)), 'exit');
  return code === 0;
}

/** Who reaches whom. */
async function reached(network: Network, faults: NetworkFaults): Promise<string> {
  await network.set(faults);
  const pairs = [
    [1, 2],
    [2, 1],
    [3, 2],
  ] as const;
  const results = await Promise.all(
    pairs.map(([from, to]) => reaches(network.launcher(from), network.address(to).host)),
  );
  return pairs.filter((_, i) => results[i]).join(' ');
}

test('packets between namespaces get through, or not; those from clients always do', async (t) => {
  const missing = namespacesMissing();
  if (lacks(t, missing === undefined, `network namespaces (${missing})`)) return;
  const network = createNamespaces(3);
  const servers = [1, 2].map((peer) => run(network.launcher(peer), listening));
  try {
    await Promise.all(servers.map((server) => once(server.stdout!, 'data')));
    t.is(await reached(network, {}), '1,2 2,1 3,2');
    const both = [
      [1, 2],
      [2, 1],
    ] as const;
    t.is(await reached(network, { blocked: both }), '3,2');
    // One way is enough to keep a handshake from coming about, from either side.
    t.is(await reached(network, { blocked: [[1, 2]] }), '3,2');
    t.is(await reached(network, { lossPercent: 99 }), '');
    t.true(await reaches([], network.address(2).host));
    t.is(await reached(network, {}), '1,2 2,1 3,2');
  } finally {
    for (const server of servers) server.kill();
    await network.close();
  }
});
