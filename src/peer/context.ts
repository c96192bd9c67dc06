import type { TlsMaterial } from '../apiserver/index.ts';
import type { Clock, Logger, Random } from '../base/index.ts';
import type { MemberConfig, PeerConfig } from './config.ts';
import type { Replication } from './peer.ts';

/** What every part of a peer is made from. */
export interface PeerContext {
  config: PeerConfig;
  /** This peer's own entry among the members. */
  self: MemberConfig;
  tls: TlsMaterial;
  clock: Clock;
  random: Random;
  logger: Logger;
  replication?: Replication | undefined;
  /** Whatever was started is stopped in the opposite order, also when a later step of the start fails. */
  onStop(stop: () => Promise<void> | void): void;
}
