import { type Clock, KeelsonError } from '../base/index.ts';
import { type Configuration, isVoter, NONE, type PeerId, type Raft } from '../raft/index.ts';
import type { Replica } from './types.ts';

/** Hands leadership to `to`, or to the voter whose log is nearest; resolves when another leader is known. */
export function transferLeadership(request: {
  replica: Replica;
  to: PeerId | undefined;
  progress: ReturnType<Raft['progress']>;
  configuration: Configuration;
  clock: Clock;
  timeoutMs: number;
  start(to: PeerId): void;
}): Promise<void> {
  const { replica, progress, configuration, clock, timeoutMs, start } = request;
  const { role, leader } = replica.status();
  if (role !== 'leader') {
    const who = leader === NONE ? 'nobody is known to lead' : `peer ${leader} leads`;
    return Promise.reject(new KeelsonError('NOT_LEADER', `peer ${replica.id} does not lead, ${who}: ask the leader`));
  }
  const to = request.to ?? nearest(progress, configuration);
  if (to === replica.id) return Promise.resolve();
  if (to === undefined || !progress.has(to)) {
    return Promise.reject(
      new KeelsonError(
        'NO_SUCH_PEER',
        to === undefined ? 'no other peer is near enough to lead' : `there is no peer ${to}`,
      ),
    );
  }
  if (!isVoter(configuration, to)) {
    return Promise.reject(new KeelsonError('NOT_A_VOTER', `peer ${to} is a learner and can't lead: promote it first`));
  }
  return new Promise((resolve, reject) => {
    const settle = (outcome: () => void): void => {
      timer.cancel();
      unsubscribe();
      outcome();
    };
    const timer = clock.setTimer(timeoutMs, () => {
      settle(() => reject(new KeelsonError('TIMEOUT', `peer ${to} did not take over leadership in time`)));
    });
    const unsubscribe = replica.onStatus((status) => {
      if (status.leader !== NONE && status.leader !== replica.id) settle(resolve);
    });
    start(to);
  });
}

function nearest(progress: ReturnType<Raft['progress']>, configuration: Configuration): PeerId | undefined {
  let best: PeerId | undefined;
  for (const [peer, { match, state }] of progress) {
    // Who is not known to follow is behind, or gone.
    if (!isVoter(configuration, peer) || state !== 'replicate') continue;
    if (best === undefined || match > progress.get(best)!.match) best = peer;
  }
  return best;
}
