import { once } from 'node:events';
import { createServer } from 'node:net';
import test from 'ava';
import { checkPorts } from '../../src/cli/ports.ts';
import { planShape } from '../../src/peer/index.ts';
import { freePorts } from '../support/cluster.ts';

test('free ports are free again after they were tried', async (t) => {
  const shape = planShape({ port: await freePorts() });
  await checkPorts(shape, 'move');
  await t.notThrowsAsync(checkPorts(shape, 'move'));
});

/** Ports of a cluster from port 0 on, and whose they are. */
const cases: [offset: number, shared: boolean, what: string][] = [
  [0, false, "peer 1's API"],
  [2, false, "peer 3's API"],
  [999, false, "the peers' shared API"],
  // Whoever sets SO_REUSEPORT, as peers do there, could have a part of their connections.
  [999, true, "the peers' shared API"],
  [1001, false, "peer 2's Raft"],
];

for (const [offset, shared, what] of cases) {
  test(`a port in use is named: ${what}${shared ? ', with a stranger that shares it' : ''}`, async (t) => {
    const port = await freePorts();
    const stranger = createServer().listen({ host: '127.0.0.1', port: port + offset, reusePort: shared });
    t.teardown(() => stranger.close());
    await once(stranger, 'listening');
    await t.throwsAsync(checkPorts(planShape({ port }), 'choose others with --port'), {
      code: 'PORT_BUSY',
      message: `port ${port + offset} on 127.0.0.1, for ${what}, is in use by another process: stop that, or choose others with --port`,
    });
  });
}

test('an address that is not this machine’s is told apart', async (t) => {
  const shape = planShape({ port: await freePorts(), peers: 1 });
  const [member] = shape.members;
  const elsewhere = { ...shape, members: [{ ...member!, host: '203.0.113.1' }] };
  await t.throwsAsync(checkPorts(elsewhere, 'move'), { code: 'PORT_REFUSED', message: /EADDRNOTAVAIL.*: move$/ });
});
