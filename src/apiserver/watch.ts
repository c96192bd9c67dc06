import { setTimeout as setTimer } from 'node:timers';
import {
  ApiError,
  booleanParameter,
  encodeProtobuf,
  encodeWatchFrame,
  errors,
  type KubernetesObject,
  type ResourceType,
  type Status,
} from '../api/index.ts';
import type { Exchange } from './exchange.ts';
import { mediaTypes, type Representation } from './http/accept.ts';
import { drained } from './http/drained.ts';
import { includeObjectOf, objectAs } from './http/objects.ts';
import { integer, listParameters } from './http/parameters.ts';
import { setWarnings } from './http/respond.ts';
import type { CollectionRequest, EncodedEvent, Registry, WatchParameters } from './registry/types.ts';

/** Bytes that may wait for one slow reader before its watch is ended: it resumes where it was. */
export const MAX_BUFFERED_BYTES = 8 * 1024 * 1024;
/** A watch without a timeout of its own ends between one and two times this, so that clients spread. */
const DEFAULT_TIMEOUT_MS = 30 * 60_000;

const MAX_TIMER_MS = 2 ** 31 - 1;

/** Where a watch's frames go: an HTTP response in chunks, or a WebSocket. */
export interface WatchSink {
  /** It goes on from here, whether there is something to tell or not. */
  begun?(): void;
  /** One event as a line of JSON. Returns the bytes that wait to be sent. */
  write(line: Buffer): number;
  /** Resolves when what was written is on its way, or nobody is there any more. */
  drained(): Promise<void>;
  end(): void;
}

/** Serves a watch as one chunk a event, until the client goes, the time is up, or it can't be continued. */
export async function serveWatch(
  exchange: Exchange,
  request: CollectionRequest,
  registry: Registry,
  shape: Representation,
  now: () => number,
): Promise<void> {
  const { response } = exchange;
  let corked = false;
  const sink: WatchSink = {
    write(line) {
      if (!response.headersSent) begin(exchange, shape);
      // Events of one turn go out in one packet.
      if (!corked) {
        corked = true;
        response.cork();
        process.nextTick(() => {
          corked = false;
          response.uncork();
        });
      }
      response.write(line);
      return response.writableLength;
    },
    begun() {
      if (!response.headersSent) begin(exchange, shape);
    },
    drained: () => drained(response),
    end() {
      // What is still held back would come after the end, where nobody reads it.
      if (corked) response.uncork();
      response.end();
    },
  };
  await pipeWatch(exchange, request, registry, shape, now, sink);
}

/** What a reader is told that is too slow: 429. */
export function fellBehind(): Status {
  return errors.tooManyRequests('the watch fell too far behind: resume it from the last resourceVersion seen').status;
}

function begin(exchange: Exchange, { encoding }: Representation): void {
  setWarnings(exchange);
  const type = encoding === 'protobuf' ? `${mediaTypes.protobuf};stream=watch` : mediaTypes.json;
  exchange.response.writeHead(200, { 'Content-Type': type, 'Cache-Control': 'no-cache, private' });
  exchange.response.flushHeaders();
}

/**
 * Starts the watch that the query asks for and ties its end to the client's, the timeout's and the registry's. Resolves when the state
 * has been told, or it is over.
 */
export async function pipeWatch(
  exchange: Exchange,
  request: CollectionRequest,
  registry: Registry,
  shape: Representation,
  now: () => number,
  sink: WatchSink,
): Promise<void> {
  const encode = encoderOf(request.type, shape, exchange, now);
  let over = false;
  let watch: { stop(): void } | undefined;
  const begun = Promise.withResolvers<void>();
  const finish = (status?: Status): void => {
    if (over) return;
    over = true;
    begun.resolve();
    clearTimeout(timer);
    watch?.stop();
    if (status !== undefined) sink.write(frameOf('ERROR', status, shape));
    sink.end();
  };
  const timeoutMs = timeoutOf(exchange.query);
  const timer = setTimer(() => finish(), timeoutMs);
  timer.unref();
  exchange.signal.addEventListener('abort', () => finish(), { once: true });
  try {
    watch = await registry.watch({
      ...request,
      ...watchParameters(exchange.query),
      timeoutMs,
      drained: () => sink.drained(),
      onEvent(event) {
        if (over) return false;
        const waiting = sink.write(encode(event));
        if (waiting <= MAX_BUFFERED_BYTES) return true;
        finish(fellBehind());
        return false;
      },
      onBegun: begun.resolve,
      onEnd: finish,
    });
    if (over) watch.stop();
    sink.begun?.();
  } catch (error) {
    // Kubernetes tells of history that is gone as a watch does, not as an answer to a request.
    if (error instanceof ApiError && error.reason === 'Expired') finish(error.status);
    clearTimeout(timer);
    if (over) return;
    over = true;
    throw error;
  }
  await begun.promise;
}

/** Milliseconds; what is longer than timers can be is as long as they can be, and what is negative is over at once. */
function timeoutOf(query: URLSearchParams): number {
  const seconds = integer(query, 'timeoutSeconds');
  if (!seconds) return DEFAULT_TIMEOUT_MS * (1 + Math.random());
  return Math.min(Math.max(0, seconds * 1_000), MAX_TIMER_MS);
}

function watchParameters(query: URLSearchParams): Omit<WatchParameters, 'onEvent' | 'onEnd'> {
  const parameters = listParameters(query);
  const {
    labelSelector,
    fieldSelector,
    resourceVersion,
    resourceVersionMatch,
    sendInitialEvents: initial,
  } = parameters;
  return {
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(resourceVersionMatch === undefined ? {} : { resourceVersionMatch }),
    ...(initial === undefined ? {} : { sendInitialEvents: initial }),
    allowBookmarks: booleanParameter(query, 'allowWatchBookmarks') ?? false,
  };
}

/** Plain watches share the bytes that the registry made; Tables and metadata are made for this reader. */
function encoderOf(
  type: ResourceType,
  shape: Representation,
  exchange: Exchange,
  now: () => number,
): (event: EncodedEvent) => Buffer {
  if (shape.as === 'object')
    return shape.encoding === 'protobuf' ? (event) => event.protobuf() : (event) => event.json();
  const includeObject = includeObjectOf(exchange, shape);
  let first = true;
  return ({ type: eventType, encoded }) => {
    const object = objectAs(encoded.object, type, shape, includeObject, now()) as { columnDefinitions?: unknown };
    // Only the first Table tells the columns, as Kubernetes does.
    if (shape.as === 'table' && !first) object.columnDefinitions = null;
    first = false;
    return frameOf(eventType, object, shape);
  };
}

/** An event as one line of JSON, or a frame of protobuf. */
function frameOf(type: string, object: object, { encoding }: Representation): Buffer {
  if (encoding === 'protobuf') return encodeWatchFrame(type, encodeProtobuf(object as KubernetesObject));
  return Buffer.from(`${JSON.stringify({ type, object })}\n`);
}
