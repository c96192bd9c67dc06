import { join } from 'node:path';
import type { Client } from '../client/index.ts';
import { type Kubelet, startKubelet } from '../kubelet/index.ts';
import { openProcessRuntime } from '../runtime/index.ts';
import type { PeerContext } from './context.ts';
import { goodbye } from './goodbye.ts';
import { runtimeDir, stopContainers } from './workloads.ts';

/** The node that a peer is: the runtime from the start, its kubelet once the API serves it. */
export interface Node {
  readonly mode: string;
  startKubelet(client: Client): void;
  /** Serves the kubelet's own HTTP endpoints; undefined until it is started. */
  kubelet(): Pick<Kubelet, 'handler' | 'upgrade'> | undefined;
  /** How many pods run here. */
  pods(): number;
  /** Pods go on running. */
  stop(): Promise<void>;
  stopWorkloads(): Promise<void>;
}

/** Opens the runtime that the peer's mode asks for, and finds what it left running. */
export async function openNode(context: PeerContext): Promise<Node> {
  const { config, self, clock, random } = context;
  const logger = context.logger.child({ component: 'kubelet' });
  const runtime = await openProcessRuntime({ stateDir: runtimeDir(config.dataDir), clock, random, logger });
  let kubelet: Kubelet | undefined;
  return {
    mode: runtime.info().mode,
    startKubelet(client) {
      kubelet = startKubelet({
        nodeName: config.nodeName,
        client,
        runtime,
        stateDir: join(config.dataDir, 'kubelet'),
        address: self.host,
        port: self.apiPort,
        // The port that all peers share outlives this one.
        apiServer: { host: self.host, port: config.sharedApiPort || self.apiPort },
        podCIDR: config.podCIDR,
        clock,
        random,
        logger,
      });
    },
    kubelet: () => kubelet,
    pods: () => kubelet?.pods() ?? 0,
    async stop() {
      await goodbye(clock, kubelet?.stop());
      await runtime.close();
    },
    async stopWorkloads() {
      await goodbye(clock, kubelet?.stop());
      await stopContainers(runtime);
    },
  };
}
