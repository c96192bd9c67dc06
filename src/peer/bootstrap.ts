import { type KubernetesObject, type ResourceReference, reasonOf, resources } from '../api/index.ts';
import { defaultClusterRoleBindings, defaultClusterRoles } from '../apiserver/index.ts';
import { type Clock, errorMessage, type Logger, type Random, sleep } from '../base/index.ts';
import { Backoff, type Client } from '../client/index.ts';

/** Namespaces that every cluster has. */
export const systemNamespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'] as const;

export interface BootstrapOptions {
  serviceCIDR: string;
  apiPort: number;
  clock: Clock;
  random: Random;
  logger: Logger;
}

/** Whose it is to bootstrap: one peer at a time is enough, and several do no harm. */
export interface Turn {
  isMine(): boolean;
  /** Calls `listener` when that may have changed. Returns the way to end it. */
  onChange(listener: () => void): () => void;
}

/**
 * Bootstraps whenever it becomes this peer's turn; tries again, with growing pauses, while it is and did not succeed. Returns
 * the way to end it.
 */
export function keepBootstrapped(turn: Turn, client: Client, options: BootstrapOptions): () => void {
  const { serviceCIDR, apiPort, clock, random, logger } = options;
  const serviceIp = serviceCIDR.replace(/\d+\/\d+$/, '1');
  let active: AbortController | undefined;
  const run = async (signal: AbortSignal): Promise<void> => {
    const backoff = new Backoff({ random, initialMs: 100, maxMs: 10_000 });
    for (;;) {
      try {
        return await bootstrap(client, { serviceIp, apiPort });
      } catch (error) {
        if (signal.aborted) return;
        const delayMs = backoff.next();
        logger.warn({ error: errorMessage(error), retryMs: Math.round(delayMs) }, 'bootstrap failed');
        await sleep(clock, delayMs, signal);
      }
    }
  };
  const check = (): void => {
    if (turn.isMine() === (active !== undefined)) return;
    active?.abort();
    active = turn.isMine() ? new AbortController() : undefined;
    // Rejects only when the turn ended during a pause.
    if (active !== undefined) run(active.signal).catch(() => {});
  };
  const end = turn.onChange(check);
  check();
  return () => {
    end();
    active?.abort();
  };
}

/**
 * Creates what a cluster can't be without, where it is missing: namespaces, the Service `kubernetes`, default roles and priority
 * classes. Safe to run again, and on several peers at once.
 */
export async function bootstrap(client: Client, options: { serviceIp: string; apiPort: number }): Promise<void> {
  await Promise.all(systemNamespaces.map((name) => ensure(client, resources.namespaces, namespace(name))));
  await Promise.all([
    ...defaultClusterRoles.map((role) => ensure(client, resources.clusterRoles, role)),
    ...defaultClusterRoleBindings.map((binding) => ensure(client, resources.clusterRoleBindings, binding)),
    ensure(client, resources.priorityClasses, priorityClass('system-cluster-critical', 2_000_000_000)),
    ensure(client, resources.priorityClasses, priorityClass('system-node-critical', 2_000_001_000)),
    ensure(client, resources.services, kubernetesService(options)),
  ]);
}

async function ensure<T extends KubernetesObject>(client: Client, type: ResourceReference, object: T): Promise<void> {
  const { namespace: where, name = '' } = object.metadata;
  try {
    // Looked at first: after the first start nothing is to be written.
    await client.get(type, where, name);
  } catch (error) {
    if (reasonOf(error) !== 'NotFound') throw error;
    await client.create(type, object, { fieldManager: 'keelson' }).catch((failure) => {
      if (reasonOf(failure) !== 'AlreadyExists') throw failure;
    });
  }
}

function namespace(name: string): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

function priorityClass(name: string, value: number): KubernetesObject {
  const description = 'Used for system critical pods that must not be moved from their current node.';
  return { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name }, ...{ value, description } };
}

function kubernetesService({ serviceIp, apiPort }: { serviceIp: string; apiPort: number }): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'kubernetes', namespace: 'default', labels: { component: 'apiserver', provider: 'kubernetes' } },
    ...{
      spec: {
        type: 'ClusterIP',
        clusterIP: serviceIp,
        ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: apiPort }],
      },
    },
  };
}
