import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import {
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  connectivityState,
  credentials,
  Metadata,
  type MethodDefinition,
} from '@grpc/grpc-js';
import { type Clock, KeelsonError, sleep } from '../../base/index.ts';
import { StoppedError } from '../../store/index.ts';
import { loadProtocol } from '../protocol.ts';
import { type Subject, toStoreError } from './errors.ts';

export interface ConnectionOptions {
  /** `host:port` of each server; when one fails the next one is asked. */
  servers: readonly string[];
  /** PEM texts; absent: no TLS. */
  tls: { ca?: string | undefined; cert?: string | undefined; key?: string | undefined } | undefined;
  /** How long a request may take, the search for a server included. */
  timeoutMs: number;
  clock: Clock;
}

/** Such as `KV.Range`. */
export type Method = `${'KV' | 'Watch' | 'Lease' | 'Maintenance' | 'Cluster'}.${string}`;

/** How long a server may take to accept a connection before the next one is tried. */
const CONNECT_MS = 1_000;
/** Before all servers are tried again. */
const ROUND_MS = 100;
/** One that is cut off or frozen shows by not answering. Servers mind pings that come more often. */
const KEEPALIVE_MS = 10_000;
const KEEPALIVE_TIMEOUT_MS = 3_000;

/** Servers that have lost the others are to say so, and not to let us wait. */
const metadata = new Metadata();
metadata.set('hasleader', 'true');

/** gRPC to one of several servers of an etcd cluster. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #servers: readonly Client[];
  readonly #methods: ReadonlyMap<string, MethodDefinition<object, object>>;
  readonly #closing = new AbortController();
  readonly #pending = new Set<{ cancel(): void }>();
  #current = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#servers = options.servers.map(
      (server) =>
        new Client(server, credentialsOf(options.tls, server), {
          ...(isAddress(server) ? { 'grpc.ssl_target_name_override': NAMELESS } : {}),
          // Ranges are as large as they are.
          'grpc.max_receive_message_length': -1,
          'grpc.keepalive_time_ms': KEEPALIVE_MS,
          'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
          'grpc.initial_reconnect_backoff_ms': 100,
          'grpc.max_reconnect_backoff_ms': 1_000,
          // A test's servers come and go on the same port: what is known of them is the connection's own.
          'grpc.use_local_subchannel_pool': 1,
        }),
    );
    this.#methods = loadMethods();
  }

  /** Aborted when the connection is closed. */
  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  /**
   * One request. What is repeatable is asked again of other servers until the time is over; for all else an error may mean that
   * it was, or will be, carried out. Rejects with a store's errors.
   */
  async call<Answer>(
    method: Method,
    request: object,
    { repeatable, ...subject }: { repeatable: boolean } & Subject,
  ): Promise<Answer> {
    const { clock, timeoutMs } = this.#options;
    const until = clock.monotonic() + timeoutMs;
    for (;;) {
      const server = await this.#connect(until);
      const left = Math.max(1, until - clock.monotonic());
      // A server that does not answer must leave time to ask another one.
      const deadlineMs = repeatable && this.#servers.length > 1 ? Math.max(1, Math.min(left, timeoutMs / 3)) : left;
      try {
        return (await this.#unary(server, method, request, deadlineMs, subject)) as Answer;
      } catch (error) {
        const { code } = error as KeelsonError;
        if (code !== 'UNAVAILABLE' && code !== 'TIMEOUT') throw error;
        this.leave(server);
        if (!repeatable || clock.monotonic() >= until) throw error;
        await awake(sleep(clock, Math.min(ROUND_MS, left), this.signal).catch(() => {}));
      }
    }
  }

  /** A stream with a server that is connected. Rejects with UNAVAILABLE when there is none within `timeoutMs`, or STOPPED. */
  async open<Request, Response>(
    method: Method,
    timeoutMs = Number.POSITIVE_INFINITY,
  ): Promise<{ server: Client; stream: ClientDuplexStream<Request, Response> }> {
    const server = await this.#connect(this.#options.clock.monotonic() + timeoutMs);
    const { path, requestSerialize, responseDeserialize } = this.#method(method);
    const stream = server.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
    this.#pending.add(stream);
    stream.once('close', () => this.#pending.delete(stream));
    return { server, stream: stream as unknown as ClientDuplexStream<Request, Response> };
  }

  /** This server is not to be asked next. */
  leave(server: Client): void {
    if (this.#servers[this.#current] === server) this.#current = (this.#current + 1) % this.#servers.length;
  }

  close(): void {
    if (this.signal.aborted) return;
    this.#closing.abort(new StoppedError());
    for (const call of [...this.#pending]) call.cancel();
    for (const server of this.#servers) server.close();
  }

  #unary(server: Client, method: Method, request: object, deadlineMs: number, subject: Subject): Promise<object> {
    const { path, requestSerialize, responseDeserialize } = this.#method(method);
    return new Promise((resolve, reject) => {
      const options = { deadline: Date.now() + deadlineMs };
      const call = server.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        metadata,
        options,
        (error, answer) => {
          this.#pending.delete(call);
          if (error !== null) reject(this.signal.aborted ? new StoppedError() : toStoreError(error, subject));
          else resolve(answer as object);
        },
      );
      this.#pending.add(call);
    });
  }

  /** A server that is connected, the present one if it is. Rejects with UNAVAILABLE, or STOPPED. */
  async #connect(until: number): Promise<Client> {
    return until === Number.POSITIVE_INFINITY ? await this.#search(until) : await awake(this.#search(until));
  }

  async #search(until: number): Promise<Client> {
    const { clock, servers } = this.#options;
    for (let tries = 1; ; tries++) {
      if (this.signal.aborted) throw new StoppedError();
      const server = this.#servers[this.#current] as Client;
      const left = until - clock.monotonic();
      if (await isConnected(server, Math.min(left, CONNECT_MS))) return server;
      if (this.signal.aborted) throw new StoppedError();
      this.leave(server);
      if (clock.monotonic() >= until) {
        throw new KeelsonError(
          'UNAVAILABLE',
          `no etcd server answers at ${servers.join(', ')}: start them, or check --store`,
        );
      }
      if (tries % servers.length === 0) await sleep(clock, Math.min(ROUND_MS, left), this.signal).catch(() => {});
    }
  }

  #method(method: Method): MethodDefinition<object, object> {
    const definition = this.#methods.get(method);
    if (definition === undefined) throw new TypeError(`etcd has no method ${method}`);
    return definition;
  }
}

