import { Packr, RESET_BUFFER_MODE } from 'msgpackr';
import type { Entry, Message, PeerId } from '../raft/index.ts';
import { keep } from './keep.ts';

/**
 * Raft messages in a frame: the length of a head (u32), the head in msgpack, then the bytes of all entries and
 * proposals one after the other, so that they are copied once and never searched. The head is a list of messages, each
 * `[type, term, …fields]` by the tables below. Sender and receiver are those of the connection and not written.
 */
const FIELDS = {
  'pre-vote': ['lastIndex', 'lastTerm'],
  'pre-vote-response': ['granted', 'commit', 'commitTerm'],
  vote: ['lastIndex', 'lastTerm', 'transfer'],
  'vote-response': ['granted', 'commit', 'commitTerm'],
  append: ['previousIndex', 'previousTerm', 'commit', 'entries'],
  'append-response': ['rejected', 'match', 'hintIndex', 'hintTerm'],
  heartbeat: ['commit', 'readRound'],
  'heartbeat-response': ['readRound'],
  snapshot: ['position'],
  propose: ['data'],
  'read-index': ['id'],
  'read-index-response': ['id', 'index'],
  'timeout-now': [],
  'change-membership': ['id', 'steps'],
  'change-membership-response': ['id', 'answer'],
} as const satisfies { [T in Message['type']]: readonly (keyof Extract<Message, { type: T }>)[] };

/** On the wire, types and kinds are places in these lists: only ever add at the end. */
const TYPES = Object.keys(FIELDS) as Message['type'][];
const TYPE_CODES = new Map(TYPES.map((type, code) => [type, code]));
const KINDS: Entry['kind'][] = ['command', 'configuration', 'empty'];

const HEAD_LENGTH_BYTES = 4;
const packr = new Packr({ useRecords: false });

export function encodeMessages(messages: readonly Message[]): Buffer {
  const pieces: Uint8Array[] = [];
  const rows = messages.map((message) => encodeMessage(message, pieces));
  // Valid until the next use of msgpack: copied at once.
  const head = packr.pack(rows, RESET_BUFFER_MODE);
  let length = HEAD_LENGTH_BYTES + head.length;
  for (const piece of pieces) length += piece.length;
  const frame = Buffer.allocUnsafe(length);
  frame.writeUInt32LE(head.length);
  frame.set(head, HEAD_LENGTH_BYTES);
  let at = HEAD_LENGTH_BYTES + head.length;
  for (const piece of pieces) {
    frame.set(piece, at);
    at += piece.length;
  }
  return frame;
}

/** Throws when the frame is no list of messages. The messages share no memory with it. */
export function decodeMessages(frame: Buffer, from: PeerId, to: PeerId): Message[] {
  const bodyAt = HEAD_LENGTH_BYTES + frame.readUInt32LE(0);
  if (bodyAt > frame.length) throw malformed();
  const rows: unknown = packr.unpack(frame.subarray(HEAD_LENGTH_BYTES, bodyAt));
  if (!Array.isArray(rows)) throw malformed();
  const body = new Body(frame, bodyAt);
  const messages = rows.map((row) => decodeMessage(row, from, to, body));
  body.checkEnd();
  return messages;
}

function encodeMessage(message: Message, pieces: Uint8Array[]): unknown[] {
  const { type, term } = message;
  const row: unknown[] = [TYPE_CODES.get(type), term];
  if (type === 'append') {
    row.push(message.previousIndex, message.previousTerm, message.commit);
    row.push(
      message.entries.map((entry) => {
        pieces.push(entry.data);
        return [entry.term, KINDS.indexOf(entry.kind), entry.data.length];
      }),
    );
  } else if (type === 'propose') {
    pieces.push(...message.data);
    row.push(message.data.map((data) => data.length));
  } else {
    for (const field of FIELDS[type]) row.push(message[field as keyof Message]);
  }
  return row;
}

function decodeMessage(row: unknown, from: PeerId, to: PeerId, body: Body): Message {
  if (!Array.isArray(row)) throw malformed();
  const [code, term, ...values] = row as unknown[];
  const type = TYPES[code as number];
  if (type === undefined || values.length !== FIELDS[type].length || !Number.isSafeInteger(term)) throw malformed();
  const message: Record<string, unknown> = { type, from, to, term };
  FIELDS[type].forEach((field, i) => {
    message[field] = values[i];
  });
  if (type === 'append') message['entries'] = decodeEntries(message['entries'], message['previousIndex'], body);
  else if (type === 'propose') message['data'] = list(message['data']).map((length) => body.take(length));
  return message as Message;
}

function decodeEntries(rows: unknown, previousIndex: unknown, body: Body): Entry[] {
  return list(rows).map((row, i) => {
    const [term, kindCode, length] = list(row) as [number, number, number];
    const kind = KINDS[kindCode];
    if (kind === undefined) throw malformed();
    return { index: (previousIndex as number) + 1 + i, term, kind, data: body.take(length) };
  });
}

function list(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw malformed();
  return value;
}

function malformed(): TypeError {
  return new TypeError('a frame holds what are no messages');
}

/** The bytes behind the head, taken from front to back. */
class Body {
  readonly #frame: Buffer;
  #at: number;

  constructor(frame: Buffer, at: number) {
    this.#frame = frame;
    this.#at = at;
  }

  /** A copy: a view would keep a whole frame in memory for as long as one of its entries lives. */
  take(length: unknown): Uint8Array {
    const end = this.#at + (length as number);
    if (!Number.isSafeInteger(end) || end < this.#at || end > this.#frame.length) throw malformed();
    const bytes = keep(this.#frame.subarray(this.#at, end));
    this.#at = end;
    return bytes;
  }

  checkEnd(): void {
    if (this.#at !== this.#frame.length) throw malformed();
  }
}
