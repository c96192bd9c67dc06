import type { KeyValue, Operation, OperationResult } from '../store/index.ts';
import { etcdErrors } from './errors.ts';
import type {
  DeleteRangeAnswer,
  DeleteRangeMessage,
  KeyValueMessage,
  PutAnswer,
  PutMessage,
  ResponseHeader,
} from './messages.ts';
import { safe, toEnd, toKey, toKeyValueMessage, toValue } from './values.ts';

type Put = Extract<Operation, { type: 'put' }>;
type Delete = Extract<Operation, { type: 'delete' }>;
type Result<T> = Extract<OperationResult, { type: T }>;

/** A put as the store knows it. Throws what etcd does before it looks at the keys. */
export function planPut(message: PutMessage): Put {
  const { key, value, prevKv: previous, ignoreValue, ignoreLease } = message;
  if (key.length === 0) throw etcdErrors.emptyKey();
  if (ignoreValue && value.length > 0) throw etcdErrors.valueProvided();
  const lease = safe(message.lease);
  if (ignoreLease && lease !== 0) throw etcdErrors.leaseProvided();
  return { type: 'put', key: toKey(key), value: toValue(value), lease, previous, ignoreValue, ignoreLease };
}

export function putAnswer({ previous }: Result<'put'>, header: ResponseHeader): PutAnswer {
  return { header, prevKv: previousOf(previous)[0] };
}

export function planDelete({ key, rangeEnd, prevKv: previous }: DeleteRangeMessage): Delete {
  if (key.length === 0) throw etcdErrors.emptyKey();
  return { type: 'delete', key: toKey(key), end: toEnd(rangeEnd), previous };
}

export function deleteAnswer({ deleted, previous }: Result<'delete'>, header: ResponseHeader): DeleteRangeAnswer {
  return { header, deleted, prevKvs: previousOf(previous) };
}

function previousOf(previous: KeyValue | KeyValue[] | undefined): KeyValueMessage[] {
  return previous === undefined ? [] : [previous].flat().map(toKeyValueMessage);
}
