import type { Random } from '../../src/base/index.ts';
import { freePorts } from '../../test/support/cluster.ts';
import { LinkProxy, type Weather } from './link-proxy.ts';
import { linkName, type Network, type NetworkFaults, type PeerAddress } from './network.ts';

/** Raft ports lie this far above the API ports. */
const PEER_PORT_OFFSET = 1_000;
/** And those of etcd's API so far. */
const ETCD_PORT_OFFSET = 500;

/** All peers on the loopback, with a TCP proxy of ours on the way from each to each: needs no privileges. */
export async function createProxies(peers: number, random: Random): Promise<Network> {
  const first = await freePorts();
  const ids = Array.from({ length: peers }, (_, i) => i + 1);
  const address = (peer: number): PeerAddress => ({
    host: '127.0.0.1',
    apiPort: first + peer - 1,
    peerPort: first + PEER_PORT_OFFSET + peer - 1,
    etcdPort: first + ETCD_PORT_OFFSET + peer - 1,
  });
  let faults: NetworkFaults = {};
  let blocked = new Set<string>();
  const weather = (from: number, to: number): Weather => ({
    blocked: () => blocked.has(linkName([from, to])),
    delayMs: () => (faults.delayMs ?? 0) * (1 + random.next() / 2),
  });
  const proxies = new Map<string, LinkProxy>();
  for (const from of ids) {
    for (const to of ids.filter((id) => id !== from)) {
      const { host, peerPort: port } = address(to);
      proxies.set(linkName([from, to]), await LinkProxy.start({ host, port }, weather(from, to), weather(to, from)));
    }
  }
  return {
    name: 'proxies',
    can: { loss: false, delay: true, reset: true },
    address,
    route: (from, to) => ({ host: '127.0.0.1', port: proxies.get(linkName([from, to]))!.port }),
    launcher: () => [],
    async set(next) {
      faults = next;
      blocked = new Set((next.blocked ?? []).map(linkName));
    },
    reset() {
      for (const proxy of proxies.values()) proxy.reset();
    },
    async close() {
      await Promise.all([...proxies.values()].map((proxy) => proxy.close()));
    },
  };
}
