import { type FieldPath, forbiddenField, invalidValue, notSupported, required } from '../field-errors.ts';
import { checkRange } from '../names.ts';
import type { flowcontrolv1 } from '../types/index.ts';
import { addEach, type Errors } from './checks.ts';

const maxQueues = 10_000_000;
/** Of the hash that a flow's hand of queues is dealt from. */
const maxHashBits = 60;

/** Of a priority level that has only so many requests at a time. */
export function checkLimited(
  errors: Errors,
  path: FieldPath,
  limited: flowcontrolv1.LimitedPriorityLevelConfiguration,
): void {
  const { nominalConcurrencyShares: shares, lendablePercent, borrowingLimitPercent } = limited;
  if (shares !== undefined && shares < 0) {
    errors.push(invalidValue(path.child('nominalConcurrencyShares'), shares, 'must be a non-negative integer'));
  }
  checkResponse(errors, path.child('limitResponse'), limited.limitResponse);
  if (lendablePercent !== undefined) {
    addEach(errors, path.child('lendablePercent'), lendablePercent, checkRange(lendablePercent, 0, 100));
  }
  if (borrowingLimitPercent !== undefined && borrowingLimitPercent < 0) {
    const detail = 'if specified, must be a non-negative integer';
    errors.push(invalidValue(path.child('borrowingLimitPercent'), borrowingLimitPercent, detail));
  }
}

function checkResponse(errors: Errors, path: FieldPath, response: flowcontrolv1.LimitResponse | undefined): void {
  const { type = '', queuing } = response ?? {};
  const at = path.child('queuing');
  if (type === 'Reject') {
    if (queuing !== undefined) {
      errors.push(forbiddenField(at, 'must be nil if limited.limitResponse.type is not Limited'));
    }
  } else if (type !== 'Queue') errors.push(notSupported(path.child('type'), type, ['Queue', 'Reject']));
  else if (queuing === undefined) {
    errors.push(required(at, 'must not be empty if limited.limitResponse.type is Limited'));
  } else checkQueuing(errors, at, queuing);
}

function checkQueuing(errors: Errors, path: FieldPath, queuing: flowcontrolv1.QueuingConfiguration): void {
  const { queues = 0, handSize = 0, queueLengthLimit = 0 } = queuing;
  const refuse = (field: string, value: number, detail: string): void =>
    void errors.push(invalidValue(path.child(field), value, detail));
  if (queueLengthLimit <= 0) refuse('queueLengthLimit', queueLengthLimit, 'must be positive');
  if (queues <= 0) refuse('queues', queues, 'must be positive');
  else if (queues > maxQueues) refuse('queues', queues, `must not be greater than ${maxQueues}`);
  const bits = entropyBits(queues, handSize);
  if (handSize <= 0) refuse('handSize', handSize, 'must be positive');
  else if (handSize > queues) refuse('handSize', handSize, `should not be greater than queues (${queues})`);
  else if (bits > maxHashBits) {
    const detail = `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${maxHashBits}`;
    refuse('handSize', handSize, detail);
  }
}

/** How many bits it takes to deal a hand out of that many queues. */
function entropyBits(queues: number, handSize: number): number {
  return Math.ceil(Math.log2(queues) * handSize);
}
