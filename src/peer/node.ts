import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Clock, Logger, Random } from '../base/index.ts';
import type { Client } from '../client/index.ts';
import { startKubelet } from '../kubelet/index.ts';
import { openProcessRuntime } from '../runtime/index.ts';
import type { PeerConfig } from './config.ts';

export interface NodeOptions {
  config: PeerConfig;
  /** Where the API server reaches this kubelet: the peer's own API port. */
  host: string;
  port: number;
  client: Client;
  clock: Clock;
  random: Random;
  logger: Logger;
}

/** The node that a peer is. */
export interface Node {
  /** The kubelet's own HTTP endpoints. */
  handler(request: IncomingMessage, response: ServerResponse): void;
  mode(): string;
  /** How many pods run here. */
  pods(): number;
  /** Pods go on running. */
  stop(): Promise<void>;
  stopWorkloads(): Promise<void>;
}
