import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Client } from '../client/index.ts';
import { startKubelet } from '../kubelet/index.ts';
import { openProcessRuntime } from '../runtime/index.ts';
import type { PeerContext } from './context.ts';

/** The node that a peer is. */
export interface Node {
  /** The kubelet's own HTTP endpoints. */
  handler(request: IncomingMessage, response: ServerResponse): void;
  readonly mode: string;
  /** How many pods run here. */
  pods(): number;
  /** Pods go on running. */
  stop(): Promise<void>;
  stopWorkloads(): Promise<void>;
}

/** Starts the peer's kubelet, and the runtime that its mode asks for. */
export async function startNode(context: PeerContext & { client: Client }): Promise<Node> {
  const { config, self, client, clock, random } = context;
  const logger = context.logger.child({ component: 'kubelet' });
  const runtime = await openProcessRuntime({ stateDir: join(config.dataDir, 'runtime'), clock, random, logger });
  const kubelet = await startKubelet({
    nodeName: config.nodeName,
    client,
    runtime,
    stateDir: join(config.dataDir, 'kubelet'),
    address: self.host,
    port: self.apiPort,
    podCIDR: config.podCIDR,
    clock,
    random,
    logger,
  });
  return {
    handler: (request, response) => kubelet.handler(request, response),
    mode: runtime.info().mode,
    pods: () => kubelet.pods(),
    async stop() {
      await kubelet.stop();
      await runtime.close();
    },
    stopWorkloads: () => kubelet.stopWorkloads(),
  };
}
