import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ApiError, booleanParameter, errors } from '../api/index.ts';
import { type Clock, errorCode, errorMessage, type Logger, listenError, nodeHttp } from '../base/index.ts';
import type { Auditor } from './audit/index.ts';
import { Deadlines } from './deadlines.ts';
import { anonymous, type Exchange } from './exchange.ts';
import { MAX_REQUEST_MS, requestTimeoutOf } from './http/deadline.ts';
import { acceptHttp2, HTTP_PROTOCOLS, IDLE_MS } from './http/http2.ts';
import { sendError, statusOf } from './http/respond.ts';
import type { RequestMetrics } from './metrics.ts';
import { isLongRunning, requestInfoOf } from './request-info.ts';
import type { Stages } from './stages.ts';

/** Milliseconds that a client has for its TLS handshake and for its request's header. */
const HANDSHAKE_TIMEOUT_MS = 10_000;
const HEADERS_TIMEOUT_MS = 30_000;
/** How often it is looked whose time is up. */
const CHECK_MS = 5_000;
const MAX_HEADER_BYTES = 64 * 1024;
const MAX_CONNECTIONS = 16_384;

export interface TlsMaterial {
  /** PEM. */
  ca: string;
  cert: string;
  key: string;
}

/** Handles a request whose sender is known and allowed. Returns false when the path is not its own. */
export type Route = (exchange: Exchange) => Promise<boolean> | boolean;
/** The same for a WebSocket (or SPDY) upgrade: takes over the socket. */
export type UpgradeRoute = (exchange: Exchange, socket: Duplex, head: Buffer) => Promise<boolean> | boolean;

export interface ApiServerOptions {
  /** The first is the server's own address. */
  listeners: readonly Listener[];
  tls: TlsMaterial;
  stages: Stages;
  routes: readonly Route[];
  upgradeRoutes: readonly UpgradeRoute[];
  notFound: Route;
  metrics: RequestMetrics;
  /** Absent: nothing is written down. */
  auditor?: Auditor | undefined;
  clock: Clock;
  logger: Logger;
}

type ServeOptions = ApiServerOptions & { deadlines: Deadlines<Exchange> };

export interface Listener {
  host: string;
  /** 0: any free one. */
  port: number;
  /** Other peers on this machine listen on the same port: whoever lives answers (SO_REUSEPORT). */
  shared: boolean;
}

export interface ApiServer {
  readonly host: string;
  readonly port: number;
  /** Stops listening, ends every watch and connection. */
  close(): Promise<void>;
}

/** Listens for API requests. Rejects with PORT_BUSY or PORT_REFUSED when a port can't be had. */
export async function startApiServer(given: ApiServerOptions): Promise<ApiServer> {
  const deadlines = new Deadlines<Exchange>(given.clock, MAX_REQUEST_MS, (exchange) => timeOut(given.logger, exchange));
  const options = { ...given, deadlines };
  const servers: Server[] = [];
  // Upgraded sockets leave a server's own list, but closing must end them too.
  const sockets = new Set<Socket>();
  const close = async (): Promise<void> => {
    deadlines.close();
    const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    for (const server of servers) server.closeAllConnections();
    for (const socket of sockets) socket.destroy();
    await Promise.all(closed);
  };
  try {
    for (const listener of options.listeners) {
      const server = createListener(options, sockets);
      await listen(server, listener, options.logger);
      servers.push(server);
    }
  } catch (error) {
    await close();
    throw error;
  }
  const address = servers[0]?.address() as AddressInfo;
  return {
    host: address.address,
    port: address.port,
    close,
  };
}

function createListener(options: ServeOptions, sockets: Set<Socket>): Server {
  const server = createServer({
    ca: options.tls.ca,
    cert: options.tls.cert,
    key: options.tls.key,
    requestCert: true,
    // A client without a certificate may have a token: the authenticators decide.
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    ALPNProtocols: HTTP_PROTOCOLS,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: 0,
    maxHeaderSize: MAX_HEADER_BYTES,
    keepAliveTimeout: IDLE_MS,
    connectionsCheckingInterval: CHECK_MS,
    noDelay: true,
  });
  server.maxConnections = MAX_CONNECTIONS;
  const endHttp2 = acceptHttp2(server);
  server.once('close', endHttp2);
  server.on('request', (request, response) => void serve(options, request, response));
  server.on('upgrade', (request, socket, head) => void upgrade(options, request, socket, head));
  server.on('tlsClientError', (error, socket) => {
    options.logger.debug({ error: errorMessage(error) }, 'TLS handshake failed');
    socket.destroy();
  });
  server.on('clientError', (error, socket) => refuseMalformed(socket, errorCode(error)));
  server.on('secureConnection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
  });
  return server;
}

function listen(server: Server, { host, port, shared }: Listener, logger: Logger): Promise<void> {
  const what = shared ? "the peers' shared API" : 'the API';
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, { host, port, what })));
    server.listen({ host, port, reusePort: shared }, () => {
      server.removeAllListeners('error');
      // No more file descriptors, for instance: connections that are open go on.
      server.on('error', (error) => logger.warn({ port, error: errorMessage(error) }, 'could not accept a connection'));
      resolve();
    });
  });
}

/** One for all: to make an error costs more than many a request. */
const clientGone = new DOMException('the client is gone', 'AbortError');

