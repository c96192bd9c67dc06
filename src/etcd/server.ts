import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { type ConnectionInjector, Server, ServerCredentials, type UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Clock, Logger } from '../base/index.ts';
import { errorCode, errorMessage, KeelsonError } from '../base/index.ts';
import type { Replica } from '../replica/index.ts';
import type { LocalStore } from '../store/index.ts';
import { bidirectional, unary } from './call.ts';
import { clusterService } from './cluster.ts';
import { type EtcdContext, type EtcdMember, Leadership } from './context.ts';
import { etcdErrors } from './errors.ts';
import { kvService } from './kv.ts';
import { leaseService } from './lease.ts';
import { maintenanceService } from './maintenance.ts';
import { loadProtocol } from './protocol.ts';
import { watchService } from './watch.ts';

export interface EtcdServerOptions {
  store: LocalStore;
  replica: Replica;
  clusterId: string;
  members: () => readonly EtcdMember[];
  /** Port 0 picks a free one. */
  host: string;
  port: number;
  /** PEM texts. Clients show certificates of the same authority. */
  tls: { ca: string; cert: string; key: string };
  clock: Clock;
  logger: Logger;
  /** Default: 10 minutes, as in etcd. */
  progressMs?: number;
}

export interface EtcdServer {
  readonly port: number;
  /** Ends all connections. */
  close(): Promise<void>;
}

/** Whose certificates are of this group may do everything; others, nothing: etcd's API knows no finer grain here. */
const ADMINISTRATORS = 'system:masters';
/** As in etcd: the largest request, and something for what surrounds it. */
const MAX_MESSAGE_BYTES = 1_572_864 + 512 * 1024;
const HANDSHAKE_MS = 10_000;
const KEEPALIVE_MS = 60_000;
const services = {
  KV: kvService,
  Watch: watchService,
  Lease: leaseService,
  Cluster: clusterService,
  Maintenance: maintenanceService,
} as const;

/** Serves etcd's v3 gRPC API from a peer's store. Rejects with PORT_BUSY or PORT_REFUSED. */
export async function startEtcdServer(options: EtcdServerOptions): Promise<EtcdServer> {
  const { tls, host, port, logger, store, replica, clock } = options;
  const leadership = new Leadership(replica, clock);
  // Clients tell clusters apart by a number; this many bits of it are kept exactly.
  const clusterId = Number.parseInt(createHash('sha256').update(options.clusterId).digest('hex').slice(0, 13), 16);
  const context: EtcdContext = {
    store,
    replica,
    clock,
    logger,
    leadership,
    protocol: loadProtocol(),
    members: options.members,
    progressMs: options.progressMs ?? 600_000,
    header: (revision = store.local.revision) => ({
      clusterId,
      memberId: replica.id,
      revision,
      raftTerm: leadership.term,
    }),
  };
  const administrators = createServer(context, (_, implement) => implement(context));
  const strangers = createServer(context, (name) => refusals(context, name));
  const listener = createTlsServer(
    {
      ...tls,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['h2'],
      handshakeTimeout: HANDSHAKE_MS,
      noDelay: true,
    },
    (socket) => (isAdministrator(socket) ? administrators : strangers).injector.injectConnection(socket),
  );
  listener.on('tlsClientError', (error, socket) => {
    logger.debug({ error: errorMessage(error), from: socket.remoteAddress }, 'a client was turned away');
    socket.destroy();
  });
  try {
    listener.listen(port, host);
    await once(listener, 'listening');
  } catch (error) {
    leadership.close();
    throw refused(host, port, error);
  }
  const address = listener.address() as AddressInfo;
  logger.info({ host, port: address.port }, 'serving the etcd API');
  return {
    port: address.port,
    async close() {
      leadership.close();
      const closed = new Promise((resolve) => listener.close(resolve));
      for (const { server, injector } of [administrators, strangers]) {
        injector.destroy();
        server.forceShutdown();
      }
      await closed;
    },
  };
}

interface Endpoint {
  server: Server;
  /** Takes connections whose client is known already. */
  injector: ConnectionInjector;
}

type Implementation = (context: EtcdContext) => UntypedServiceImplementation;

function createServer(
  context: EtcdContext,
  implementation: (name: string, implement: Implementation) => UntypedServiceImplementation,
): Endpoint {
  const server = new Server({
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_send_message_length': -1,
    'grpc.keepalive_time_ms': KEEPALIVE_MS,
    'grpc.enable_channelz': 0,
  });
  for (const [name, implement] of Object.entries(services))
    server.addService(context.protocol.service(name), implementation(name, implement));
  return { server, injector: server.createConnectionInjector(ServerCredentials.createInsecure()) };
}

/** Says to every call of a service that it is not allowed, which a closed connection would not. */
function refusals(context: EtcdContext, name: string): UntypedServiceImplementation {
  const refuse = async (): Promise<never> => {
    throw etcdErrors.permissionDenied();
  };
  const methods = Object.entries(context.protocol.service(name));
  return Object.fromEntries(
    methods.map(([method, { responseStream }]) => [
      method,
      responseStream ? bidirectional(context, refuse) : unary(context, refuse),
    ]),
  );
}

function isAdministrator(socket: TLSSocket): boolean {
  const groups: string | string[] | undefined = socket.getPeerCertificate().subject?.O;
  return [groups ?? []].flat().includes(ADMINISTRATORS);
}

function refused(host: string, port: number, error: unknown): KeelsonError {
  const where = `port ${port} on ${host}, for the etcd API,`;
  return errorCode(error) === 'EADDRINUSE'
    ? new KeelsonError('PORT_BUSY', `${where} is in use by another process: stop that, or choose another`)
    : new KeelsonError('PORT_REFUSED', `${where} can't be used (${errorMessage(error)})`, { cause: error });
}
