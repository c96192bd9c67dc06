import type { Plugin } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';

/** Keeps two pods from the same port of a host. */
export const nodePorts: Plugin = {
  name: 'NodePorts',
  filter(pod, node) {
    if (!pod.hostPorts.some((port) => isTaken(node, port))) return undefined;
    return { reasons: ["node(s) didn't have free ports for the requested pod ports"], resolvable: true };
  },
};

/** A port on all addresses is in the way of the same port on any one. */
function isTaken({ hostPorts }: NodeInfo, wanted: string): boolean {
  if (hostPorts.size === 0) return false;
  const [protocol, address, port] = wanted.split('/');
  if (address !== '0.0.0.0') return hostPorts.has(wanted) || hostPorts.has(`${protocol}/0.0.0.0/${port}`);
  for (const taken of hostPorts.keys()) {
    const parts = taken.split('/');
    if (parts[0] === protocol && parts[2] === port) return true;
  }
  return false;
}
