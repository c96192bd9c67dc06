import { once } from 'node:events';
import type { Socket } from 'node:net';
import tls from 'node:tls';
import type { ExecutionContext } from 'ava';
import { WebSocket } from 'ws';
import { type Logger, seededRandom, systemClock } from '../../src/base/index.ts';
import type { Message } from '../../src/raft/index.ts';
import {
  type Admission,
  type SnapshotMessage,
  type StoreCredential,
  type TransportHandler,
  type WsLimits,
  WsTransport,
} from '../../src/replica/index.ts';
import { type Authority, createAuthority, type PeerTls } from '../support/certificates.ts';

export const quick: Partial<WsLimits> = { minBackoffMs: 5, maxBackoffMs: 50, pingMs: 5000, handshakeMs: 20_000 };

/** A handler that remembers, and lets a test wait for what it hopes for. */
export class Recorder implements TransportHandler {
  readonly credential: StoreCredential;
  readonly messages: Message[] = [];
  readonly frames: number[] = [];
  readonly unreachable: number[] = [];
  /** Peers that do not admit this one. */
  readonly disownedBy: number[] = [];
  /** Peers to be told that they were removed, and those who told this one. */
  readonly removed = new Set<number>();
  readonly removedBy: number[] = [];
  /** What others came with. */
  readonly credentials: [number, StoreCredential][] = [];
  /** Tests refuse, or take their time. */
  onAdmit: () => Promise<Admission> = async () => 'admitted';
  onSnapshot: TransportHandler['onSnapshot'] = async () => {
    throw new Error('not wanted');
  };
  readonly #waiting: { condition: () => boolean; resolve: () => void }[] = [];

  constructor(credential: StoreCredential = { store: '5a'.repeat(16), founders: [1, 2], incarnation: 1, previous: 0 }) {
    this.credential = credential;
  }

  admit(peer: number, credential: StoreCredential): Promise<Admission> {
    this.credentials.push([peer, credential]);
    this.changed();
    return this.onAdmit();
  }

  onDisowned(peer: number): void {
    this.disownedBy.push(peer);
    this.changed();
  }

  isRemoved(peer: number): boolean {
    return this.removed.has(peer);
  }

  onRemoved(peer: number): void {
    this.removedBy.push(peer);
    this.changed();
  }

  onMessages(messages: readonly Message[]): void {
    this.messages.push(...messages);
    this.frames.push(messages.length);
    this.changed();
  }

  onUnreachable(peer: number): void {
    this.unreachable.push(peer);
    this.changed();
  }

  changed(): void {
    for (const { condition, resolve } of this.#waiting) if (condition()) resolve();
  }

  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ condition, resolve }));
  }
}

export interface Logged {
  level: 'info' | 'warn' | 'error';
  message: string;
  fields: Record<string, unknown>;
}

/** A logger that remembers, and calls `onLog` for each line. */
export function recordingLogger(onLog: () => void): { logger: Logger; lines: Logged[] } {
  const lines: Logged[] = [];
  const note = (level: Logged['level']) => (fields: object, message: string) => {
    lines.push({ level, message, fields: fields as Record<string, unknown> });
    onLog();
  };
  const logger: Logger = {
    debug() {},
    info: note('info'),
    warn: note('warn'),
    error: note('error'),
    child: () => logger,
  };
  return { logger, lines };
}

export interface Peer {
  transport: WsTransport;
  handler: Recorder;
  lines: Logged[];
  address: { id: number; host: string; port: number };
}

export interface PeerSettings {
  tls?: PeerTls;
  clusterId?: string;
  host?: string;
  port?: number;
  limits?: Partial<WsLimits>;
}

export class Net {
  readonly authority: Authority;
  readonly #t: ExecutionContext;

  static async create(t: ExecutionContext): Promise<Net> {
    return new Net(t, await createAuthority());
  }

  constructor(t: ExecutionContext, authority: Authority) {
    this.#t = t;
    this.authority = authority;
  }

  async peer(id: number, settings: PeerSettings = {}): Promise<Peer> {
    const handler = new Recorder();
    const { logger, lines } = recordingLogger(() => handler.changed());
    const transport = new WsTransport({
      clusterId: settings.clusterId ?? 'blue',
      peerId: id,
      listen: { host: settings.host ?? '127.0.0.1', port: settings.port ?? 0 },
      tls: settings.tls ?? (await this.authority.issue(`keelson:peer:${id}`)),
      clock: systemClock,
      random: seededRandom(id),
      logger,
      limits: { ...quick, ...settings.limits },
    });
    this.#t.teardown(() => transport.close());
    await transport.start(handler);
    return { transport, handler, lines, address: { id, host: '127.0.0.1', port: transport.port } };
  }
}

/** A handler of snapshots of which nothing is here yet. */
export function takes(
  take: (message: SnapshotMessage, chunks: AsyncIterable<Uint8Array>) => Promise<void>,
): TransportHandler['onSnapshot'] {
  return (message, { after }) => take(message, after({ chunks: 0, bytes: 0, checksum: 0 }));
}

export function heartbeat(from: number, to: number, round: number): Message {
  return { type: 'heartbeat', from, to, term: 1, commit: 0, readRound: round };
}

export function rounds({ messages }: Recorder): number[] {
  return messages.map((message) => (message.type === 'heartbeat' ? message.readRound : -1));
}

export function snapshotMessage(from: number, to: number): SnapshotMessage {
  const configuration = { voters: [1, 2], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
  return { type: 'snapshot', from, to, term: 3, position: { index: 70, term: 2, configuration } };
}

/** A connection of somebody who has a certificate but ideas of their own. */
export async function connectRaw(port: number, { ca, certificate, key }: PeerTls): Promise<WebSocket> {
  const socket = new WebSocket(`wss://127.0.0.1:${port}/`, { ca, cert: certificate, key, rejectUnauthorized: false });
  socket.on('error', () => {});
  await once(socket, 'open');
  return socket;
}

/** Resolves with code and reason when the other side closes. */
export async function closing(socket: WebSocket): Promise<[number, string]> {
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
  return [code, reason.toString()];
}

export function connectTls(port: number, { ca, certificate, key }: Partial<PeerTls>): tls.TLSSocket {
  const socket = tls.connect({ port, host: '127.0.0.1', ca, cert: certificate, key, rejectUnauthorized: false });
  socket.on('error', () => {});
  return socket;
}

/** Resolves when a socket is closed, however that came. */
export function closed(socket: Socket): Promise<void> {
  socket.resume();
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

/** Sends until something arrives: a connection may be being made, and what is sent meanwhile may be lost. */
export async function sendUntilHeard(from: Peer, to: Peer): Promise<void> {
  const before = to.handler.messages.length;
  const timer = setInterval(() => from.transport.send([heartbeat(from.address.id, to.address.id, 0)]), 10);
  await to.handler.until(() => to.handler.messages.length > before);
  clearInterval(timer);
}
