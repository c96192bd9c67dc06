import type { Entry, PeerId } from '../../raft/index.ts';
import { decodeNote } from '../../replica/index.ts';
import type { ObservedPeer } from '../raft/index.ts';

/** The lives of peers that were noted in the log, and who knows. */
export class Lives {
  /** By peer: its latest. */
  readonly #noted = new Map<PeerId, { incarnation: number; index: number; term: number }>();

  committed({ kind, data, index, term }: Entry): void {
    const note = kind === 'command' ? decodeNote(data) : undefined;
    if (note === undefined) return;
    const { origin, incarnation } = note;
    if (incarnation > (this.#noted.get(origin)?.incarnation ?? 0)) {
      this.#noted.set(origin, { incarnation, index, term });
    }
  }

  /** Whether the note that `peer` lives its life `incarnation` is committed, and durable at `holder`. */
  isNotedAt(holder: ObservedPeer, peer: PeerId, incarnation: number): boolean {
    const noted = this.#noted.get(peer);
    if (noted?.incarnation !== incarnation) return false;
    return holder.durableSnapshot >= noted.index || holder.durableTermAt(noted.index) === noted.term;
  }
}
