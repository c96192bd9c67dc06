import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { v1 } from '../../api/index.ts';
import { type Clock, errorCode, errorMessage, nodeHttp } from '../../base/index.ts';
import type { Runtime } from '../../runtime/index.ts';
import type { ProbeOutcome } from './probe-state.ts';

export interface HandlerContext {
  runtime: Runtime;
  clock: Clock;
  container: v1.Container;
  containerId: string;
  /** Where the pod is reached, unless the handler names a host. */
  podIP: string;
  signal: AbortSignal;
}

export interface HandlerResult {
  outcome: ProbeOutcome;
  /** What was wrong, or what the handler said. */
  message: string;
}

/** How much of an answer or a command's output is looked at. */
const outputLimitBytes = 10 * 1024;

/** Runs a handler of a probe once. Never rejects: what can't be done is a failure. */
export async function runHandler(
  handler: v1.ProbeHandler & v1.LifecycleHandler,
  timeoutMs: number | undefined,
  context: HandlerContext,
): Promise<HandlerResult> {
  try {
    if (handler.exec) return await runExec(handler.exec, timeoutMs, context);
    if (handler.httpGet) return await runHttp(handler.httpGet, timeoutMs, context);
    if (handler.tcpSocket) return await runTcp(handler.tcpSocket, timeoutMs, context);
    if (handler.grpc) {
      const { runGrpc } = await import('./grpc.ts');
      return await runGrpc(handler.grpc, context.podIP, timeoutMs, context);
    }
    if (handler.sleep) return await runSleep(handler.sleep, context);
    return { outcome: 'failure', message: 'missing probe handler' };
  } catch (error) {
    return { outcome: 'failure', message: errorMessage(error) };
  }
}

async function runExec(
  { command = [] }: v1.ExecAction,
  timeoutMs: number | undefined,
  { runtime, containerId, signal }: HandlerContext,
): Promise<HandlerResult> {
  try {
    const result = await runtime.exec(containerId, command, { timeoutMs, outputLimitBytes, signal });
    const message = result.stdout + result.stderr;
    return { outcome: result.exitCode === 0 ? 'success' : 'failure', message };
  } catch (error) {
    if (errorCode(error) !== 'EXEC_TIMEOUT') throw error;
    return {
      outcome: 'failure',
      message: `command timed out: "${command.join(' ')}" timed out after ${timeoutMs! / 1000}s`,
    };
  }
}

async function runHttp(
  { host, port, path = '/', scheme = 'HTTP', httpHeaders = [] }: v1.HTTPGetAction,
  timeoutMs: number | undefined,
  { container, podIP, signal }: HandlerContext,
): Promise<HandlerResult> {
  const hostname = host || podIP;
  const portNumber = resolvePort(port, container);
  const url = `${scheme.toLowerCase()}://${hostname}:${portNumber}${path.startsWith('/') ? '' : '/'}${path}`;
  const headers: Record<string, string | string[]> = {
    'User-Agent': 'kube-probe/1.35',
    Accept: '*/*',
    Connection: 'close',
  };
  for (const { name, value } of httpHeaders) {
    if (name.toLowerCase() === 'host') headers.Host = value ?? '';
    else headers[name] = [...[headers[name] ?? []].flat(), value ?? ''];
  }
  try {
    const { status, body } = await get(url, headers, timeoutMs, signal);
    // A redirect is an answer: who gives it is up.
    if (status >= 200 && status < 400) return { outcome: 'success', message: body };
    return { outcome: 'failure', message: `HTTP probe failed with statuscode: ${status}` };
  } catch (error) {
    return { outcome: 'failure', message: `Get "${url}": ${dialText(error, `${hostname}:${portNumber}`)}` };
  }
}

function get(
  url: string,
  headers: Record<string, string | string[]>,
  timeoutMs: number | undefined,
  signal: AbortSignal,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const timeout = AbortSignal.any(timeoutMs === undefined ? [signal] : [signal, AbortSignal.timeout(timeoutMs)]);
    const secure = url.startsWith('https:');
    const onResponse = (response: IncomingMessage): void => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length >= outputLimitBytes) response.destroy();
      });
      const done = (): void => {
        const body = Buffer.concat(chunks).subarray(0, outputLimitBytes).toString();
        resolve({ status: response.statusCode!, body });
      };
      response.on('end', done).on('error', reject).on('close', done);
    };
    // No pooled connections, and no check of certificates: a probe asks whether the container answers.
    const options = { headers, agent: false, signal: timeout } as const;
    const call = secure
      ? httpsRequest(url, { ...options, rejectUnauthorized: false }, onResponse)
      : nodeHttp().request(url, options, onResponse);
    call.on('error', reject);
    call.end();
  });
}

function runTcp(
  { host, port }: v1.TCPSocketAction,
  timeoutMs: number | undefined,
  { container, podIP, signal }: HandlerContext,
): Promise<HandlerResult> {
  const address = { host: host || podIP, port: resolvePort(port, container) };
  return new Promise((resolve) => {
    const timeout = AbortSignal.any(timeoutMs === undefined ? [signal] : [signal, AbortSignal.timeout(timeoutMs)]);
    const socket = connect({ ...address, signal: timeout });
    socket.once('connect', () => {
      socket.destroy();
      resolve({ outcome: 'success', message: '' });
    });
    socket.once('error', (error) => {
      resolve({ outcome: 'failure', message: dialText(error, `${address.host}:${address.port}`) });
    });
  });
}

function runSleep({ seconds }: v1.SleepAction, { clock, signal }: HandlerContext): Promise<HandlerResult> {
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel();
      resolve({ outcome: 'success', message: '' });
    };
    const timer = clock.setTimer(seconds * 1000, done);
    signal.addEventListener('abort', done, { once: true });
  });
}

/** A port as a number, or as the name that the container gives it. Throws when there is none of that name. */
export function resolvePort(port: number | string, container: v1.Container): number {
  if (typeof port === 'number') return port;
  const named = container.ports?.find(({ name }) => name === port)?.containerPort;
  if (named !== undefined) return named;
  if (/^\d+$/.test(port)) return Number(port);
  throw new Error(`couldn't find port: "${port}"`);
}

/** As a Go program would say that a connection failed. */
function dialText(error: unknown, address: string): string {
  switch (errorCode(error)) {
    case 'ECONNREFUSED':
      return `dial tcp ${address}: connect: connection refused`;
    case 'EHOSTUNREACH':
      return `dial tcp ${address}: connect: no route to host`;
    case 'ABORT_ERR':
      return 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';
    default:
      return errorMessage(error);
  }
}
