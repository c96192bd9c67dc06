import type { Clock, Logger, Random } from '../base/index.ts';
import type { PeerId } from '../raft/index.ts';
import type { ThrottledLog } from './throttled-log.ts';

export interface WsTransportOptions {
  clusterId: string;
  peerId: PeerId;
  /** Where other peers reach this one; port 0 picks a free one. */
  listen: { host: string; port: number };
  /** PEM texts. The certificate's common name is `keelson:peer:<id>`, signed by the cluster's own authority. */
  tls: { ca: string; certificate: string; key: string };
  clock: Clock;
  random: Random;
  logger: Logger;
  limits?: Partial<WsLimits>;
}

export interface WsLimits {
  /** Bytes that may wait for one peer; beyond, messages are dropped. Default 16 MiB. */
  queueBytes: number;
  /** Time for TLS, upgrade and hello each. Default 5 s. */
  handshakeMs: number;
  /** Between pings; a connection without an answer for two of them is dead. Default 2 s. */
  pingMs: number;
  /** A snapshot's stream that stands still for so long is given up. Default 30 s. */
  stallMs: number;
  /** First wait before dialling again; doubles up to `maxBackoffMs`. Defaults 50 ms and 2 s. */
  minBackoffMs: number;
  maxBackoffMs: number;
}

export const defaultWsLimits: WsLimits = {
  queueBytes: 16 * 1024 * 1024,
  handshakeMs: 5000,
  pingMs: 2000,
  stallMs: 30_000,
  minBackoffMs: 50,
  maxBackoffMs: 2000,
};

/** What every part of the transport needs. */
export interface WsContext extends Omit<WsTransportOptions, 'limits' | 'listen'> {
  limits: WsLimits;
  log: ThrottledLog;
  instance: string;
}
