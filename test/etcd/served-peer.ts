import { type Client, credentials, Metadata, makeGenericClientConstructor, type ServiceError } from '@grpc/grpc-js';
import { Etcd3 } from 'etcd3';
import { seededRandom, silentLogger, systemClock } from '../../src/base/index.ts';
import { type EtcdServer, loadProtocol, startEtcdServer } from '../../src/etcd/index.ts';
import { createAuthority, issueCertificate, type KeyPair } from '../../src/peer/pki/certificates.ts';
import { MemoryDisk, MemoryNetwork, openMemoryStorage, type Replica, startReplica } from '../../src/replica/index.ts';
import { createStore, type LocalStore } from '../../src/store/index.ts';

/** A peer's replica and store, in memory, with the etcd API on a port. */
export interface ServedPeer {
  store: LocalStore;
  replica: Replica;
  server: EtcdServer;
  ca: string;
  administrator: KeyPair;
  /** A certificate of the same authority that is in no group. */
  stranger: KeyPair;
  /** npm's client. */
  etcd3: Etcd3;
  raw: RawClient;
  stop(): Promise<void>;
}

const protocol = loadProtocol();

export async function servePeer(
  options: { progressMs?: number; members?: number[]; port?: number; quotaBytes?: number } = {},
): Promise<ServedPeer> {
  const now = Date.now();
  const authority = await createAuthority('test', now);
  const issue = (commonName: string, organizations: string[], hosts?: string[]): Promise<KeyPair> =>
    issueCertificate(authority, { commonName, organizations, ...(hosts ? { hosts } : {}) }, now);
  const [peer, administrator, stranger] = await Promise.all([
    issue('keelson:peer:1', ['keelson:peers'], ['127.0.0.1', 'localhost']),
    issue('admin', ['other', 'system:masters']),
    issue('someone', ['system:authenticated']),
  ]);
  // A clock's timers don't keep the process alive.
  const hold = setInterval(() => {}, 60_000);
  const { stateMachine, attach } = createStore({
    history: false,
    ...(options.quotaBytes === undefined ? {} : { quotaBytes: options.quotaBytes }),
  });
  const replica = await startReplica({
    identity: { clusterId: 'test', peerId: 1 },
    initialMembers: options.members ?? [1],
    storage: openMemoryStorage(new MemoryDisk()),
    transport: new MemoryNetwork().transport(1),
    stateMachine,
    clock: systemClock,
    random: seededRandom(1),
    logger: silentLogger,
  });
  const store = attach(replica);
  const stop = async (): Promise<void> => {
    await store.close();
    await replica.stop();
    clearInterval(hold);
  };
  const server: EtcdServer = await startEtcdServer({
    store,
    replica,
    clusterId: 'test',
    members: () => [
      {
        id: 1,
        name: 'peer-1',
        peerUrl: 'https://127.0.0.1:1',
        clientUrl: `https://127.0.0.1:${server.port}`,
        isLearner: false,
      },
    ],
    host: '127.0.0.1',
    port: options.port ?? 0,
    tls: { ca: authority.cert, ...peer },
    clock: systemClock,
    logger: silentLogger,
    ...(options.progressMs === undefined ? {} : { progressMs: options.progressMs }),
  }).catch(async (error) => {
    await stop();
    throw error;
  });
  if (options.members === undefined) await store.readBarrier();
  const [ca, privateKey, certChain] = [authority.cert, administrator.key, administrator.cert].map((pem) =>
    Buffer.from(pem),
  ) as [Buffer, Buffer, Buffer];
  const etcd3 = new Etcd3({
    hosts: `https://127.0.0.1:${server.port}`,
    credentials: { rootCertificate: ca, privateKey, certChain },
  });
  const raw = new RawClient(`127.0.0.1:${server.port}`, authority.cert, administrator);
  return {
    store,
    replica,
    server,
    ca: authority.cert,
    administrator,
    stranger,
    etcd3,
    raw,
    async stop() {
      etcd3.close();
      raw.close();
      await server.close();
      await stop();
    },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at field by field, as they come from the wire.
export type Answer = any;

/** gRPC without anybody's client library on top: requests and answers by the names in `etcd.proto`. */
export class RawClient {
  readonly #clients = new Map<string, Client>();
  readonly #address: string;
  readonly #credentials;

  /** Without certificates: no TLS. */
  constructor(address: string, ca?: string, pair?: KeyPair) {
    this.#address = address;
    this.#credentials =
      ca === undefined || pair === undefined
        ? credentials.createInsecure()
        : credentials.createSsl(Buffer.from(ca), Buffer.from(pair.key), Buffer.from(pair.cert));
  }

  /** `method` such as `KV.Put`. Rejects with gRPC's ServiceError. */
  call(method: string, request: object, metadata: Record<string, string> = {}): Promise<Answer> {
    const [client, name] = this.#client(method);
    return new Promise((resolve, reject) => {
      client[name](request, toMetadata(metadata), (error: ServiceError | null, answer: Answer) => {
        if (error === null) resolve(answer);
        else reject(error);
      });
    });
  }

  /** A stream of either kind. */
  open(method: string, request?: object, metadata: Record<string, string> = {}): Answer {
    const [client, name] = this.#client(method);
    return request === undefined ? client[name](toMetadata(metadata)) : client[name](request, toMetadata(metadata));
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
  }

  #client(method: string): [client: Answer, name: string] {
    const [service, name] = method.split('.') as [string, string];
    let client = this.#clients.get(service);
    if (client === undefined) {
      const Constructor = makeGenericClientConstructor(protocol.service(service), service);
      client = new Constructor(this.#address, this.#credentials);
      this.#clients.set(service, client);
    }
    return [client, name];
  }
}

function toMetadata(values: Record<string, string>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(values)) metadata.set(name, value);
  return metadata;
}

/** Messages of a stream, one after the other. */
export class Incoming {
  readonly #messages: Answer[] = [];
  #wake = (): void => {};
  #error: ServiceError | undefined;
  #ended = false;
  readonly stream: Answer;

  constructor(stream: Answer) {
    this.stream = stream;
    stream.on('data', (message: Answer) => {
      this.#messages.push(message);
      this.#wake();
    });
    stream.on('error', (error: ServiceError) => {
      this.#error = error;
      this.#wake();
    });
    stream.on('end', () => {
      this.#ended = true;
      this.#wake();
    });
  }

  /** Rejects with the stream's error; resolves with undefined at its end. */
  async next(): Promise<Answer> {
    for (;;) {
      const message = this.#messages.shift();
      if (message !== undefined) return message;
      if (this.#error !== undefined) throw this.#error;
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
