import type { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { Status } from '../api/index.ts';
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

/** Which streams a client asks for. */
export interface CommandOptions {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  tty: boolean;
}

export interface TerminalSize {
  columns: number;
  rows: number;
}

/** The client's side of a command: `exec` and `attach` of Kubernetes, whichever protocol they come by. */
export interface CommandStreams {
  stdin: Readable | undefined;
  stdout: Writable | undefined;
  stderr: Writable | undefined;
  /** Tells of sizes of the client's terminal: the first that came before, and all to come. */
  onResize(listener: (size: TerminalSize) => void): void;
  /** Tells how the command ended, after all that was written, and ends the connection. */
  finish(status: Status): Promise<void>;
  /** Aborted when the client goes away. */
  gone: AbortSignal;
}

const channelIds = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 } as const;
const webSocketProtocols = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v4.base64.channel.k8s.io',
  'channel.k8s.io',
  'base64.channel.k8s.io',
  '',
];
/** From these on an end is told as a Status; before, only failures, as text. */
const withStatus = /^v[45]\./;
const spdyProtocols = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v3.channel.k8s.io',
  'v2.channel.k8s.io',
  'channel.k8s.io',
];
/** From these on a client opens a stream for sizes of its terminal. */
const withResize = /^v[345]\./;
/** How long a client may take to open the streams that it has asked for. */
const openMs = 30_000;

/** Switches protocols. Throws an UpgradeRefused; then nothing was answered yet. */
export function openCommandStreams(upgrade: Upgrade, options: CommandOptions, clock: Clock): Promise<CommandStreams> {
  return isWebSocket(upgrade.request) ? overWebSocket(upgrade, options, clock) : overSpdy(upgrade, options, clock);
}

async function overWebSocket(upgrade: Upgrade, options: CommandOptions, clock: Clock): Promise<CommandStreams> {
  const offered = offeredSubprotocols(upgrade.request);
  const protocol = offered.find((name) => webSocketProtocols.includes(name));
  if (protocol === undefined) {
    const supported = webSocketProtocols.filter((name) => name !== '').join(' ');
    throw new UpgradeRefused(
      400,
      `requested protocol(s) are not supported: [${offered.join(' ')}]; supports [${supported}]`,
    );
  }
  const inputs = [channelIds.resize, ...(options.stdin ? [channelIds.stdin] : [])];
  const webSocket = await acceptWebSocket(upgrade, protocol);
  const channels = new Channels({ webSocket, clock, base64: protocol.includes('base64'), inputs });
  const gone = new AbortController();
  void channels.closed.then(() => gone.abort());
  // Tells the client that all is set.
  channels.send(options.stdout ? channelIds.stdout : options.stderr ? channelIds.stderr : channelIds.error, empty);
  return {
    stdin: options.stdin ? channels.input(channelIds.stdin) : undefined,
    stdout: options.stdout ? channels.output(channelIds.stdout) : undefined,
    stderr: options.stderr ? channels.output(channelIds.stderr) : undefined,
    onResize: sizesOf(channels.input(channelIds.resize)),
    async finish(status) {
      const text = statusText(status, withStatus.test(protocol));
      if (text !== '') channels.send(channelIds.error, Buffer.from(text));
      channels.close();
      await channels.closed;
    },
    gone: gone.signal,
  };
}

const empty = Buffer.alloc(0);

async function overSpdy(upgrade: Upgrade, options: CommandOptions, clock: Clock): Promise<CommandStreams> {
  const { socket, protocol } = acceptSpdy(upgrade, spdyProtocols);
  const wanted = new Set(['error']);
  for (const name of ['stdin', 'stdout', 'stderr'] as const) if (options[name]) wanted.add(name);
  if (options.tty && withResize.test(protocol)) wanted.add('resize');
  const streams = new Map<string, SpdyStream>();
  const all = Promise.withResolvers<void>();
  const connection = new SpdyConnection({
    socket,
    clock,
    onStream(stream) {
      const type = stream.headers.get('streamtype') ?? '';
      if (!wanted.has(type) || streams.has(type)) return `unexpected stream type: "${type}"`;
      streams.set(type, stream);
      if (streams.size === wanted.size) all.resolve();
      return undefined;
    },
  });
  const gone = new AbortController();
  void connection.closed.then(() => {
    gone.abort();
    all.resolve();
  });
  const timer = clock.setTimer(openMs, () => connection.close());
  await all.promise;
  timer.cancel();
  const errors = streams.get('error');
  for (const name of ['error', 'stdout', 'stderr']) streams.get(name)?.resume();
  const resize = streams.get('resize');
  return {
    stdin: streams.get('stdin'),
    stdout: streams.get('stdout'),
    stderr: streams.get('stderr'),
    onResize: resize ? sizesOf(resize) : () => {},
    async finish(status) {
      const outputs = [errors, streams.get('stdout'), streams.get('stderr')].filter((stream) => stream !== undefined);
      errors?.end(statusText(status, withStatus.test(protocol)));
      for (const stream of outputs) stream.end();
      await Promise.all(outputs.map((stream) => finished(stream, { readable: false }).catch(() => {})));
      connection.close();
      await connection.closed;
    },
    gone: gone.signal,
  };
}

/** What the error stream says in the end. */
function statusText(status: Status, asObject: boolean): string {
  if (asObject) return JSON.stringify(status);
  return status.status === 'Success' ? '' : (status.message ?? '');
}

const sizeTextMax = 1024;

/** Sizes come as JSON objects, one after the other. */
function sizesOf(source: Readable): CommandStreams['onResize'] {
  let first: TerminalSize | undefined;
  let listener = (size: TerminalSize): void => {
    first = size;
  };
  let text = '';
  source.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    for (let end = text.indexOf('}'); end >= 0; end = text.indexOf('}')) {
      const size = parseSize(text.slice(0, end + 1));
      text = text.slice(end + 1);
      if (size) listener(size);
    }
    if (text.length > sizeTextMax) text = '';
  });
  return (next) => {
    listener = next;
    if (first) next(first);
  };
}

/** Undefined for what is no size. */
export function parseSize(text: string): TerminalSize | undefined {
  try {
    const { Width: columns, Height: rows } = JSON.parse(text) as { Width?: unknown; Height?: unknown };
    return typeof columns === 'number' && typeof rows === 'number' ? { columns, rows } : undefined;
  } catch {
    return undefined;
  }
}
