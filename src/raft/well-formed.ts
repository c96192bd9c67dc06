import { decodeConfiguration, isConfiguration } from './configuration.ts';
import type { Entry, Message, SnapshotPosition } from './types.ts';

/**
 * Whether a message from another peer makes sense at all. What comes over the network must never trip
 * the core's assertions, which are for its own bugs.
 */
export function isWellFormed(message: Message): boolean {
  if (!isNumber(message.from) || message.from === 0 || !isNumber(message.term)) return false;
  switch (message.type) {
    case 'pre-vote':
    case 'vote':
      return isNumber(message.lastIndex) && isNumber(message.lastTerm);
    case 'append':
      return isNumber(message.previousIndex) && isNumber(message.commit) && areEntries(message);
    case 'append-response':
      return isNumber(message.match) && isNumber(message.hintIndex) && isNumber(message.hintTerm);
    case 'heartbeat':
      return isNumber(message.commit) && isNumber(message.readRound);
    case 'heartbeat-response':
      return isNumber(message.readRound);
    case 'snapshot':
      return isPosition(message.position) && message.position.term <= message.term;
    case 'propose':
      return message.data.every((each) => each instanceof Uint8Array);
    case 'read-index':
      return isNumber(message.id);
    case 'read-index-response':
      return isNumber(message.id) && isNumber(message.index);
    case 'pre-vote-response':
    case 'vote-response':
    case 'timeout-now':
      return true;
    default:
      return false;
  }
}

function isNumber(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isPosition({ index, term, configuration }: SnapshotPosition): boolean {
  return isNumber(index) && isNumber(term) && isConfiguration(configuration);
}

/** Entries follow each other and what precedes them, in no later term than the message's. */
function areEntries({ previousIndex, previousTerm, entries, term }: Extract<Message, { type: 'append' }>): boolean {
  if (!isNumber(previousTerm) || previousTerm > term) return false;
  let index = previousIndex;
  let atLeast = previousTerm;
  for (const entry of entries) {
    index++;
    if (entry.index !== index || !isNumber(entry.term) || entry.term < atLeast || entry.term > term) return false;
    if (!isContent(entry)) return false;
    atLeast = entry.term;
  }
  return true;
}

function isContent({ kind, data }: Entry): boolean {
  if (!(data instanceof Uint8Array)) return false;
  return kind === 'configuration' ? decodeConfiguration(data) !== undefined : kind === 'command' || kind === 'empty';
}
