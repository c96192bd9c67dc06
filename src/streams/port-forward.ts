import { Duplex, type Writable } from 'node:stream';
import { createWebSocketStream } from 'ws';
import type { Clock } from '../base/index.ts';
import { Channels } from './channels.ts';
import { SpdyConnection, type SpdyStream } from './spdy/index.ts';
import {
  acceptSpdy,
  acceptWebSocket,
  isWebSocket,
  offeredSubprotocols,
  type Upgrade,
  UpgradeRefused,
} from './upgrade.ts';

/** One connection that a client forwards to a port. */
export interface ForwardedPort {
  port: number;
  data: Duplex;
  /** Ended with what went wrong, or with nothing, when `data` has ended. */
  error: Writable;
}

const spdyProtocol = 'portforward.k8s.io';
/** SPDY in the binary messages of a WebSocket: what kubectl has spoken since 1.31. */
const tunnelProtocol = 'SPDY/3.1+portforward.k8s.io';
const channelProtocols = ['v4.channel.k8s.io', 'v4.base64.channel.k8s.io', ''];
/** How long a client may take to open the second stream of a pair. */
const pairMs = 30_000;
/** Of one WebSocket with channels. */
const portsMax = 100;

/**
 * Switches protocols, and calls `onPort` for each connection to be forwarded. Resolves when the client is gone. Throws an
 * UpgradeRefused; then nothing was answered yet.
 */
export async function openPortStreams(
  upgrade: Upgrade,
  clock: Clock,
  onPort: (forwarded: ForwardedPort) => void,
): Promise<void> {
  if (!isWebSocket(upgrade.request)) return overSpdy(acceptSpdy(upgrade, [spdyProtocol]).socket, clock, onPort);
  const offered = offeredSubprotocols(upgrade.request);
  if (offered.includes(tunnelProtocol)) {
    const webSocket = await acceptWebSocket(upgrade, tunnelProtocol);
    return overSpdy(createWebSocketStream(webSocket), clock, onPort);
  }
  const protocol = offered.find((name) => channelProtocols.includes(name));
  if (protocol === undefined) {
    const supported = [tunnelProtocol, ...channelProtocols.filter((name) => name !== '')].join(' ');
    throw new UpgradeRefused(
      400,
      `requested protocol(s) are not supported: [${offered.join(' ')}]; supports [${supported}]`,
    );
  }
  return overChannels(upgrade, protocol, clock, onPort);
}

interface Pair {
  data?: SpdyStream;
  error?: SpdyStream;
}

function overSpdy(socket: Duplex, clock: Clock, onPort: (forwarded: ForwardedPort) => void): Promise<void> {
  const pairs = new Map<string, Pair>();
  const connection = new SpdyConnection({
    socket,
    clock,
    onStream(stream) {
      const { headers, id } = stream;
      const port = parsePort(headers.get('port') ?? '');
      const type = headers.get('streamtype') ?? '';
      if (port === undefined || (type !== 'data' && type !== 'error')) return 'a port and a type are required';
      // Clients that name no request open the error stream, then the data stream.
      const request = headers.get('requestid') ?? String(type === 'error' ? id : id - 2);
      const pair = pairs.get(request) ?? {};
      if (pair[type]) return `the ${type} stream of request ${request} is there already`;
      pair[type] = stream;
      if (pair.data && pair.error) {
        pairs.delete(request);
        pair.error.resume();
        onPort({ port, data: pair.data, error: pair.error });
      } else {
        pairs.set(request, pair);
        clock.setTimer(pairMs, () => pairs.get(request) === pair && pairs.delete(request) && stream.destroy());
      }
      return undefined;
    },
  });
  return connection.closed;
}

/** Two channels a port, which say its number first; there is one connection for each. */
async function overChannels(
  upgrade: Upgrade,
  protocol: string,
  clock: Clock,
  onPort: (forwarded: ForwardedPort) => void,
): Promise<void> {
  const ports = portsOf(upgrade.request.url ?? '');
  const webSocket = await acceptWebSocket(upgrade, protocol);
  const channels = new Channels({
    webSocket,
    clock,
    base64: protocol.includes('base64'),
    inputs: ports.map((_, i) => i * 2),
  });
  let open = ports.length;
  for (const [i, port] of ports.entries()) {
    const number = Buffer.from([port & 0xff, port >> 8]);
    channels.send(i * 2, number);
    channels.send(i * 2 + 1, number);
    const error = channels.output(i * 2 + 1);
    // The end of a channel can't be told: that of the last is the connection's.
    error.once('finish', () => --open === 0 && channels.close());
    const data = Duplex.from({ readable: channels.input(i * 2), writable: channels.output(i * 2) });
    onPort({ port, data, error });
  }
  await channels.closed;
}

function portsOf(url: string): number[] {
  const query = new URL(url, 'http://node').searchParams;
  const texts = [...query.getAll('ports'), ...query.getAll('port')].flatMap((text) => text.split(','));
  if (texts.length === 0) throw new UpgradeRefused(400, 'query parameter "ports" is required');
  if (texts.length > portsMax) throw new UpgradeRefused(400, `at most ${portsMax} ports may be forwarded at once`);
  return texts.map((text) => {
    const port = parsePort(text);
    if (port === undefined) throw new UpgradeRefused(400, `unable to parse "${text}" as a port`);
    return port;
  });
}

function parsePort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port > 0 && port < 65_536 ? port : undefined;
}
