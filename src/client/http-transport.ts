import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import { ApiError, errors, type Status } from '../api/index.ts';
import { errorCode, errorMessage } from '../base/index.ts';

export interface HttpClientOptions {
  /** `https://host:port`; when one can't be reached the next one is asked. */
  servers: readonly string[];
  /** PEM. The authority that servers' certificates must come from; default: the system's. */
  ca?: string;
  /** PEM. */
  cert?: string;
  key?: string;
  /** Bearer token, instead of a certificate. */
  token?: string;
  /** The name that the server's certificate must have, if not the host's. */
  serverName?: string;
  /** Doesn't check who the server is. */
  insecure?: boolean;
  userAgent?: string;
  /** For all of a request that isn't a watch (default 30 s). */
  timeoutMs?: number;
}

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With the query. */
  path: string;
  headers?: Record<string, string>;
  body?: string;
  signal?: AbortSignal | undefined;
}

const CONNECT_TIMEOUT_MS = 5_000;
/** Failures before anything was sent: the next server may be asked whatever the request does. */
const NOT_CONNECTED = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'CONNECT_TIMEOUT',
]);

/** HTTPS requests on connections that are kept, to whichever of several equal servers answers. */
export class HttpTransport {
  readonly #options: HttpClientOptions;
  readonly #agent: Agent;
  readonly #servers: readonly URL[];
  /** The server that answered last. */
  #current = 0;

  constructor(options: HttpClientOptions) {
    if (options.servers.length === 0) throw new TypeError('no server given');
    this.#options = options;
    this.#servers = options.servers.map((server) => new URL(server));
    this.#agent = new Agent({ keepAlive: true, keepAliveMsecs: 15_000, maxSockets: 64 });
  }

  /** The parsed answer; rejects with an ApiError for every failure. */
  async json(request: HttpRequest): Promise<unknown> {
    const timeout = AbortSignal.timeout(this.#options.timeoutMs ?? 30_000);
    const signal = request.signal === undefined ? timeout : AbortSignal.any([request.signal, timeout]);
    try {
      const response = await this.open({ ...request, signal });
      return parse(await readAll(response));
    } catch (error) {
      if (error instanceof ApiError || request.signal?.aborted) throw error;
      if (timeout.aborted) throw errors.timeout('the server did not answer in time');
      throw unavailable(error);
    }
  }

  /** Resolves with a response of status 2xx, its body unread. */
  async open(request: HttpRequest): Promise<IncomingMessage> {
    let failure: unknown;
    for (let tried = 0; tried < this.#servers.length; tried++) {
      const server = this.#current;
      try {
        const response = await this.#send(this.#servers[server]!, request);
        const status = response.statusCode!;
        if (status < 300) return response;
        failure = failureOf(status, await readAll(response));
        // Any other failure is the same on all servers.
        if (status !== 503) throw failure;
      } catch (error) {
        if (error instanceof ApiError || request.signal?.aborted) throw error;
        failure = unavailable(error);
        if (request.method !== 'GET' && !NOT_CONNECTED.has(errorCode(error) ?? '')) throw failure;
      }
      if (this.#current === server) this.avoidCurrent();
    }
    throw failure;
  }

  /** The server broke off: ask another one next time. */
  avoidCurrent(): void {
    this.#current = (this.#current + 1) % this.#servers.length;
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(server: URL, request: HttpRequest): Promise<IncomingMessage> {
    const { ca, cert, key, token, serverName, insecure, userAgent } = this.#options;
    const options: RequestOptions = {
      agent: this.#agent,
      hostname: server.hostname.replace(/^\[|\]$/g, ''),
      port: server.port || 443,
      path: server.pathname.replace(/\/$/, '') + request.path,
      method: request.method,
      headers: {
        accept: 'application/json',
        'user-agent': userAgent ?? 'keelson',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(request.body === undefined ? {} : { 'content-length': Buffer.byteLength(request.body) }),
        ...request.headers,
      },
      rejectUnauthorized: insecure !== true,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(serverName === undefined ? {} : { servername: serverName }),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    };
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const sent = httpsRequest(options, resolve);
    sent.on('error', reject);
    sent.on('socket', (socket) => {
      if (!socket.connecting) return;
      const timer = setTimeout(() => {
        sent.destroy(Object.assign(new Error('connecting took too long'), { code: 'CONNECT_TIMEOUT' }));
      }, CONNECT_TIMEOUT_MS);
      const done = (): void => clearTimeout(timer);
      socket.once('secureConnect', done);
      socket.once('close', done);
    });
    sent.end(request.body);
    return promise;
  }
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw errors.internalError('the server answered with something that is not JSON');
  }
}

function failureOf(status: number, body: string): ApiError {
  try {
    const parsed = JSON.parse(body) as Status;
    if (parsed.kind === 'Status') return new ApiError(parsed);
  } catch {
    // What isn't a Status comes from something that isn't an API server: a proxy, say.
  }
  const message = `the server answered with HTTP status ${status}`;
  return new ApiError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    reason: status === 503 ? 'ServiceUnavailable' : status === 404 ? 'NotFound' : 'InternalError',
    message,
    code: status,
  });
}

function unavailable(error: unknown): ApiError {
  const { status } = errors.serviceUnavailable(`the server could not be reached: ${errorMessage(error)}`);
  return new ApiError(status, { cause: error });
}
