import { connect, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { v1 } from '../api/index.ts';
import { errorCode, errorMessage } from '../base/index.ts';
import type { ForwardedPort } from '../streams/index.ts';

/** Connects a client to a port of a pod, until both have said all. */
export async function forwardPort(
  { metadata }: v1.Pod,
  address: string,
  { port, data, error }: ForwardedPort,
): Promise<void> {
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
