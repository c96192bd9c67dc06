import type { ServiceError } from '@grpc/grpc-js';
import { type Clock, KeelsonError } from '../../base/index.ts';
import { LeaseNotFoundError, StoppedError } from '../../store/index.ts';
import type { LeaseAnswer, LeaseMessage, RangeAnswer, WatchAnswer, WatchCreateMessage } from '../messages.ts';
import { type Decoded, toNumber } from './answers.ts';
import type { Connection, Method } from './connection.ts';
import { toStoreError } from './errors.ts';

/** For how long one answer is waited for. */
export interface Patience {
  clock: Clock;
  timeoutMs: number;
}

/** Refreshes a lease; resolves to its time to live, in seconds. Rejects with LEASE_NOT_FOUND. */
export async function keepAlive(connection: Connection, patience: Patience, id: number): Promise<number> {
  const request: LeaseMessage = { ID: id };
  const isAnswer = (): boolean => true;
  const answer = await ask<Decoded<LeaseAnswer>>(connection, patience, 'Lease.LeaseKeepAlive', request, isAnswer);
  const ttl = toNumber(answer.TTL);
  if (ttl <= 0) throw new LeaseNotFoundError(id);
  return ttl;
}

/**
 * The oldest revision that can still be read; 0: all can. etcd tells it only to a watch that begins before. `known`: what it was
 * the last time; `key`: any.
 */
export async function findCompactRevision(
  connection: Connection,
  patience: Patience,
  { known, key }: { known: number; key: Buffer },
): Promise<number> {
  const revision = Math.max(known, 1);
  try {
    const request = { key, revision, countOnly: true };
    await connection.call<Decoded<RangeAnswer>>('KV.Range', request, { repeatable: true });
    return known;
  } catch (error) {
    if ((error as KeelsonError).code !== 'COMPACTED') throw error;
  }
  const createRequest: Partial<WatchCreateMessage> = { key, startRevision: revision };
  const answer = await ask<Decoded<WatchAnswer>>(
    connection,
    patience,
    'Watch.Watch',
    { createRequest },
    ({ compactRevision }) => toNumber(compactRevision) > 0,
  );
  return toNumber(answer.compactRevision);
}

/** Sends one message on a new stream, and resolves to the answer that is looked for. Rejects with a store's errors. */
async function ask<Answer>(
  connection: Connection,
  { clock, timeoutMs }: Patience,
  method: Method,
  request: object,
  isAnswer: (answer: Answer) => boolean,
): Promise<Answer> {
  const { server, stream } = await connection.open<object, Answer>(method, timeoutMs);
  let late = false;
  const timer = clock.setTimer(timeoutMs, () => {
    late = true;
    connection.leave(server);
    stream.cancel();
  });
  try {
    return await new Promise<Answer>((resolve, reject) => {
      stream.on('data', (answer: Answer) => {
        if (isAnswer(answer)) resolve(answer);
      });
      stream.on('error', (error) => {
        if (connection.signal.aborted) reject(new StoppedError());
        else if (late) reject(new KeelsonError('TIMEOUT', 'etcd did not answer in time'));
        else reject(toStoreError(error as ServiceError));
      });
      stream.on('end', () => reject(new KeelsonError('UNAVAILABLE', 'etcd ended the stream without an answer')));
      stream.write(request);
    });
  } finally {
    timer.cancel();
    stream.cancel();
  }
}
