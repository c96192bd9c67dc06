import { Packr } from 'msgpackr';
import { NONE, type PeerId } from '../raft/index.ts';
import { type Batch, NOTE_SEQUENCE } from './batch.ts';
import { FIRST_VERSION } from './version.ts';

interface Session {
  incarnation: number;
  /** Of the last batch applied; 0: only noted. */
  sequence: number;
}

/**
 * Which batch of each origin comes next; part of the replicated state, the same on every peer. Makes each batch
 * count once and in its order, however often and in whatever order it got into the log. A note begins a session too; the
 * cluster's version is kept as that of nobody.
 */
export class SessionTable {
  readonly #sessions = new Map<PeerId, Session>();

  /**
   * `next`: apply it; it is remembered as applied. `repeat`: it was applied, or its origin has restarted, or it is a note, now
   * remembered. `gap`: one before it is missing.
   */
  accept({ origin, incarnation, sequence }: Batch): 'next' | 'repeat' | 'gap' {
    const session = this.#sessions.get(origin);
    const isNew = session === undefined || incarnation > session.incarnation;
    if (!isNew && incarnation < session.incarnation) return 'repeat';
    if (isNew && sequence === NOTE_SEQUENCE) this.#sessions.set(origin, { incarnation, sequence });
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

  /** The latest life of a peer that the log tells of; 0 for none. */
  incarnationOf(peer: PeerId): number {
    return this.#sessions.get(peer)?.incarnation ?? 0;
  }

  /** The cluster's. */
  get version(): number {
    return Math.max(FIRST_VERSION, this.incarnationOf(NONE));
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
