import { decodeConfiguration, isAddress, isConfiguration } from './configuration.ts';
import type { ChangeAnswer, Entry, MemberStep, Message, SnapshotPosition } from './types.ts';

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
    case 'change-membership':
      return isNumber(message.id) && areSteps(message.steps);
    case 'change-membership-response':
      return isNumber(message.id) && isAnswer(message.answer);
    case 'pre-vote-response':
    case 'vote-response':
      return isNumber(message.commit ?? 0) && isNumber(message.commitTerm ?? 0);
    case 'timeout-now':
      return true;
    default:
      return false;
  }
}

const STEP_TYPES: readonly MemberStep['type'][] = ['add-voter', 'add-learner', 'remove', 'update'];
const MAX_STEPS = 100;

function areSteps(steps: readonly MemberStep[]): boolean {
  if (!Array.isArray(steps) || steps.length > MAX_STEPS) return false;
  return steps.every((step: Partial<Record<string, unknown>> | null) => {
    if (step === null || !STEP_TYPES.includes(step['type'] as MemberStep['type'])) return false;
    const { peer, address, autoPromote } = step;
    const isOptional = (value: unknown, type: string): boolean => value === undefined || typeof value === type;
    return isNumber(peer) && (address === undefined || isAddress(address)) && isOptional(autoPromote, 'boolean');
  });
}

function isAnswer(answer: ChangeAnswer): boolean {
  if (typeof answer !== 'object' || answer === null) return false;
  if ('refused' in answer) return typeof answer.refused === 'string' && typeof answer.why === 'string';
  return isNumber(answer.index);
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
