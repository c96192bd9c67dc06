import { type Configuration, isUsedUp, isVoter, membersOf, type PeerId } from '../raft/index.ts';
import type { PeerAddress } from './transport.ts';

/** As a configuration carries it: `host:port`, with brackets around an IPv6 address. */
export function formatAddress({ host, port }: Pick<PeerAddress, 'host' | 'port'>): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Undefined when it is no `host:port`. */
export function parseAddress(address: string): Pick<PeerAddress, 'host' | 'port'> | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([\da-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(address) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  return host === undefined || port < 1 || port > 65535 ? undefined : { host, port };
}

/**
 * Whom a peer talks to: those it was told of by its operator, unless they were removed, and members that were added since.
 * The operator's word on an address counts more: it is the way to move a peer.
 */
export function peersToReach(known: readonly PeerAddress[], configuration: Configuration): PeerAddress[] {
  const peers = new Map<PeerId, PeerAddress>();
  for (const [id, text] of Object.entries(configuration.addresses ?? {})) {
    const address = parseAddress(text);
    if (address !== undefined) peers.set(Number(id), { id: Number(id), ...address });
  }
  for (const peer of known) if (!isUsedUp(configuration, peer.id)) peers.set(peer.id, peer);
  return [...peers.values()];
}

/** A member as `keelson member list` shows it. */
export interface Member {
  id: PeerId;
  /** `learner`: gets the log and has no vote. `leaving`: votes until the change under way is done. */
  role: 'voter' | 'learner' | 'leaving';
  /** Where other peers reach it, as far as the configuration tells. */
  address: string | undefined;
  /** A learner that becomes a voter when it has caught up. */
  promoted: boolean;
  /** Log entries that it lacks; only the leader knows. */
  behind: number | undefined;
}

/** The members in order of their numbers. `match` tells how far each one's log is known to equal the leader's. */
export function membersIn(
  configuration: Configuration,
  lastIndex: number,
  match: (peer: PeerId) => number | undefined,
): Member[] {
  const { voters, addresses = {}, promotable = [] } = configuration;
  return [...membersOf(configuration)]
    .sort((a, b) => a - b)
    .map((id) => {
      const held = match(id);
      return {
        id,
        role: voters.includes(id) ? 'voter' : isVoter(configuration, id) ? 'leaving' : 'learner',
        address: addresses[id],
        promoted: promotable.includes(id),
        behind: held === undefined ? undefined : Math.max(0, lastIndex - held),
      };
    });
}
