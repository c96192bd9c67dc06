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
  return async (exchange, { subresource: _log, ...request }) => {
    if (exchange.info.verb !== 'get') throw errors.methodNotAllowed(request.type, exchange.info.verb);
    const { object } = await registry.get(request);
    const pod = object as v1.Pod;
    const container = containerOf(pod, exchange.query.get('container') ?? '');
    const nodeName = pod.spec?.nodeName ?? '';
    if (nodeName === '') {
      // Not scheduled yet: nothing has been said.
      exchange.response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': 0 }).end();
      return;
    }
    const query = new URLSearchParams(
      PASSED_ON.flatMap((name) => exchange.query.getAll(name).map((value): [string, string] => [name, value])),
    );
    const names = [pod.metadata.namespace, pod.metadata.name, container]
      .map((part) => encodeURIComponent(part ?? ''))
      .join('/');
    const answer = await kubelets.get(nodeName, `/containerLogs/${names}?${query}`, exchange.signal);
    if (answer.statusCode !== 200) throw await refusalOf(answer);
    exchange.response.writeHead(200, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-cache, private' });
    exchange.response.flushHeaders();
    await pipeline(answer, exchange.response).catch(() => exchange.response.destroy());
  };
}