/** Keeps the process alive while somebody waits, which neither a clock's timers nor connections that are being made do. */
export async function awake<T>(work: Promise<T>): Promise<T> {
  const hold = setInterval(() => {}, 60_000);
  try {
    return await work;
  } finally {
    clearInterval(hold);
  }
}

/** Resolves to true as soon as the server is connected, to false as soon as it fails, or when it takes too long. */
function isConnected(server: Client, timeoutMs: number): Promise<boolean> {
  const channel = server.getChannel();
  const deadline = Date.now() + Math.max(1, timeoutMs);
  return new Promise((resolve) => {
    const look = (error?: Error): void => {
      const state = error === undefined ? channel.getConnectivityState(true) : undefined;
      if (state === connectivityState.IDLE || state === connectivityState.CONNECTING) {
        channel.watchConnectivityState(state, deadline, look);
      } else resolve(state === connectivityState.READY);
    };
    look();
  });
}

function credentialsOf(tls: ConnectionOptions['tls'], server: string): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  const [ca, key, cert] = [tls.ca, tls.key, tls.cert].map((pem) => (pem === undefined ? null : Buffer.from(pem)));
  if (!isAddress(server)) return credentials.createSsl(ca, key, cert);
  return credentials.createSsl(ca, key, cert, {
    checkServerIdentity: (_, certificate) => checkServerIdentity(hostOf(server), certificate as PeerCertificate),
  });
}

/** What is asked for by TLS of a server without a name: an address is none (RFC 6066), and Node warns of it. */
const NAMELESS = 'etcd';

function hostOf(server: string): string {
  return server.slice(0, server.lastIndexOf(':')).replace(/^\[|\]$/g, '');
}

function isAddress(server: string): boolean {
  return isIP(hostOf(server)) !== 0;
}

function loadMethods(): Map<string, MethodDefinition<object, object>> {
  const protocol = loadProtocol();
  const services = ['KV', 'Watch', 'Lease', 'Maintenance', 'Cluster'];
  return new Map(
    services.flatMap((service) =>
      Object.entries(protocol.service(service)).map(
        ([name, definition]) => [`${service}.${name}`, definition] as const,
      ),
    ),
  );
}
