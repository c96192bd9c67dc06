import { Packr } from 'msgpackr';
import type { PeerId } from '../raft/index.ts';
import type { Batch } from './batch.ts';

interface Session {
  incarnation: number;
  /** Of the last batch applied. */
  sequence: number;
}

/**
 * Which batch of each origin comes next; part of the replicated state, the same on every peer. Makes each batch
 * count once and in its order, however often and in whatever order it got into the log.
 */
export class SessionTable {
  readonly #sessions = new Map<PeerId, Session>();

  /** `next`: apply it; it is noted as applied. `repeat`: it was applied, or its origin has restarted. `gap`: one before it is missing. */
  accept({ origin, incarnation, sequence }: Batch): 'next' | 'repeat' | 'gap' {
    const session = this.#sessions.get(origin);
    const isNew = session === undefined || incarnation > session.incarnation;
    if (!isNew && incarnation < session.incarnation) return 'repeat';
    const last = isNew ? 0 : session.sequence;
    if (sequence <= last) return 'repeat';
    if (sequence > last + 1) return 'gap';
    if (isNew) this.#sessions.set(origin, { incarnation, sequence });
    else session.sequence = sequence;
    return 'next';
  }

  /** Sequence of the origin's last batch applied in this incarnation; 0 for none. */
  lastSequence(origin: PeerId, incarnation: number): number {
    const session = this.#sessions.get(origin);
    return session?.incarnation === incarnation ? session.sequence : 0;
  }

  encode(): Uint8Array {
    const rows = [...this.#sessions].map(([origin, { incarnation, sequence }]) => [origin, incarnation, sequence]);
    return packr.pack(rows.sort((a, b) => a[0]! - b[0]!));
  }

  /** Replaces the whole table. */
  restore(encoded: Uint8Array): void {
    this.#sessions.clear();
    for (const [origin, incarnation, sequence] of packr.unpack(encoded) as [PeerId, number, number][]) {
      this.#sessions.set(origin, { incarnation, sequence });
    }
  }
}

const packr = new Packr({ useRecords: false });
