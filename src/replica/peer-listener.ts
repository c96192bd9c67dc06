import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { type WebSocket, WebSocketServer } from 'ws';
import { errorMessage, listenError } from '../base/index.ts';
import type { PeerId } from '../raft/index.ts';
import { IncomingSnapshots, type SnapshotHello } from './incoming-snapshots.ts';
import { decodeMessages } from './message-codec.ts';
import type { StoreCredential } from './storage.ts';
import type { TransportHandler } from './transport.ts';
import { FIRST_VERSION } from './version.ts';
import { closeCodes, type Hello, limits, PROTOCOL, peerIdOfCommonName, type Welcome } from './wire.ts';
import type { WsContext } from './ws-context.ts';

const MAX_CONNECTIONS = 512;
/** Of founders, and of lives. */
const MAX_NUMBERS = 1000;

/** The peer port: takes in what other peers send. Whoever is not a peer of this cluster is shown the door. */
export class PeerListener {
  readonly #context: WsContext;
  readonly #handler: TransportHandler;
  readonly #onPeerUp: (peer: PeerId, instance: string) => void;
  readonly #server: Server;
  readonly #upgrades: WebSocketServer;
  readonly #sockets = new Set<Socket>();
  /** The newest connection for messages of each peer. */
  readonly #connections = new Map<PeerId, WebSocket>();
  readonly #snapshots: IncomingSnapshots;
  #closed = false;

