import { connect, createServer } from 'node:net';
import { listenError } from '../base/index.ts';
import type { ClusterShape } from '../peer/index.ts';

/**
 * Makes sure that a cluster's ports are free, the shared one too, which its peers could bind beside a stranger. Throws
 * PORT_BUSY, or PORT_REFUSED when this machine does not give one.
 */
export async function checkPorts({ members, sharedApiPort, store }: ClusterShape, advice: string): Promise<void> {
  const host = members[0]?.host ?? '';
  const addresses = [
    ...members.map((member) => ({ host: member.host, port: member.apiPort, what: `peer ${member.id}'s API` })),
    ...members.flatMap(({ id, host, etcdPort }) =>
      etcdPort === undefined ? [] : [{ host, port: etcdPort, what: `peer ${id}'s etcd API` }],
    ),
    { host, port: sharedApiPort, what: "the peers' shared API" },
    // On etcd there is no Raft between peers.
    ...(store === undefined ? members : []).map(({ id, host, peerPort }) => ({
      host,
      port: peerPort,
      what: `peer ${id}'s Raft`,
    })),
  ];
  for (const address of addresses) {
    const failure = await tryPort(address.host, address.port);
    if (failure !== undefined) throw listenError(failure, address, advice);
  }
}

/** Why a port can't be listened on. */
function tryPort(host: string, port: number): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

/** Whether somebody accepts connections. */
export function listens(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
