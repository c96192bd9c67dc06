import {
  findResource,
  formatTime,
  type KubernetesObject,
  type metav1,
  missingRules,
  type networkingv1,
  type ResourceReference,
  type ResourceType,
  type rbacv1,
  reasonOf,
  resources,
  type v1,
} from '../api/index.ts';
import {
  componentRoles,
  defaultClusterRoleBindings,
  defaultClusterRoles,
  defaultRoleBindings,
  defaultRoles,
} from '../apiserver/index.ts';
import { type Clock, errorMessage, type Logger, type Random, sleep } from '../base/index.ts';
import { Backoff, type Client } from '../client/index.ts';
import { kubernetesServiceIp } from './config.ts';

/** Namespaces that every cluster has. */
export const systemNamespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'] as const;

const serviceCidrs = findResource('networking.k8s.io', 'v1', 'servicecidrs') as ResourceType;

export interface BootstrapOptions {
  serviceCIDR: string;
  apiPort: number;
  /** Who signs users' certificates, PEM. */
  clientCa?: string;
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

/** How often what users may have deleted is looked for: nodes must renew their Leases before they are taken for dead. */
const REPAIR_MS = 2_500;

/**
 * Bootstraps whenever it becomes this peer's turn; tries again, with growing pauses, while it is and did not succeed. From then
 * on it puts back what users have deleted and no cluster can do without. Returns the way to end it.
 */
export function keepBootstrapped(turn: Turn, client: Client, options: BootstrapOptions): () => void {
  const { serviceCIDR, apiPort, clientCa, clock, random, logger } = options;
  let active: AbortController | undefined;
  const run = async (signal: AbortSignal): Promise<void> => {
    const backoff = new Backoff({ random, initialMs: 100, maxMs: 10_000 });
    let complete = false;
    for (;;) {
      try {
        if (complete) await ensureNamespacesAndService(client, { serviceCIDR, apiPort });
        else await bootstrap(client, { serviceCIDR, apiPort, clientCa, now: clock.now() });
        complete = true;
        backoff.reset();
        await sleep(clock, REPAIR_MS, signal);
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
export async function bootstrap(
  client: Client,
  options: { serviceCIDR: string; apiPort: number; clientCa?: string | undefined; now: number },
): Promise<void> {
  const role = (each: rbacv1.ClusterRole): Promise<void> => ensureRole(client, resources.clusterRoles, each);
  const binding = (each: rbacv1.ClusterRoleBinding): Promise<void> =>
    ensureBinding(client, resources.clusterRoleBindings, each);
  // Components wait for these; the rest may come after.
  const first = (each: KubernetesObject): boolean => componentRoles.has(each.metadata.name!);
  const forControllers = (each: KubernetesObject): boolean => each.metadata.name!.startsWith('system:controller:');
  const forUsers = (each: KubernetesObject): boolean => !first(each) && !forControllers(each);
  await Promise.all([
    ensureNamespaces(client),
    ...defaultClusterRoles.filter(first).map(role),
    ...defaultClusterRoleBindings.filter(first).map(binding),
  ]);
  await Promise.all([
    ensure(client, resources.services, kubernetesService(options)),
    ensureServiceCidr(client, options),
    // Its controller would make it as well; but a cluster that says that it is ready takes pods at once.
    ensure(client, resources.serviceAccounts, defaultServiceAccount),
    ...(options.clientCa === undefined
      ? []
      : [ensure(client, resources.configMaps, clientAuthentication(options.clientCa))]),
    ensure(client, resources.priorityClasses, priorityClass('system-cluster-critical', 2_000_000_000)),
    ensure(client, resources.priorityClasses, priorityClass('system-node-critical', 2_000_001_000)),
  ]);
  const remaining = [
    ...defaultClusterRoles.filter(forUsers).map((each) => () => role(each)),
    ...defaultClusterRoleBindings.filter(forUsers).map((each) => () => binding(each)),
    ...defaultClusterRoles.filter(forControllers).map((each) => () => role(each)),
    ...defaultClusterRoleBindings.filter(forControllers).map((each) => () => binding(each)),
    ...defaultRoles.map((each) => () => ensureRole(client, resources.roles, each)),
    ...defaultRoleBindings.map((each) => () => ensureBinding(client, resources.roleBindings, each)),
  ].values();
  const work = async (): Promise<void> => {
    for (const ensureOne of remaining) await ensureOne();
  };
  await Promise.all(Array.from({ length: LATER_AT_A_TIME }, work));
}

async function ensureNamespaces(client: Client): Promise<void> {
  await Promise.all(systemNamespaces.map((name) => ensure(client, resources.namespaces, namespace(name))));
}

/** What users can delete; no cluster can do without it. */
async function ensureNamespacesAndService(
  client: Client,
  options: { serviceCIDR: string; apiPort: number },
): Promise<void> {
  await ensureNamespaces(client);
  await ensure(client, resources.services, kubernetesService(options));
}

/** Many, and nothing that begins waits for them: they leave room for what does. */
const LATER_AT_A_TIME = 4;

const AUTO_UPDATE = 'rbac.authorization.kubernetes.io/autoupdate';

/** A role of an older version, or one that lost rules, gets what it lacks, unless its annotation says to leave it alone. */
async function ensureRole<T extends rbacv1.ClusterRole | rbacv1.Role>(
  client: Client,
  type: ResourceReference,
  wanted: T,
): Promise<void> {
  const found = await ensure(client, type, wanted);
  if (found === undefined || found.metadata.annotations?.[AUTO_UPDATE] !== 'true' || 'aggregationRule' in wanted)
    return;
  const missing = missingRules(found.rules ?? [], wanted.rules ?? []);
  if (missing.length === 0) return;
  await client.update<T>(type, { ...found, rules: [...(found.rules ?? []), ...missing] }, { fieldManager: 'keelson' });
}

/** The same for who has it. */
async function ensureBinding<T extends rbacv1.ClusterRoleBinding | rbacv1.RoleBinding>(
  client: Client,
  type: ResourceReference,
  wanted: T,
): Promise<void> {
  const found = await ensure(client, type, wanted);
  if (found === undefined || found.metadata.annotations?.[AUTO_UPDATE] !== 'true') return;
  const keyOf = ({ kind, namespace = '', name }: rbacv1.Subject): string => `${kind} ${namespace} ${name}`;
  const present = new Set((found.subjects ?? []).map(keyOf));
  const missing = (wanted.subjects ?? []).filter((subject) => !present.has(keyOf(subject)));
  if (missing.length === 0) return;
  const subjects = [...(found.subjects ?? []), ...missing];
  await client.update<T>(type, { ...found, subjects }, { fieldManager: 'keelson' });
}

/** Creates the object unless it is there; resolves with it in that case. */
async function ensure<T extends KubernetesObject>(
  client: Client,
  type: ResourceReference,
  object: T,
): Promise<T | undefined> {
  const { namespace: where, name = '' } = object.metadata;
  try {
    // Looked at first: after the first start nothing is to be written.
    return await client.get<T>(type, where, name);
  } catch (error) {
    if (reasonOf(error) !== 'NotFound') throw error;
    await client.create(type, object, { fieldManager: 'keelson' }).catch((failure) => {
      if (reasonOf(failure) !== 'AlreadyExists') throw failure;
    });
    return undefined;
  }
}

const defaultServiceAccount: KubernetesObject = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: 'default', namespace: 'default' },
};

function namespace(name: string): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

/** By which API servers of extensions know the cluster's users; the role extension-apiserver-authentication-reader lets them. */
function clientAuthentication(clientCa: string): v1.ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'extension-apiserver-authentication', namespace: 'kube-system' },
    data: { 'client-ca-file': clientCa },
  };
}

