import { type Clock, errorMessage, type Logger, type Timer } from '../../base/index.ts';
import type { KeyValueMessage, RangeAnswer, TxnAnswer } from '../messages.ts';
import { type Decoded, toNumber } from './answers.ts';
import type { Connection } from './connection.ts';

/**
 * Has etcd forget its history, as Kubernetes' API server does: every so often one of those who share the prefix, the one that
 * first writes the note that all of them know, compacts up to where the note was written the time before. So all history of the
 * last interval is kept, and none that is older than two. Concerns the whole etcd: revisions are not kept by prefix.
 */
export class HistoryKeeper {
  readonly #connection: Connection;
  readonly #note: Buffer;
  readonly #logger: Logger;
  readonly #ticker: Timer;
  /** As last seen: how often it was written, and at which revision that was. */
  #seen = { version: 0, revision: 0 };

  constructor(connection: Connection, note: Buffer, options: { clock: Clock; logger: Logger; intervalMs: number }) {
    this.#connection = connection;
    this.#note = note;
    this.#logger = options.logger;
    this.#ticker = options.clock.setTicker(options.intervalMs, () => {
      this.#compact().catch((error) => this.#logger.warn({ error: errorMessage(error) }, 'etcd was not compacted'));
    });
  }

  stop(): void {
    this.#ticker.cancel();
  }

  async #compact(): Promise<void> {
    const { version, revision } = this.#seen;
    const key = this.#note;
    const answer = await this.#connection.call<Decoded<TxnAnswer>>(
      'KV.Txn',
      {
        compare: [{ key, target: 0, result: 0, version }],
        success: [{ requestPut: { key, value: Buffer.from(String(revision)) } }],
        failure: [{ requestRange: { key } }],
      },
      { repeatable: false },
    );
    const now = toNumber(answer.header.revision);
    if (!answer.succeeded) {
      this.#seen = { version: toNumber(noteOf(answer)?.version), revision: now };
      return;
    }
    this.#seen = { version: version + 1, revision: now };
    if (revision > 0) await this.#connection.call('KV.Compact', { revision }, { repeatable: false });
  }
}

function noteOf({ responses }: Decoded<TxnAnswer>): Decoded<KeyValueMessage> | undefined {
  const [first] = responses as { responseRange?: Decoded<RangeAnswer> }[];
  return first?.responseRange?.kvs[0];
}