/** `gone` is to be called when the client is no longer there. */
function receive(request: IncomingMessage, response: ServerResponse): { exchange: Exchange; gone(): void } {
  const target = request.url ?? '/';
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1));
  // Made only for those who ask: most requests are over before anybody does.
  let controller: AbortController | undefined;
  let over = false;
  const exchange: Exchange = {
    request,
    response,
    query,
    info: requestInfoOf(request.method ?? 'GET', path, booleanParameter(query, 'watch') ?? false),
    user: anonymous,
    warnings: [],
    auditAnnotations: {},
    get signal() {
      if (controller === undefined) {
        controller = new AbortController();
        if (over) controller.abort(clientGone);
      }
      return controller.signal;
    },
  };
  return {
    exchange,
    gone() {
      over = true;
      controller?.abort(clientGone);
    },
  };
}

async function serve(options: ServeOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { exchange, gone } = receive(request, response);
  const done = options.metrics.begin(exchange);
  let release: (() => void) | undefined;
  let closed = false;
  // One listener for all: each is felt.
  response.once('close', () => {
    options.deadlines.delete(exchange);
    closed = true;
    gone();
    release?.();
    done();
  });
  try {
    await authenticate(options, exchange);
    options.auditor?.begin(exchange);
    limitTime(options.deadlines, exchange);
    await options.stages.impersonate(exchange);
    // A whole answer takes its memory until it is sent; a watch has its seat only while it begins.
    release = await options.stages.takeTurn(exchange);
    if (closed) release();
    await options.stages.authorize(exchange);
    await answer(options, exchange);
    if (exchange.info.verb === 'watch') release();
  } catch (error) {
    report(options.logger, exchange, error);
    await sendError(exchange, error).catch(() => response.destroy());
  }
}

async function answer({ routes, notFound }: ApiServerOptions, exchange: Exchange): Promise<void> {
  for (const route of routes) if (await route(exchange)) return;
  await notFound(exchange);
}

function limitTime(deadlines: Deadlines<Exchange>, exchange: Exchange): void {
  if (isLongRunning(exchange.info)) return;
  const timeoutMs = requestTimeoutOf(exchange.query);
  if (exchange.info.isResource) deadlines.add(exchange, timeoutMs);
}

/** What doesn't answer in time is answered so, and what it still does is nobody's any more. */
function timeOut(logger: Logger, exchange: Exchange): void {
  const { info, response } = exchange;
  if (response.headersSent) return;
  logger.warn({ path: info.path, verb: info.verb }, 'request timed out');
  const error = errors.timeout('request did not complete within the allotted timeout');
  sendError(exchange, error).catch(() => response.destroy());
}

async function upgrade(
  options: ApiServerOptions,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  socket.on('error', () => socket.destroy());
  const { exchange, gone } = receive(request, new (nodeHttp().ServerResponse)(request));
  socket.once('close', gone);
  let release: (() => void) | undefined;
  try {
    await authenticate(options, exchange);
    const started = options.auditor?.beginUpgrade(exchange, socket);
    await options.stages.impersonate(exchange);
    // Of what runs long, only watches have work at their beginning that must wait its turn.
    if (exchange.info.verb === 'watch') release = await options.stages.takeTurn(exchange);
    await options.stages.authorize(exchange);
    started?.();
    for (const route of options.upgradeRoutes) if (await route(exchange, socket, head)) return;
    throw errors.resourceNotFound();
  } catch (error) {
    report(options.logger, exchange, error);
    exchange.failure = statusOf(error);
    const code = error instanceof ApiError ? error.httpCode : 500;
    refuse(socket, code, error instanceof ApiError ? error.reason : 'Internal Server Error', error);
  } finally {
    release?.();
  }
}

async function authenticate({ stages, auditor }: ApiServerOptions, exchange: Exchange): Promise<void> {
  try {
    await stages.authenticate(exchange);
  } catch (error) {
    auditor?.unauthenticated(exchange, error);
    throw error;
  }
}

function report(logger: Logger, { info, signal }: Exchange, error: unknown): void {
  // Who went away is not there to be failed.
  if (signal.aborted) return;
  if (error instanceof ApiError && error.httpCode < 500) return;
  logger.error(
    { path: info.path, verb: info.verb, error: errorMessage(error), stack: (error as Error).stack },
    'request failed',
  );
}

/** What is no HTTP, or too much of it. Who is silent, late or gone is not answered, as by Go's server: nobody waits for it. */
function refuseMalformed(socket: Duplex, code: string | undefined): void {
  if (code === 'HPE_HEADER_OVERFLOW') {
    refuse(socket, 431, 'Request Header Fields Too Large', errors.headersTooLarge(MAX_HEADER_BYTES));
  } else if (code?.startsWith('HPE_') && code !== 'HPE_INVALID_EOF_STATE') {
    refuse(socket, 400, 'Bad Request', errors.badRequest('the request is no valid HTTP'));
  } else socket.destroy();
}

/** Answers a socket that is no longer (or never was) an HTTP exchange of Node's. */
function refuse(socket: Duplex, code: number, text: string, error?: unknown): void {
  if (socket.destroyed || !socket.writable) return;
  const body = error instanceof ApiError ? JSON.stringify(error.status) : '';
  socket.end(
    `HTTP/1.1 ${code} ${text}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
