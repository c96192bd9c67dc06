import type { Message } from '../../raft/index.ts';
import { check } from '../violation.ts';
import type { ObservedPeer } from './observed-peer.ts';

/**
 * What a peer promises to others it must still know after a crash (§5): looked at when a message leaves it. In a later
 * term than the message's, the log may have been rewritten since, which the disk is yet to follow.
 */
export function checkPromise(peer: ObservedPeer, peerTerm: number, message: Message): void {
  const { type, term, to } = message;
  if (type === 'vote' || (type === 'vote-response' && message.granted)) {
    const candidate = type === 'vote' ? peer.id : to;
    const { durableTerm, durableVote } = peer;
    check(
      durableTerm > term || (durableTerm === term && durableVote === candidate),
      () => `durability: ${peer.name} tells of its vote for ${candidate} in term ${term}, which its disk has not`,
    );
  } else if (type === 'append-response' && !message.rejected && term === peerTerm) {
    const { match } = message;
    const held = peer.log.term(match);
    check(
      held === undefined || match <= peer.durableSnapshot || peer.durableTermAt(match) === held,
      () => `durability: ${peer.name} tells that it holds ${match}, which its disk has not`,
    );
  }
}
