import { setMaxListeners } from 'node:events';
import { connect, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { v1 } from '../api/index.ts';
import { errorCode, errorMessage } from '../base/index.ts';
import { type ForwardedPort, type Upgrade, UpgradeRefused } from '../streams/index.ts';

/** A pipeline each way, and what the server of the connection listens for: more than Node warns of. */
const LISTENERS = 30;

/** Connects a client to a port of a pod, until both have said all. */
export async function forwardPort(
  { metadata }: v1.Pod,
  address: string,
  { port, data, error }: ForwardedPort,
): Promise<void> {
  // A client that goes before all is connected tears both off, and nobody else listens yet.
  for (const stream of [data, error]) stream.on('error', () => {});
  try {
    const socket = await connected(port, address);
    // What one side ends, the other still may answer.
    await Promise.all([pipeline(data, socket), pipeline(socket, data)]);
    error.end();
  } catch (problem) {
    const text = dialProblem(problem, `${address}:${port}`);
    // One that has lost its connection says so; others that forward the same port go on.
    const lost = ['EPIPE', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'].includes(errorCode(problem) ?? '');
    if (lost) error.end();
    else error.end(`error forwarding port ${port} to pod ${metadata.name}, uid ${metadata.uid}: ${text}`);
    data.destroy();
  }
}

/** Makes a request's connection one to a port of a pod, byte for byte. Throws an UpgradeRefused when nobody listens there. */
export async function dial({ socket, head }: Upgrade, address: string, port: number): Promise<void> {
  const target = await connected(port, address).catch((error) => {
    throw new UpgradeRefused(503, dialProblem(error, `${address}:${port}`));
  });
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n');
  if (head.length > 0) target.write(head);
  setMaxListeners(LISTENERS, socket, target);
  const ways = [pipeline(socket, target), pipeline(target, socket)];
  await Promise.all(ways.map((way) => way.catch(() => {})));
}

function connected(port: number, host: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host, allowHalfOpen: true, noDelay: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

function dialProblem(error: unknown, address: string): string {
  if (errorCode(error) === 'ECONNREFUSED') return `failed to connect to ${address} in the pod: connection refused`;
  return errorMessage(error);
}
