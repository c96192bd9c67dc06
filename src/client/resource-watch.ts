import WebSocket from 'ws';
import { ApiError, type KubernetesObject, type Status } from '../api/index.ts';
import { type Clock, type Random, sleep, systemClock, systemRandom } from '../base/index.ts';
import type { WatchEvent } from './types.ts';

export interface ResourceWatchOptions {
  /** API addresses of the peers; the next is tried when one fails. */
  servers: readonly string[];
  tls: { ca: string; cert?: string; key?: string };
  /** A bearer token, instead of a client certificate. */
  token?: string;
  apiVersion: string;
  resource: string;
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
  /** What happened since; absent: the present state first, as ADDED events. */
  resourceVersion?: string | undefined;
  signal?: AbortSignal;
  clock?: Clock;
  random?: Random;
}

type ServerMessage =
  | { id: number; type: 'STARTED' | 'ENDED' }
  | { id: number; type: 'ERROR'; status: Status }
  | { id: number; type: WatchEvent<KubernetesObject>['type']; object: KubernetesObject };

const PROTOCOL = 'v1.json.watch.keelson';
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 2_000;

/**
 * Watches one kind through the WebSocket watch API, across lost connections and dead peers: each change once, in order. Throws
 * ApiError when the watch can't go on, for instance Expired when what happened meanwhile is compacted.
 */
export async function* watchResources(options: ResourceWatchOptions): AsyncGenerator<WatchEvent<KubernetesObject>> {
  const { servers, signal, clock = systemClock, random = systemRandom } = options;
  let { resourceVersion } = options;
  let failures = 0;
  for (let i = 0; signal?.aborted !== true; i++) {
    const url = (servers[i % servers.length] as string).replace(/^http/, 'ws');
    for await (const message of connection(`${url}/watch`, { ...options, resourceVersion })) {
      if (message.type === 'STARTED') {
        failures = 0;
      } else if (message.type === 'ERROR') {
        if (!isTransient(message.status)) throw new ApiError(message.status);
        break;
      } else if ('object' in message) {
        // While the first state comes in, its objects' versions are no points to resume from: it would be begun again.
        const initial = resourceVersion === undefined;
        if (!initial || isInitialEnd(message.object)) resourceVersion = message.object.metadata.resourceVersion;
        yield { type: message.type, object: message.object };
      }
    }
    failures++;
    const delay = Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures, 10), LAST_RETRY_MS) * (0.5 + random.next() / 2);
    await pause(clock, delay, signal);
  }
}

/** Waits, holding the process: between two connections nothing else does. */
async function pause(clock: Clock, delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  const alive = setInterval(() => {}, delayMs + 1_000);
  await sleep(clock, delayMs, signal).catch(() => {});
  clearInterval(alive);
}

/** The messages of one connection, until it closes. */
async function* connection(url: string, options: ResourceWatchOptions): AsyncGenerator<ServerMessage> {
  const { tls, token, apiVersion, resource, namespace, labelSelector, fieldSelector, resourceVersion, signal } =
    options;
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const socket = new WebSocket(url, PROTOCOL, { ...tls, headers, perMessageDeflate: false, handshakeTimeout: 3_000 });
  const queue: ServerMessage[] = [];
  let wake = (): void => {};
  let open = true;
  const close = (): void => {
    open = false;
    wake();
  };
  socket.on('open', () =>
    socket.send(
      JSON.stringify({
        op: 'watch',
        id: 1,
        apiVersion,
        resource,
        namespace,
        labelSelector,
        fieldSelector,
        resourceVersion,
        bookmarks: true,
      }),
    ),
  );
  socket.on('message', (data) => {
    queue.push(JSON.parse(String(data)) as ServerMessage);
    wake();
  });
  socket.on('close', close);
  socket.on('error', close);
  signal?.addEventListener('abort', () => socket.terminate(), { once: true });
  try {
    while (open || queue.length > 0) {
      const message = queue.shift();
      if (message !== undefined) yield message;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    socket.terminate();
  }
}

function isTransient({ code }: Status): boolean {
  return code === 429 || code >= 500;
}

function isInitialEnd({ metadata }: KubernetesObject): boolean {
  return metadata.annotations?.['k8s.io/initial-events-end'] === 'true';
}
