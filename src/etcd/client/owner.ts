import { KeelsonError } from '../../base/index.ts';
import type { RangeAnswer, TxnAnswer } from '../messages.ts';
import { toValue } from '../values.ts';
import type { Decoded } from './answers.ts';
import type { Connection } from './connection.ts';

/** Makes a prefix the owner's unless it is somebody's already. Throws DATA_FOREIGN when it is another one's. */
export async function claimPrefix(connection: Connection, key: Buffer, prefix: string, owner: string): Promise<void> {
  const { succeeded, responses } = await connection.call<Decoded<TxnAnswer>>(
    'KV.Txn',
    {
      compare: [{ key, target: 0, result: 0, version: 0 }],
      success: [{ requestPut: { key, value: Buffer.from(owner) } }],
      failure: [{ requestRange: { key } }],
    },
    // Twice it is still the owner's.
    { repeatable: true },
  );
  if (succeeded) return;
  const [found] = responses as { responseRange?: Decoded<RangeAnswer> }[];
  const present = Buffer.from(toValue(found?.responseRange?.kvs[0]?.value)).toString();
  if (present === owner) return;
  throw new KeelsonError(
    'DATA_FOREIGN',
    `etcd holds another cluster's data under ${prefix} (cluster ${present}, not ${owner}): choose another prefix with --store-prefix`,
  );
}
