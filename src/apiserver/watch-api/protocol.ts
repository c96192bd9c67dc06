import { isPlainObject } from '../../api/index.ts';

/**
 * The WebSocket watch API: many watches on one socket. Messages are JSON texts (subprotocol `v1.json.watch.keelson`) or
 * msgpack (`v1.msgpack.watch.keelson`).
 *
 * Client → server
 *   { op: 'watch', id, apiVersion, resource, namespace?, labelSelector?, fieldSelector?, resourceVersion?, bookmarks?, window? }
 *   { op: 'ack', id, count }      with a window: so many more events may come
 *   { op: 'cancel', id }
 *
 * Server → client
 *   { id, type: 'STARTED' }
 *   { id, type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK', object }
 *   { id, type: 'ERROR', status }  a Kubernetes Status; the watch is over
 *   { id, type: 'ENDED' }          after cancel
 *
 * Without a resourceVersion the state comes first, as ADDED events, then a BOOKMARK with the annotation
 * k8s.io/initial-events-end; with one, what happened since, each change exactly once and in order. After a lost connection the
 * client watches again from the last metadata.resourceVersion that it saw.
 */
export type ClientMessage =
  | {
      op: 'watch';
      id: WatchId;
      apiVersion: string;
      resource: string;
      namespace?: string;
      labelSelector?: string;
      fieldSelector?: string;
      resourceVersion?: string;
      bookmarks?: boolean;
      /** Events that may be under way unacknowledged; absent: no flow control beyond the socket's. */
      window?: number;
    }
  | { op: 'ack'; id: WatchId; count: number }
  | { op: 'cancel'; id: WatchId };

export type WatchId = number | string;

export const WATCH_PATH = '/watch';
export const JSON_PROTOCOL = 'v1.json.watch.keelson';
export const MSGPACK_PROTOCOL = 'v1.msgpack.watch.keelson';

/** Limits of one socket; each is a clear error when passed. */
export const limits = { messageBytes: 64 * 1024, watches: 1_000, idLength: 64, window: 100_000 } as const;

/** Checks a message from outside. Throws an Error whose text tells the client what to change. */
export function parseClientMessage(value: unknown): ClientMessage {
  if (!isPlainObject(value)) throw new Error('a message must be an object with an op');
  const { op, id } = value;
  if (typeof id !== 'number' && (typeof id !== 'string' || id.length > limits.idLength)) {
    throw new Error(`id must be a number, or a string of at most ${limits.idLength} characters`);
  }
  switch (op) {
    case 'watch':
      for (const field of ['apiVersion', 'resource']) {
        if (typeof value[field] !== 'string') throw new Error(`${field} must be a string`);
      }
      for (const field of ['namespace', 'labelSelector', 'fieldSelector', 'resourceVersion']) {
        if (value[field] !== undefined && typeof value[field] !== 'string')
          throw new Error(`${field} must be a string`);
      }
      if (value['bookmarks'] !== undefined && typeof value['bookmarks'] !== 'boolean')
        throw new Error('bookmarks must be true or false');
      if (value['window'] !== undefined) positiveInteger(value['window'], 'window');
      return value as ClientMessage;
    case 'ack':
      positiveInteger(value['count'], 'count');
      return value as ClientMessage;
    case 'cancel':
      return value as ClientMessage;
    default:
      throw new Error('op must be watch, ack or cancel');
  }
}

function positiveInteger(value: unknown, field: string): void {
  if (!Number.isInteger(value) || (value as number) < 1 || (value as number) > limits.window) {
    throw new Error(`${field} must be an integer between 1 and ${limits.window}`);
  }
}
