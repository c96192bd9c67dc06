import { encodeRange, encodeTxn } from './codec.ts';
import type { RangeRequest, TxnRequest, WatchRequest } from './types.ts';
import { validateOperation, validateRange, validateRangeKeys, validateRevision } from './validate.ts';

/*
 * What every store refuses, for those that carry requests to somebody else: all that can be said without looking at the state.
 * Throw INVALID or TOO_LARGE.
 */

export { validateLeaseId, validateRevision, validateTtl } from './validate.ts';

export function checkTxn(request: TxnRequest): void {
  validateOperation(encodeTxn(request));
}

export function checkRange(request: Omit<RangeRequest, 'serializable'>): void {
  validateRange(encodeRange(request));
}

export function checkWatch({ key, end, fromRevision = 0 }: WatchRequest): void {
  validateRangeKeys(key, end);
  validateRevision(fromRevision);
}
