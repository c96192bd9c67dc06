import { NONE, noMembers, type RaftOptions } from '../raft/index.ts';
import { formatAddress } from './members.ts';
import type { ReplicaLimits, ReplicaOptions } from './options.ts';
import type { StoredState } from './storage.ts';

/** Makes a new peer's first state, durably: a cluster of the members given, or one that it is yet to be told of. */
export async function initialise(
  options: Pick<ReplicaOptions, 'storage' | 'identity' | 'initialMembers' | 'peers' | 'random'>,
): Promise<StoredState> {
  const { storage, identity, initialMembers, peers = [], random } = options;
  const addresses = peers.filter(({ id }) => initialMembers.includes(id)).map((peer) => [peer.id, formatAddress(peer)]);
  const configuration = {
    ...noMembers,
    voters: [...initialMembers].sort((a, b) => a - b),
    ...(addresses.length > 0 && { addresses: Object.fromEntries(addresses) }),
  };
  const snapshot = { index: 0, term: 0, configuration };
  const store = Buffer.from(random.bytes(16)).toString('hex');
  await storage.initialise(identity, store, snapshot);
  return {
    identity,
    store,
    founders: configuration.voters,
    lives: [0],
    hardState: { term: 0, vote: NONE, commit: 0 },
    snapshot,
    entries: [],
    peers: new Map(),
  };
}

/** What the Raft core is told. */
export function raftOptions(options: ReplicaOptions, limits: ReplicaLimits): RaftOptions {
  const { identity, random, clock, reads } = options;
  const { electionTicks, heartbeatTicks, maxAppendBytes, maxInflight, maxUncommittedBytes, tickMs, maxClockDrift } =
    limits;
  const durationMs = (electionTicks - 1) * tickMs * (1 - maxClockDrift);
  return {
    id: identity.peerId,
    electionTicks,
    heartbeatTicks,
    maxAppendBytes,
    maxInflight,
    maxUncommittedBytes,
    random: () => random.next(),
    lease: reads === 'lease' ? { now: () => clock.monotonic(), durationMs } : undefined,
  };
}
