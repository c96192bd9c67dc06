import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock, Logger, Random } from '../base/index.ts';
import type { Client } from '../client/index.ts';
import type { Runtime } from '../runtime/index.ts';

export interface KubeletOptions {
  nodeName: string;
  /** Acts as the node: user `system:node:NAME`, group `system:nodes`. */
  client: Client;
  /** Opened on the node's state; stays the caller's to close. */
  runtime: Runtime;
  /** For the volumes of pods. Made for the owner only. */
  stateDir: string;
  /** The node's `InternalIP`, and where the kubelet's handlers are served. */
  address: string;
  port: number;
  /** Where the node's pods reach the API; absent: as the Service `kubernetes` says. */
  apiServer?: { host: string; port: number } | undefined;
  /** Block that pods get their addresses from, such as `127.1.2.0/24`. */
  podCIDR: string;
  clock: Clock;
  random: Random;
  logger: Logger;
  /** More labels for the Node. */
  labels?: Readonly<Record<string, string>>;
  /** Default 110. */
  podsMax?: number;
  /** Processes that one container may have. Default 4 096. */
  podPidsLimit?: number;
}

export interface Kubelet {
  /** Serves `/containerLogs/…`, `/pods`, `/stats/summary` and `/healthz`; answers 404 to all else. */
  handler(request: IncomingMessage, response: ServerResponse): void;
  /** Serves `/exec/…`, `/attach/…` and `/portForward/…`, for which the client switches protocols. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Resolves when the Node is registered and what ran already is adopted. */
  ready(): Promise<void>;
  /** How many pods are this node's. */
  pods(): number;
  /** Stops acting; pods go on running, for the next start to adopt. Idempotent. */
  stop(): Promise<void>;
  /** Stops acting, then ends all containers, each with at most `graceMs` (default 5 000). */
  stopWorkloads(graceMs?: number): Promise<void>;
}
