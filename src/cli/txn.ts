import { errorMessage, KeelsonError } from '../base/index.ts';
import { checks, type OperationResult, type TxnRequest, type TxnResult } from '../peer/index.ts';
import { keyFromText, readableEntry } from './key-text.ts';

const { bool, count, fields, list, oneOf, variants } = checks;

const key: checks.Check = (value, field) => keyFromText(checks.text(value, field) as string);
const bytes: checks.Check = (value, field) => {
  if (typeof value !== 'string') throw checks.invalid(`field "${field}" must be a text`);
  return Buffer.from(value);
};
const kind: checks.Check = (value) => value;

const operator = oneOf('=', '!=', '<', '>');
const compared = fields({ key, end: key, target: kind, operator, operand: count }, { end: undefined });
const comparedValue = fields({ key, end: key, target: kind, operator, operand: bytes }, { end: undefined });
const compare = variants('target', {
  version: compared,
  createRevision: compared,
  modRevision: compared,
  lease: compared,
  value: comparedValue,
});

const none = undefined;
const range = fields(
  { key, end: key, revision: count, limit: count, keysOnly: bool, countOnly: bool },
  { end: none, revision: none, limit: none, keysOnly: none, countOnly: none },
);
const operation: checks.Check = (value, field) =>
  variants('type', {
    put: fields({ type: kind, key, value: bytes, lease: count }, { lease: none }),
    delete: fields({ type: kind, key, end: key }, { end: none }),
    range: fields({ type: kind, request: range }),
    txn: fields({ type: kind, request: transaction }),
  })(value, field);
const transaction = fields(
  { compare: list(compare, 0), then: list(operation, 0), else: list(operation, 0) },
  { compare: [], then: [], else: [] },
);

/** Reads a transaction whose keys and values are text. Throws INVALID. */
export function parseTxn(json: string): TxnRequest {
  try {
    return transaction(JSON.parse(json), '') as TxnRequest;
  } catch (error) {
    throw new KeelsonError('INVALID', `the transaction can't be read: ${errorMessage(error)}`, { cause: error });
  }
}

/** A transaction's outcome with keys and values as text. */
export function readableTxn({ succeeded, revision, results }: TxnResult): object {
  return { succeeded, revision, results: results.map(readableResult) };
}

function readableResult(result: OperationResult): object {
  switch (result.type) {
    case 'put':
      return { type: 'put' };
    case 'delete':
      return { type: 'delete', deleted: result.deleted };
    case 'range':
      return { type: 'range', count: result.result.count, kvs: result.result.kvs.map(readableEntry) };
    case 'txn':
      return { type: 'txn', ...readableTxn(result.result) };
  }
}
