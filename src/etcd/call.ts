import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type {
  handleBidiStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  Metadata,
  ServerDuplexStream,
  ServerWritableStream,
} from '@grpc/grpc-js';
import { errorMessage, type Logger } from '../base/index.ts';
import type { EtcdContext } from './context.ts';
import { toEtcdError } from './errors.ts';

/** What gRPC is told of an error. One that is not the client's doing is logged. */
export function toServiceError(error: unknown, logger: Logger): { code: number; details: string } {
  const { status, message, cause } = toEtcdError(error);
  if (cause !== undefined) logger.warn({ error: errorMessage(cause) }, 'a call failed');
  return { code: status, details: message };
}

/** Clients say so that would rather have an error than an answer from a peer that may be cut off. */
function insistsOnLeader(metadata: Metadata): boolean {
  return metadata.get('hasleader')[0] === 'true';
}

/** A method with one request and one answer. */
export function unary<Request, Response>(
  context: EtcdContext,
  handle: (request: Request) => Promise<Response>,
): handleUnaryCall<Request, Response> {
  const answer = async (metadata: Metadata, request: Request): Promise<Response> => {
    if (insistsOnLeader(metadata)) context.leadership.require();
    return await handle(request);
  };
  return ({ metadata, request }, callback) => {
    answer(metadata, request).then(
      (response) => callback(null, response),
      (error) => callback(toServiceError(error, context.logger)),
    );
  };
}

/** A method with one request that is answered by a stream. The stream ends when `handle` is done. */
export function serverStream<Request, Response>(
  context: EtcdContext,
  handle: (request: Request, call: ServerWritableStream<Request, Response>) => Promise<void>,
): handleServerStreamingCall<Request, Response> {
  return (call) => {
    run(context, call, () => handle(call.request, call));
  };
}

/** A method whose client may send as long as it likes. */
export function bidirectional<Request, Response>(
  context: EtcdContext,
  handle: (call: ServerDuplexStream<Request, Response>) => Promise<void>,
): handleBidiStreamingCall<Request, Response> {
  return (call) => {
    run(context, call, () => handle(call));
  };
}

/** What the client sends, until it has no more; the stream stays open for answers, which a loop over the call itself would end. */
export function messagesOf<Message>(call: Readable): AsyncIterable<Message> {
  return { [Symbol.asyncIterator]: () => call.iterator({ destroyOnReturn: false }) as AsyncIterator<Message> };
}

/** Sends a message; resolves when there is room for more, or the client is gone. */
export async function send<Message>(
  call: { write(message: Message): boolean } & NodeJS.EventEmitter,
  message: Message,
): Promise<void> {
  if (call.write(message)) return;
  const stop = new AbortController();
  const waits = ['drain', 'close', 'cancelled'].map((event) => once(call, event, { signal: stop.signal }));
  await Promise.race(waits).finally(() => stop.abort());
}

type AnyStream = Writable & { readonly metadata: Metadata; readonly cancelled: boolean };

function run(context: EtcdContext, call: AnyStream, handle: () => Promise<void>): void {
  const { leadership, logger } = context;
  let over = false;
  const fail = (error: unknown): void => {
    if (over || call.cancelled) return;
    over = true;
    call.emit('error', toServiceError(error, logger));
  };
  const start = async (): Promise<void> => {
    if (insistsOnLeader(call.metadata)) {
      leadership.require();
      call.once('close', leadership.watch(fail));
    }
    await handle();
    if (over) return;
    over = true;
    call.end();
  };
  start().catch(fail);
}