  constructor(context: WsContext, handler: TransportHandler, onPeerUp: (peer: PeerId, instance: string) => void) {
    this.#context = context;
    this.#handler = handler;
    this.#snapshots = new IncomingSnapshots(context, handler);
    this.#onPeerUp = onPeerUp;
    const { handshakeMs } = context.limits;
    this.#server = createServer({
      ca: context.tls.ca,
      cert: context.tls.certificate,
      key: context.tls.key,
      minVersion: 'TLSv1.3',
      requestCert: true,
      rejectUnauthorized: true,
      handshakeTimeout: handshakeMs,
      headersTimeout: handshakeMs,
      requestTimeout: handshakeMs,
      connectionsCheckingInterval: Math.max(1000, handshakeMs),
    });
    this.#server.maxConnections = MAX_CONNECTIONS;
    this.#upgrades = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      maxPayload: limits.maxFrameBytes,
      clientTracking: false,
    });
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
      this.#complain(socket, errorMessage(error));
      socket.destroy();
    });
    this.#server.on('clientError', (error: Error, socket: Duplex) => {
      this.#complain(socket as TLSSocket, errorMessage(error));
      socket.destroy();
    });
    this.#server.on('request', (_request, response) => {
      response.writeHead(426, { connection: 'close' }).end();
    });
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#onUpgrade(request, socket as TLSSocket, head);
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  listen(host: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error) => reject(listenError(error, { host, port, what: 'Raft' })));
      this.#server.listen(port, host, () => {
        this.#server.removeAllListeners('error');
        this.#server.on('error', (error) => {
          this.#context.log.warn('listen', { reason: errorMessage(error) }, 'the peer port is in trouble');
        });
        resolve();
      });
    });
  }

  /** Ends the connections of peers that were removed: when they come again, they are told. */
  dropRemoved(): void {
    for (const peer of this.#connections.keys()) if (this.#handler.isRemoved(peer)) this.drop(peer);
  }

  /** Ends the connection that brings a peer's messages. */
  drop(peer: PeerId): void {
    this.#connections.get(peer)?.terminate();
    this.#connections.delete(peer);
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#snapshots.close();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const socket of this.#sockets) socket.destroy();
    });
  }

  #onUpgrade(request: IncomingMessage, socket: TLSSocket, head: Buffer): void {
    const certified = peerIdOfCommonName(socket.getPeerCertificate().subject?.CN);
    if (certified === undefined) {
      this.#complain(socket, `its certificate is for '${socket.getPeerCertificate().subject?.CN}', not for a peer`);
      socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n');
      return;
    }
    const remote = socket.remoteAddress;
    this.#upgrades.handleUpgrade(request, socket, head, (webSocket) => {
      // A peer pings; who says nothing for long is gone.
      socket.setTimeout(Math.max(this.#context.limits.pingMs * 4, this.#context.limits.handshakeMs), () => {
        webSocket.terminate();
      });
      this.#greet(webSocket, certified, remote);
    });
  }

  #greet(socket: WebSocket, certified: PeerId, remote: string | undefined): void {
    const refuse = (reason: string): void => {
      this.#context.log.warn(`peer ${certified}`, { remote, peer: certified, reason }, 'refused a connection');
      socket.close(closeCodes.refused, reason.slice(0, 120));
    };
    const timer = this.#context.clock.setTimer(this.#context.limits.handshakeMs, () => socket.terminate());
    socket.on('error', (error) => {
      this.#context.log.warn(
        `peer ${certified}`,
        { remote, peer: certified, reason: errorMessage(error) },
        'connection broke',
      );
    });
    socket.once('close', () => timer.cancel());
    socket.once('message', (data: Buffer, isBinary: boolean) => {
      timer.cancel();
      const hello = isBinary ? undefined : parseHello(data);
      const fault = this.#faultOf(hello, certified);
      if (fault !== undefined || hello === undefined) return refuse(fault ?? 'no hello');
      if (this.#handler.isRemoved(certified)) {
        socket.close(closeCodes.removed, `peer ${certified} was removed`);
        return;
      }
      this.#admit(socket, hello, refuse).catch(() => socket.terminate());
    });
  }

  async #admit(socket: WebSocket, hello: Hello, refuse: (reason: string) => void): Promise<void> {
    const release = holdBack(socket);
    const { from, credential, snapshot } = hello;
    const admission = await this.#handler.admit(from, credential);
    if (admission === 'members-differ') {
      socket.resume();
      refuse(`peers ${from} and ${this.#context.peerId} were told of different members: correct "members" of one`);
      return;
    }
    if (admission === 'too-old') {
      socket.resume();
      refuse(`the software of peer ${from} is older than all members' was already: upgrade it`);
      return;
    }
    if (admission === 'disowned') {
      // Else the answer to the close frame would not be read.
      socket.resume();
      socket.close(closeCodes.disowned, `peer ${from} is known here with another store`);
      return;
    }
    if (socket.readyState !== socket.OPEN) return;
    const welcome: Welcome = { protocol: PROTOCOL, from: this.#context.peerId, instance: this.#context.instance };
    if (snapshot === undefined) {
      socket.send(JSON.stringify(welcome));
      this.#receiveMessages(socket, hello, refuse);
    } else {
      await this.#snapshots.accept(socket, hello as SnapshotHello, welcome);
    }
    release();
  }

  #faultOf(hello: Partial<Hello> | undefined, certified: PeerId): string | undefined {
    const { clusterId, peerId } = this.#context;
    if (hello === undefined) return 'the first frame must be a hello';
    if (hello.protocol !== PROTOCOL) return `protocol ${hello.protocol} is not spoken here, only ${PROTOCOL}: upgrade`;
    if (hello.clusterId !== clusterId) return `this is a peer of another cluster, ${clusterId}`;
    if (hello.from !== certified) return `peer ${hello.from} came with the certificate of peer ${certified}`;
    if (hello.to !== peerId) return `this is peer ${peerId}, not peer ${hello.to}`;
    if (hello.from === peerId) return `peer ${peerId} is me: two peers run with one identity`;
    if (!isCredential(hello.credential)) return 'the hello does not say which store the peer has';
    const { snapshot } = hello;
    if (
      snapshot !== undefined &&
      (snapshot.type !== 'snapshot' || snapshot.from !== certified || snapshot.to !== peerId)
    ) {
      return 'the hello announces a snapshot of somebody else';
    }
    return undefined;
  }

  #receiveMessages(socket: WebSocket, hello: Hello, refuse: (reason: string) => void): void {
    const { from } = hello;
    this.drop(from);
    this.#connections.set(from, socket);
    socket.once('close', () => {
      if (this.#connections.get(from) === socket) this.#connections.delete(from);
    });
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (this.#closed || this.#connections.get(from) !== socket) return;
      let messages: ReturnType<typeof decodeMessages>;
      try {
        if (!isBinary) throw new TypeError('a text frame after the hello');
        messages = decodeMessages(data, from, this.#context.peerId);
      } catch (error) {
        return refuse(errorMessage(error));
      }
      this.#handler.onMessages(messages);
    });
    this.#onPeerUp(from, hello.instance);
  }

  #complain(socket: TLSSocket, reason: string): void {
    // One subject for all who are nobody yet: they may come from anywhere, in any number.
    this.#context.log.warn('stranger', { remote: socket.remoteAddress, reason }, 'refused a connection');
  }
}

/** Keeps what arrives till the one for whom it is listens; returns what hands it over. */
function holdBack(socket: WebSocket): () => void {
  const frames: [Buffer, boolean][] = [];
  const keep = (data: Buffer, isBinary: boolean): void => void frames.push([data, isBinary]);
  socket.on('message', keep);
  // What was read with the hello comes all the same.
  socket.pause();
  return () => {
    socket.off('message', keep);
    for (const frame of frames) socket.emit('message', ...frame);
    socket.resume();
  };
}

function isCredential(credential: Partial<StoreCredential> | undefined): boolean {
  const { store, incarnation, previous, lives = [], founders, version = FIRST_VERSION } = credential ?? {};
  if (typeof store !== 'string' || !/^[0-9a-f]{32}$/.test(store)) return false;
  if (!Number.isSafeInteger(incarnation) || !Number.isSafeInteger(previous)) return false;
  if (!Number.isSafeInteger(version)) return false;
  return isNumbers(founders) && isNumbers(lives);
}

function isNumbers(list: unknown): boolean {
  return Array.isArray(list) && list.length <= MAX_NUMBERS && list.every(Number.isSafeInteger);
}

function parseHello(frame: Buffer): Hello | undefined {
  try {
    return (JSON.parse(frame.toString()) as Hello | null) ?? undefined;
  } catch {
    return undefined;
  }
}
