import { isVoter } from './configuration.ts';
import type { Leading } from './leading.ts';
import type { RaftState } from './state.ts';
import { NONE, type PeerId } from './types.ts';

/** Handing over leadership (thesis §3.10): no new proposals, bring the target up to date, have it stand at once. */

/** Begins to hand over to `to`, or to the most up-to-date voter; a transfer under way to another is dropped. */
export function startTransfer(state: RaftState, leading: Leading, to: PeerId): void {
  const target = to === NONE ? mostUpToDate(state, leading) : to;
  if (!leading.followers.has(target) || !isVoter(state.configuration, target)) return;
  if (leading.transfer?.to !== target) leading.transfer = { to: target, since: leading.ticks, asked: false };
}

/** The voter, other than the leader, that holds most of the log; NONE if there is none. */
export function mostUpToDate(state: RaftState, leading: Leading): PeerId {
  let best = NONE;
  let bestMatch = -1;
  for (const { peer, match } of leading.followers.values()) {
    if (match > bestMatch && isVoter(state.configuration, peer)) [best, bestMatch] = [peer, match];
  }
  return best;
}

/** Asks the target to stand once it holds the whole log. */
export function continueTransfer(state: RaftState, leading: Leading): void {
  const { transfer } = leading;
  if (!transfer || transfer.asked || leading.followers.get(transfer.to)?.match !== state.log.lastIndex) return;
  transfer.asked = true;
  leading.lease.forfeit();
  state.out.send({ type: 'timeout-now', from: state.id, to: transfer.to, term: state.term });
}

/** Gives up after an election timeout, and takes proposals again. */
export function tickTransfer(state: RaftState, leading: Leading): void {
  const { transfer } = leading;
  if (transfer && leading.ticks - transfer.since >= state.options.electionTicks) leading.transfer = undefined;
}
