import type { ConnectionOptions, PeerCertificate } from 'node:tls';
import { type ClientOptions, WebSocket } from 'ws';
import { KeelsonError } from '../base/index.ts';
import type { StoreCredential } from './storage.ts';
import type { PeerAddress, SnapshotMessage } from './transport.ts';
import { type Hello, limits, PROTOCOL, peerCommonName, type Welcome } from './wire.ts';
import type { WsContext } from './ws-context.ts';

/** Opens a connection to a peer and says hello; the caller listens for what follows. */
export function dial(
  context: WsContext,
  credential: StoreCredential,
  peer: PeerAddress,
  snapshot?: SnapshotMessage,
): WebSocket {
  const host = peer.host.includes(':') ? `[${peer.host}]` : peer.host;
  const options = {
    ca: context.tls.ca,
    cert: context.tls.certificate,
    key: context.tls.key,
    minVersion: 'TLSv1.3' as const,
    // Peers are known by number, wherever they run: the name that counts is the one of the peer.
    checkServerIdentity: (_host: string, { subject }: PeerCertificate) =>
      subject.CN === peerCommonName(peer.id)
        ? undefined
        : new KeelsonError('PEER_FOREIGN', `${peer.host}:${peer.port} is '${subject.CN}', not peer ${peer.id}`),
    handshakeTimeout: context.limits.handshakeMs,
    maxPayload: limits.maxFrameBytes,
    perMessageDeflate: false,
    // Masks protect proxies on plain connections; inside TLS a mask of zeros saves the work.
    generateMask() {},
  } satisfies Omit<ClientOptions, 'checkServerIdentity'> & ConnectionOptions;
  const socket = new WebSocket(`wss://${host}:${peer.port}/`, options as unknown as ClientOptions);
  socket.once('open', () => {
    const hello: Hello = {
      protocol: PROTOCOL,
      clusterId: context.clusterId,
      from: context.peerId,
      to: peer.id,
      instance: context.instance,
      credential,
      snapshot,
    };
    socket.send(JSON.stringify(hello));
  });
  return socket;
}

/** Throws when it is none. */
export function parseWelcome(frame: Buffer): Welcome {
  return JSON.parse(frame.toString()) as Welcome;
}
