import { isAlive } from '../../src/peer/index.ts';
import { isInstalled, system } from './commands.ts';
import type { Network, NetworkFaults, PeerAddress } from './network.ts';

const API_PORT = 16443;
const PEER_PORT = 17443;
const ETCD_PORT = 12379;
/** Of 198.18.0.0/15, which is set aside for tests of networks (RFC 2544). */
const SUBNETS = 256;

/** Why peers can't have network namespaces of their own here; undefined when they can. */
export function namespacesMissing(): string | undefined {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  const missing = ['ip', 'nft', 'nsenter'].filter((command) => !isInstalled(command));
  if (missing.length > 0) return `${missing.join(', ')} not found: install iproute2, nftables and util-linux`;
  return undefined;
}

/**
 * Each peer in a network namespace of its own, all on one bridge, on which this machine is too. Faults are packet filters
 * in the receiver's namespace, so that TCP itself has to cope with them.
 */
export function createNamespaces(peers: number): Network {
  removeLeftovers();
  const prefix = `chaos${process.pid}`;
  const bridge = `${prefix}b`;
  const subnet = freeSubnet();
  const ids = Array.from({ length: peers }, (_, i) => i + 1);
  const host = (peer: number): string => `${subnet}.${peer}`;
  const namespace = (peer: number): string => `${prefix}-${peer}`;

  const close = async (): Promise<void> => {
    for (const peer of ids) attempt(() => system('ip', ['netns', 'delete', namespace(peer)]));
    attempt(() => system('ip', ['link', 'delete', bridge]));
  };
  try {
    system('ip', ['link', 'add', bridge, 'type', 'bridge']);
    system('ip', ['address', 'add', `${subnet}.254/24`, 'dev', bridge]);
    system('ip', ['link', 'set', bridge, 'up']);
    for (const peer of ids) addNamespace(namespace(peer), `${prefix}v${peer}`, bridge, host(peer));
  } catch (error) {
    void close();
    throw error;
  }

  const address = (peer: number): PeerAddress => ({
    host: host(peer),
    apiPort: API_PORT,
    peerPort: PEER_PORT,
    etcdPort: ETCD_PORT,
  });
  return {
    name: 'namespaces',
    can: { loss: true, delay: false, reset: false },
    address,
    route: (_from, to) => ({ host: host(to), port: PEER_PORT }),
    launcher: (peer) => ['nsenter', `--net=/run/netns/${namespace(peer)}`],
    async set(faults) {
      for (const peer of ids) {
        const senders = ids.filter((id) => id !== peer);
        const rules = filterOf(peer, senders, faults, host);
        system('nsenter', [`--net=/run/netns/${namespace(peer)}`, 'nft', '-f', '-'], rules);
      }
    },
    reset() {
      throw new Error('connections between namespaces can not be reset');
    },
    close,
  };
}

function addNamespace(name: string, link: string, bridge: string, host: string): void {
  const inside = (...args: string[]): string => system('ip', ['-n', name, ...args]);
  system('ip', ['netns', 'add', name]);
  system('ip', ['link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name]);
  system('ip', ['link', 'set', link, 'master', bridge, 'up']);
  inside('address', 'add', `${host}/24`, 'dev', 'eth0');
  inside('link', 'set', 'lo', 'up');
  inside('link', 'set', 'eth0', 'up');
}

/** The rules that replace, in one step, those of the peer's namespace. */
function filterOf(
  peer: number,
  senders: readonly number[],
  { blocked = [], lossPercent = 0 }: NetworkFaults,
  host: (peer: number) => string,
): string {
  const rules = blocked.filter(([, to]) => to === peer).map(([from]) => `ip saddr ${host(from)} drop`);
  if (lossPercent > 0) {
    const from = `{ ${senders.map(host).join(', ')} }`;
    rules.push(`ip saddr ${from} numgen random mod 100 < ${Math.round(lossPercent)} drop`);
  }
  const chain = `chain input { type filter hook input priority 0; policy accept;\n${rules.join('\n')}\n}`;
  return `table inet chaos\ndelete table inet chaos\ntable inet chaos {\n${chain}\n}\n`;
}

/** A run that was killed could not clean up. */
function removeLeftovers(): void {
  for (const [, name = '', pid] of system('ip', ['netns', 'list']).matchAll(/^(chaos(\d+)-\d+)/gm)) {
    if (!isAlive(Number(pid))) attempt(() => system('ip', ['netns', 'delete', name]));
  }
  for (const [, name = '', pid] of system('ip', ['-o', 'link', 'show', 'type', 'bridge']).matchAll(/(chaos(\d+)b)/g)) {
    if (!isAlive(Number(pid))) attempt(() => system('ip', ['link', 'delete', name]));
  }
}

function freeSubnet(): string {
  const used = system('ip', ['-4', 'route', 'show']);
  for (let i = 0; i < SUBNETS; i++) {
    const subnet = `198.18.${(process.pid + i) % SUBNETS}`;
    if (!used.includes(`${subnet}.`)) return subnet;
  }
  throw new Error('all of 198.18.0.0/16 is in use on this machine');
}

/** What can't be removed was not there, or goes with what holds it. */
function attempt(action: () => void): void {
  try {
    action();
  } catch {
    // See above.
  }
}
