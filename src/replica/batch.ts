import { Packr, RESET_BUFFER_MODE } from 'msgpackr';
import type { PeerId } from '../raft/index.ts';
import { keep } from './keep.ts';

/** What one Raft entry carries: commands that one peer proposed, numbered in that peer's session. */
export interface Batch {
  origin: PeerId;
  incarnation: number;
  /** From 1, without gaps, in each incarnation; 0: a note. */
  sequence: number;
  commands: readonly unknown[];
}

// Copies binary fields: the state machine may keep one small value of a large batch for long.
const packr = new Packr({ copyBuffers: true });

export function encodeBatch({ origin, incarnation, sequence, commands }: Batch): Uint8Array {
  // Packed where every batch is, then copied to a buffer of its own size: it stays in the log for long.
  return keep(packr.pack([origin, incarnation, sequence, commands], RESET_BUFFER_MODE));
}

export function decodeBatch(data: Uint8Array): Batch {
  const [origin, incarnation, sequence, commands] = packr.unpack(data) as [PeerId, number, number, unknown[]];
  return { origin, incarnation, sequence, commands };
}

/**
 * What the leader notes in the log: that a peer lives its life `incarnation`; of nobody (NONE), that the cluster's version is
 * that. A batch numbered 0 and without commands, which whoever knows no notes skips.
 */
export type Note = Pick<Batch, 'origin' | 'incarnation'>;

export const NOTE_SEQUENCE = 0;
const MAX_NOTE_BYTES = 24;
/** How an empty array is packed. */
const NO_COMMANDS = 0x90;

export function encodeNote(note: Note): Uint8Array {
  return encodeBatch({ ...note, sequence: NOTE_SEQUENCE, commands: [] });
}

/** Undefined when it is another batch. Cheap: called for every entry. */
export function decodeNote(data: Uint8Array): Note | undefined {
  if (data.length > MAX_NOTE_BYTES || data.at(-1) !== NO_COMMANDS) return undefined;
  const { origin, incarnation, sequence } = decodeBatch(data);
  return sequence === NOTE_SEQUENCE ? { origin, incarnation } : undefined;
}

const VALUE_BYTES = 4;

/** About how large plain data is when encoded; cheap. */
export function estimateBytes(value: unknown): number {
  if (typeof value === 'string') return value.length + VALUE_BYTES;
  if (typeof value !== 'object' || value === null) return VALUE_BYTES;
  if (ArrayBuffer.isView(value)) return value.byteLength + VALUE_BYTES;
  let bytes = VALUE_BYTES;
  if (Array.isArray(value)) {
    for (const element of value) bytes += estimateBytes(element);
  } else {
    for (const key in value) bytes += VALUE_BYTES + estimateBytes((value as Record<string, unknown>)[key]);
  }
  return bytes;
}
