import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { errors, type v1 } from '../api/index.ts';
import type { Exchange } from './exchange.ts';
import type { KubeletConnection } from './kubelet-connection.ts';
import { refusalOf } from './kubelet-refusal.ts';
import { containerOf } from './pod-container.ts';
import type { ObjectRequest, Registry } from './registry/types.ts';

/** Parameters of `kubectl logs` that the kubelet acts on. */
const PASSED_ON = [
  'follow',
  'previous',
  'sinceSeconds',
  'sinceTime',
  'timestamps',
  'tailLines',
  'limitBytes',
  'stream',
];

/** `GET …/pods/NAME/log`: the container's log, streamed from the kubelet that runs it. */
export function podLogRoute(
  registry: Registry,
  kubelets: KubeletConnection,
): (exchange: Exchange, request: ObjectRequest) => Promise<void> {
  return async (exchange, request) => {
    const log = await openPodLog(exchange, request, registry, kubelets);
    if (log === undefined) {
      exchange.response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': 0 }).end();
      return;
    }
    exchange.response.writeHead(200, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-cache, private' });
    exchange.response.flushHeaders();
    await pipeline(log, exchange.response).catch(() => exchange.response.destroy());
  };
}

/** The log that is asked for; undefined while the pod is on no node, where nothing has been said yet. */
export async function openPodLog(
  { info, query: asked, signal }: Exchange,
  { subresource: _log, ...request }: ObjectRequest,
  registry: Registry,
  kubelets: KubeletConnection,
): Promise<IncomingMessage | undefined> {
  if (info.verb !== 'get') throw errors.methodNotAllowed(request.type, info.verb);
  const { object } = await registry.get(request);
  const pod = object as v1.Pod;
  const container = containerOf(pod, asked.get('container') ?? '');
  const nodeName = pod.spec?.nodeName ?? '';
  if (nodeName === '') return undefined;
  const query = new URLSearchParams(
    PASSED_ON.flatMap((name) => asked.getAll(name).map((value): [string, string] => [name, value])),
  );
  const names = [pod.metadata.namespace, pod.metadata.name, container]
    .map((part) => encodeURIComponent(part ?? ''))
    .join('/');
  const answer = await kubelets.get(nodeName, `/containerLogs/${names}?${query}`, signal);
  if (answer.statusCode !== 200) throw await refusalOf(answer);
  return answer;
}
