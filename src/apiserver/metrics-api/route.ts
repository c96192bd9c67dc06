import { errors, type KubernetesObject, type ResourceType, type v1 } from '../../api/index.ts';
import type { Exchange } from '../exchange.ts';
import { sendEncoded, sendList, shapeOf } from '../http/objects.ts';
import { listParameters } from '../http/parameters.ts';
import type { KubeletConnection } from '../kubelet-connection.ts';
import type { Encoded, Registry, User } from '../registry/types.ts';
import type { Route } from '../server.ts';
import { nodeMetrics, podMetrics } from './convert.ts';
import { metricsTypes, type NodeMetrics, type PodMetrics, type Summary } from './types.ts';

export interface MetricsOptions {
  registry: Registry;
  types: { pods: ResourceType; nodes: ResourceType };
  kubelets: KubeletConnection;
  now: () => number;
}

/** A node that takes longer is left out, as one that is not there. */
const answerMs = 5_000;
const summaryBytesMax = 16 * 1024 * 1024;
/** Who may read metrics need not be able to read pods and nodes. */
const self: User = { name: 'system:apiserver', groups: ['system:masters'] };

/** metrics.k8s.io: asks the kubelets what their node and its pods use just now. Whichever peer is asked, asks all. */
export function metricsApiRoute(options: MetricsOptions): Route {
  return async (exchange) => {
    const { info } = exchange;
    const type = metricsTypes.find(({ resource }) => resource === info.resource);
    if (!info.isResource || info.group !== 'metrics.k8s.io' || info.version !== 'v1beta1' || !type) return false;
    if (info.subresource !== '') return false;
    if (info.verb !== 'get' && info.verb !== 'list') throw errors.methodNotAllowed(type, info.verb);
    const shape = shapeOf(exchange, type, true);
    const items = info.resource === 'nodes' ? await ofNodes(options, exchange) : await ofPods(options, exchange);
    if (info.verb === 'list') {
      await sendList(exchange, { metadata: {}, items: items.map(encoded) }, type, shape, options.now());
      return true;
    }
    if (items[0] === undefined) {
      throw errors.notFound(type, info.namespace === undefined ? info.name : `${info.namespace}/${info.name}`);
    }
    await sendEncoded(exchange, 200, encoded(items[0]), type, shape, options.now());
    return true;
  };
}

function encoded(object: KubernetesObject): Encoded {
  return { object, json: () => Buffer.from(JSON.stringify(object)) };
}

async function ofNodes(options: MetricsOptions, exchange: Exchange): Promise<NodeMetrics[]> {
  const nodes = (await find(options.registry, options.types.nodes, exchange)) as v1.Node[];
  const summaries = await summariesOf(
    options,
    nodes.map(({ metadata }) => metadata.name!),
    exchange.signal,
  );
  return nodes.flatMap((node) => {
    const summary = summaries.get(node.metadata.name!);
    return summary ? [nodeMetrics(node, summary)] : [];
  });
}

async function ofPods(options: MetricsOptions, exchange: Exchange): Promise<PodMetrics[]> {
  const pods = (await find(options.registry, options.types.pods, exchange)) as v1.Pod[];
  const running = pods.filter(({ status }) => status?.phase === 'Running');
  const nodeNames = new Set(running.map(({ spec }) => spec!.nodeName!));
  const summaries = await summariesOf(options, [...nodeNames], exchange.signal);
  return running.flatMap((pod) => {
    const summary = summaries.get(pod.spec!.nodeName!);
    return (summary && podMetrics(pod, summary)) ?? [];
  });
}

async function find(registry: Registry, type: ResourceType, { info, query }: Exchange): Promise<unknown[]> {
  const selectors = listParameters(query);
  const named = info.verb === 'get' ? { fieldSelector: `metadata.name=${info.name}` } : selectors;
  const { items } = await registry.list({ type, namespace: info.namespace, user: self, warnings: [], ...named });
  return items.map(({ object }) => object);
}

/** By node; those that don't answer are left out. */
async function summariesOf(
  { kubelets }: MetricsOptions,
  nodeNames: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Summary>> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
  const found = new Map<string, Summary>();
  const ask = async (name: string): Promise<void> => {
    const answer = await kubelets.get(name, '/stats/summary', limited);
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of answer) {
      chunks.push(chunk as Buffer);
      length += (chunk as Buffer).length;
      if (length > summaryBytesMax) return;
    }
    if (answer.statusCode === 200) found.set(name, JSON.parse(Buffer.concat(chunks).toString()) as Summary);
  };
  await Promise.all(nodeNames.map((name) => ask(name).catch(() => {})));
  return found;
}
