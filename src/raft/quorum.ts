import type { Configuration, PeerId } from './types.ts';

/**
 * The highest value that a majority has reached; in a joint configuration, a majority of both halves.
 * With match indexes it is the committed index, with the ticks at which peers were heard it is the tick
 * since which a quorum is in touch, with acknowledged rounds it is the round that proves leadership.
 * Infinity without voters, so that an empty half of a joint configuration never holds the other back.
 */
export function quorumValue(configuration: Configuration, reachedBy: (peer: PeerId) => number): number {
  return Math.min(
    majorityValue(configuration.voters, reachedBy),
    majorityValue(configuration.votersOutgoing, reachedBy),
  );
}

function majorityValue(voters: readonly PeerId[], reachedBy: (peer: PeerId) => number): number {
  if (voters.length === 0) return Number.POSITIVE_INFINITY;
  // Quadratic but free of allocation: it runs at every acknowledgement, over a handful of voters.
  let best = 0;
  for (const voter of voters) {
    const value = reachedBy(voter);
    if (value <= best) continue;
    let count = 0;
    for (const other of voters) if (reachedBy(other) >= value) count++;
    if (count * 2 > voters.length) best = value;
  }
  return best;
}

export type VoteResult = 'won' | 'lost' | 'pending';

/** How an election stands, given the answers so far. A joint election is won by both halves. */
export function voteResult(configuration: Configuration, votes: ReadonlyMap<PeerId, boolean>): VoteResult {
  const incoming = majorityVote(configuration.voters, votes);
  const outgoing = majorityVote(configuration.votersOutgoing, votes);
  if (incoming === 'lost' || outgoing === 'lost') return 'lost';
  return incoming === 'won' && outgoing === 'won' ? 'won' : 'pending';
}

function majorityVote(voters: readonly PeerId[], votes: ReadonlyMap<PeerId, boolean>): VoteResult {
  if (voters.length === 0) return 'won';
  let granted = 0;
  let refused = 0;
  for (const voter of voters) {
    const vote = votes.get(voter);
    if (vote === true) granted++;
    else if (vote === false) refused++;
  }
  if (granted * 2 > voters.length) return 'won';
  return (voters.length - refused) * 2 > voters.length ? 'pending' : 'lost';
}
