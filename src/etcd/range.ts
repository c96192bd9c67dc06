import type { KeyValue, RangeRequest, RangeResult } from '../store/index.ts';
import { etcdErrors } from './errors.ts';
import { type RangeAnswer, type RangeMessage, type ResponseHeader, sortOrders, sortTargets } from './messages.ts';
import { count, toEnd, toKey, toKeyValueMessage } from './values.ts';

/*
 * The store sorts by key only and knows no bounds on revisions. As in etcd, whoever asks for more gets the whole range looked
 * at, and only then the limit.
 */

/** A read as the store does it. Throws what etcd does before it looks at the keys. */
export function planRange(message: RangeMessage): Omit<RangeRequest, 'serializable'> {
  const { key, sortOrder, sortTarget } = message;
  if (key.length === 0) throw etcdErrors.emptyKey();
  if (!(sortOrder in orderNames) || !(sortTarget in ascending)) throw etcdErrors.invalidSort();
  const byStore = isByStore(message);
  return {
    key: toKey(key),
    end: toEnd(message.rangeEnd),
    revision: count(message.revision),
    limit: storeLimit(message),
    keysOnly: message.keysOnly && sortTarget !== sortTargets.value,
    countOnly: message.countOnly,
    order: byStore && sortOrder === sortOrders.descend ? 'descend' : 'ascend',
  };
}

/** What remains to be done with the store's result. `count` is of all keys in the range, whatever the bounds. */
export function rangeAnswer(message: RangeMessage, result: RangeResult, header: ResponseHeader): RangeAnswer {
  let { kvs, more } = result;
  if (!isByStore(message)) {
    kvs = kvs.filter((kv) => isWithin(message, kv)).sort(orderOf(message));
    const limit = count(message.limit);
    more = limit > 0 && kvs.length > limit;
    if (more) kvs = kvs.slice(0, limit);
  }
  const messages = kvs.map(toKeyValueMessage);
  if (message.keysOnly) for (const each of messages) each.value = NO_BYTES;
  return { header, kvs: messages, more, count: result.count };
}

const NO_BYTES = new Uint8Array(0);

type Order = (a: KeyValue, b: KeyValue) => number;

const orderNames = Object.fromEntries(Object.entries(sortOrders).map(([name, number]) => [number, name]));

const ascending: Readonly<Record<number, Order>> = {
  [sortTargets.key]: (a, b) => (a.key < b.key ? -1 : 1),
  [sortTargets.version]: (a, b) => a.version - b.version,
  [sortTargets.create]: (a, b) => a.createRevision - b.createRevision,
  [sortTargets.mod]: (a, b) => a.modRevision - b.modRevision,
  [sortTargets.value]: (a, b) => Buffer.compare(a.value, b.value),
};

function orderOf({ sortOrder, sortTarget }: RangeMessage): Order {
  const order = ascending[sortTarget] as Order;
  return sortOrder === sortOrders.descend ? (a, b) => order(b, a) : order;
}

function isByStore(message: RangeMessage): boolean {
  return message.sortTarget === sortTargets.key && !isBounded(message);
}

/** Who names no order but sorts by something else has, with etcd, only the first keys and one more sorted. */
function storeLimit(message: RangeMessage): number {
  const limit = count(message.limit);
  if (isByStore(message) || limit === 0) return limit;
  return message.sortOrder === sortOrders.none && !isBounded(message) ? limit + 1 : 0;
}

function isBounded(message: RangeMessage): boolean {
  const { minModRevision, maxModRevision, minCreateRevision, maxCreateRevision } = message;
  return [minModRevision, maxModRevision, minCreateRevision, maxCreateRevision].some((bound) => count(bound) !== 0);
}

function isWithin(message: RangeMessage, { modRevision, createRevision }: KeyValue): boolean {
  return (
    modRevision >= count(message.minModRevision) &&
    modRevision <= (count(message.maxModRevision) || Number.POSITIVE_INFINITY) &&
    createRevision >= count(message.minCreateRevision) &&
    createRevision <= (count(message.maxCreateRevision) || Number.POSITIVE_INFINITY)
  );
}
