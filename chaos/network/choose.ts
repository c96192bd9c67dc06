import { seededRandom } from '../../src/base/index.ts';
import { createNamespaces, namespacesMissing } from './namespaces.ts';
import type { Network } from './network.ts';
import { createProxies } from './proxies.ts';

export interface NetworkOptions {
  seed: number;
  network: Network['name'] | undefined;
  /** Default 3. */
  peers?: number;
  tell(text: string): void;
}

/** The network that is asked for, or else the best that can be had here. Rejects when the one that is asked for can't. */
export async function chooseNetwork({ seed, network, peers = 3, tell }: NetworkOptions): Promise<Network> {
  const missing = namespacesMissing();
  if (network === 'namespaces' && missing !== undefined) throw new Error(missing);
  const useProxies = network === 'proxies' || missing !== undefined;
  if (network === undefined && useProxies) tell(`${missing}: with proxies between the peers instead`);
  return useProxies ? createProxies(peers, seededRandom(seed + 1)) : createNamespaces(peers);
}
