import type { RangeRequest, Store } from '../types.ts';
import type { Outbox } from './outbox.ts';
import { FRAME_BYTES, PART } from './protocol.ts';
import { encodeKeyValue } from './results.ts';

/** Keys read at first, when their size isn't known. */
const FIRST_PAGE = 64;
const MAX_PAGE = 4096;

/**
 * Answers a range in pages of about a frame, all at the revision of the first, each read when the one before
 * it is on its way, so that a range of any size costs little memory. Returns the rest of the answer.
 */
export async function sendRange(outbox: Outbox, store: Store, id: number, request: RangeRequest): Promise<unknown[]> {
  const limit = request.limit || Number.POSITIVE_INFINITY;
  let page = Math.min(FIRST_PAGE, limit);
  const first = await store.range({ ...request, limit: page });
  const wanted = request.countOnly ? 0 : Math.min(limit, first.count);
  let { kvs } = first;
  let sent = 0;
  let { key, end } = request;
  for (;;) {
    let bytes = 0;
    for (const kv of kvs) bytes += kv.key.length + kv.value.length + 32;
    sent += kvs.length;
    const rows = kvs.map(encodeKeyValue);
    if (sent >= wanted || kvs.length === 0) {
      return [first.revision, first.count, sent < first.count && !request.countOnly, rows];
    }
    outbox.push([id, PART, rows], bytes);
    await outbox.drained();
    const last = kvs.at(-1)!.key;
    if (request.order === 'descend') end = last;
    else key = `${last}\0`;
    page = Math.max(1, Math.min(MAX_PAGE, wanted - sent, Math.floor((FRAME_BYTES * kvs.length) / bytes)));
    const revision = request.revision || first.revision;
    ({ kvs } = await store.range({ ...request, key, end: end!, revision, limit: page, serializable: true }));
  }
}
