import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2Server, Http2ServerRequest, Http2ServerResponse, Http2Session } from 'node:http2';
import type { Server } from 'node:https';
import type { Writable } from 'node:stream';
import type { TLSSocket } from 'node:tls';

/** To be offered to clients by TLS (ALPN); the first is preferred. Upgrades are HTTP/1.1's alone, and their clients offer no other. */
export const HTTP_PROTOCOLS = ['h2', 'http/1.1'];

/** Requests that one connection may have under way, as with Kubernetes. */
const MAX_STREAMS = 250;
/** Bytes of body that a client may send ahead of us, for each request. */
const WINDOW_BYTES = 256 * 1024;
/** The same for all requests of a connection together. */
const SESSION_WINDOW_BYTES = 1024 * 1024;
/** Milliseconds; the same as for connections of HTTP/1.1. */
export const IDLE_MS = 90_000;
/** Megabytes that one connection's streams may take: all its watches together, each of which has a bound of its own. */
const MAX_SESSION_MEGABYTES = 128;

/**
 * Lets an HTTPS server speak HTTP/2 with clients that want to: Go's, and so kubectl, helm and controllers. Its requests come to
 * the same `request` listeners as the others. Returns a function that ends these connections.
 */
export function acceptHttp2(server: Server): () => void {
  const sessions = new Set<Http2Session>();
  let http2: Http2Server | undefined;
  const speakHttp1 = server.listeners('secureConnection') as ((socket: TLSSocket) => void)[];
  server.removeAllListeners('secureConnection');
  server.on('secureConnection', (socket: TLSSocket) => {
    if (socket.alpnProtocol === 'h2') {
      http2 ??= createHttp2(server, sessions);
      http2.emit('connection', socket);
    } else for (const listener of speakHttp1) listener.call(server, socket);
  });
  return () => {
    for (const session of sessions) session.destroy();
  };
}

/** Loads HTTP/2, which takes some megabytes: only once somebody comes with it. */
function createHttp2(server: Server, sessions: Set<Http2Session>): Http2Server {
  const { constants, createServer } = process.getBuiltinModule('node:http2');
  const http2 = createServer({
    settings: { maxConcurrentStreams: MAX_STREAMS, initialWindowSize: WINDOW_BYTES },
    maxSessionMemory: MAX_SESSION_MEGABYTES,
  });
  http2.on('session', (session) => {
    sessions.add(session);
    session.setLocalWindowSize(SESSION_WINDOW_BYTES);
    session.once('close', () => sessions.delete(session));
    endIdle(session);
    session.on('error', () => session.destroy());
  });
  http2.on('sessionError', () => {});
  // The compatible API of Node's: what the stages use of requests and responses is the same.
  http2.on('request', (request: Http2ServerRequest, response: Http2ServerResponse) => {
    const { stream } = response;
    stream.on('error', () => {});
    // What still comes of a body that is not read would take from the window of the other requests.
    stream.once('finish', () => {
      // (Not within this event, which would swallow it.)
      if (stream.state.remoteClose === 0) setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR));
    });
    server.emit('request', request as unknown as IncomingMessage, response as unknown as ServerResponse);
  });
  return http2;
}

/** Ends a connection on which nothing is asked and nothing comes, be it from its very beginning. */
function endIdle(session: Http2Session): void {
  let open = 0;
  session.on('stream', (stream) => {
    open++;
    stream.once('close', () => open--);
  });
  session.setTimeout(IDLE_MS, () => {
    if (open === 0) session.close();
  });
}

/** Where bytes wait to be sent: an HTTP/2 response is no stream itself. */
export function writableOf(target: ServerResponse | Writable): Writable {
  return (target as { stream?: Writable }).stream ?? target;
}

/** A request's headers, each with all its values. HTTP/2's requests have no `headersDistinct`; `Host` is `:authority` there. */
export function distinctHeaders({ rawHeaders }: IncomingMessage): Record<string, string[]> {
  const found: Record<string, string[]> = Object.create(null);
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const raw = rawHeaders[i]!.toLowerCase();
    const name = raw === ':authority' ? 'host' : raw;
    if (name.startsWith(':')) continue;
    found[name] ??= [];
    found[name].push(rawHeaders[i + 1]!);
  }
  return found;
}
