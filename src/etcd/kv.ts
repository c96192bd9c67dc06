import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import { unary } from './call.ts';
import type { EtcdContext } from './context.ts';
import type {
  CompactionMessage,
  DeleteRangeAnswer,
  DeleteRangeMessage,
  EmptyAnswer,
  PutAnswer,
  PutMessage,
  RangeAnswer,
  RangeMessage,
  TxnAnswer,
  TxnMessage,
} from './messages.ts';
import { deleteAnswer, planDelete, planPut, putAnswer } from './operations.ts';
import { planRange, rangeAnswer } from './range.ts';
import { planTxn, txnAnswer } from './transaction.ts';
import { count } from './values.ts';

/** Service KV: reads and writes of keys. */
export function kvService(context: EtcdContext): UntypedServiceImplementation {
  const { store, header } = context;
  return {
    Range: unary<RangeMessage, RangeAnswer>(context, async (message) => {
      const result = await store.range({ ...planRange(message), serializable: message.serializable });
      return rangeAnswer(message, result, header(result.revision));
    }),
    Put: unary<PutMessage, PutAnswer>(context, async (message) => {
      const put = planPut(message);
      if (!put.previous && !put.ignoreValue && !put.ignoreLease) {
        const { revision } = await store.put(put.key, put.value, { lease: put.lease });
        return { header: header(revision) };
      }
      const { revision, results } = await store.txn({ compare: [], then: [put] });
      return putAnswer(results[0] as Parameters<typeof putAnswer>[0], header(revision));
    }),
    DeleteRange: unary<DeleteRangeMessage, DeleteRangeAnswer>(context, async (message) => {
      const { revision, results } = await store.txn({ compare: [], then: [planDelete(message)] });
      return deleteAnswer(results[0] as Parameters<typeof deleteAnswer>[0], header(revision));
    }),
    Txn: unary<TxnMessage, TxnAnswer>(context, async (message) => {
      const result = await store.txn(planTxn(message));
      return txnAnswer(message, result, header(result.revision));
    }),
    Compact: unary<CompactionMessage, EmptyAnswer>(context, async ({ revision }) => {
      await store.compact(count(revision));
      return { header: header() };
    }),
  };
}