function priorityClass(name: string, value: number): KubernetesObject {
  const description = 'Used for system critical pods that must not be moved from their current node.';
  return { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name }, ...{ value, description } };
}

/** Where Services' addresses come from, for who looks; which they are is the configuration's. */
async function ensureServiceCidr(
  client: Client,
  { serviceCIDR, now }: { serviceCIDR: string; now: number },
): Promise<void> {
  const conditions: metav1.Condition[] = [
    {
      type: 'Ready',
      status: 'True',
      reason: '',
      message: 'Kubernetes default Service CIDR is ready',
      lastTransitionTime: formatTime(now),
    },
  ];
  const metadata = { name: 'kubernetes' };
  const spec = { cidrs: [serviceCIDR] };
  const wanted: networkingv1.ServiceCIDR = { apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', metadata, spec };
  const found = await ensure(client, serviceCidrs, wanted);
  if (found?.status?.conditions?.some(({ type }) => type === 'Ready')) return;
  const options = { subresource: 'status', fieldManager: 'keelson' };
  await client.patch(
    serviceCidrs,
    undefined,
    metadata.name,
    { type: 'merge', body: { status: { conditions } } },
    options,
  );
}

function kubernetesService({ serviceCIDR, apiPort }: { serviceCIDR: string; apiPort: number }): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'kubernetes', namespace: 'default', labels: { component: 'apiserver', provider: 'kubernetes' } },
    ...{
      spec: {
        type: 'ClusterIP',
        clusterIP: kubernetesServiceIp(serviceCIDR),
        ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: apiPort }],
      },
    },
  };
}
