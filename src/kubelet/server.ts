import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { v1 } from '../api/index.ts';
import type { Clock } from '../base/index.ts';
import type { Runtime } from '../runtime/index.ts';
import { parseLogQuery } from './log-options.ts';
import type { UsageMeter } from './usage.ts';

export interface HandlerOptions {
  runtime: Runtime;
  /** The node's pods, with their newest status. */
  pods(): v1.Pod[];
  usage: Pick<UsageMeter, 'summary'>;
  clock: Clock;
}

/** The kubelet's HTTP endpoints. Who may call them is decided before. */
export function createHandler(options: HandlerOptions): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://node');
    const parts = pathname.split('/').slice(1).map(decodeURIComponent);
    if (request.method !== 'GET') return sendText(response, 405, 'Method Not Allowed');
    switch (parts[0]) {
      case 'healthz':
        return sendText(response, 200, 'ok');
      case 'pods':
        return sendJson(response, { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: options.pods() });
      case 'stats':
        return void options.usage.summary().then((summary) => sendJson(response, summary));
      case 'containerLogs':
        if (parts.length === 4) return void sendLogs(options, parts.slice(1), searchParams, response);
        break;
    }
    sendText(response, 404, 'Not Found');
  };
}

async function sendLogs(
  { runtime, pods, clock }: HandlerOptions,
  [namespace, podName, containerName]: string[],
  query: URLSearchParams,
  response: ServerResponse,
): Promise<void> {
  const asked = parseLogQuery(query, clock.now());
  if ('error' in asked) return sendText(response, 422, asked.error);
  const pod = pods().find(({ metadata }) => metadata.namespace === namespace && metadata.name === podName);
  if (!pod) return sendText(response, 404, `pod "${podName}" does not exist`);
  const source = logSource(pod, containerName!, asked.previous);
  if ('error' in source) return sendText(response, 400, source.error);
  const id = source.containerId.slice(source.containerId.indexOf('://') + 3);
  if (!runtime.containerStatus(id)) {
    return sendText(response, 400, `container "${containerName}" in pod "${podName}" has no logs any more`);
  }
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  response.writeHead(200, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-cache, private' });
  response.flushHeaders();
  const logs = runtime.readLogs(id, { ...asked.options, signal: gone.signal });
  // Whoever reads is gone, or the container was removed: there is nobody left to tell.
  await pipeline(Readable.from(logs), response).catch(() => response.destroy());
}

/** Which run of a container a request for logs means, in the kubelet's words when there is none. Pure. */
export function logSource(
  { metadata, status }: v1.Pod,
  containerName: string,
  previous: boolean,
): { containerId: string } | { error: string } {
  const about = `container "${containerName}" in pod "${metadata.name}"`;
  const all = [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ];
  const found = all.find(({ name }) => name === containerName);
  if (!found) return { error: `${about} is not available` };
  const { running, terminated, waiting } = found.state ?? {};
  const last = found.lastState?.terminated;
  if (previous) {
    return last?.containerID ? { containerId: last.containerID } : { error: `previous terminated ${about} not found` };
  }
  if (running) return { containerId: found.containerID! };
  const id = terminated?.containerID ?? last?.containerID;
  if (id) return { containerId: id };
  if (terminated ?? last) return { error: `${about} is terminated` };
  switch (waiting?.reason) {
    case 'ErrImagePull':
      return { error: `${about} is waiting to start: image can't be pulled` };
    case 'ImagePullBackOff':
      return { error: `${about} is waiting to start: trying and failing to pull image` };
    default:
      return { error: `${about} is waiting to start: ${waiting?.reason ?? 'no logs yet'}` };
  }
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(text);
}
