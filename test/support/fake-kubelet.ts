import { formatTime, reasonOf, resources, type v1 } from '../../src/api/index.ts';
import type { Clock } from '../../src/base/index.ts';
import type { Change, Client, Informer } from '../../src/client/index.ts';

export interface FakeKubeletOptions {
  client: Client;
  clock: Clock;
  pods: Informer<v1.Pod>;
  /** Puts pods that no scheduler placed on this node; undefined: leaves them alone. */
  place?: string | undefined;
  /** From being placed to being ready; undefined: never. */
  startMs?: (pod: v1.Pod) => number | undefined;
  /** From being deleted to being gone. */
  stopMs?: number;
  /** Whether the pod's node does anything at all. */
  alive?: (node: string) => boolean;
}

/** Does to pods what kubelets do, without processes: makes them run, and takes them away when they are deleted. */
export function startFakeKubelet(options: FakeKubeletOptions): () => void {
  const { client, clock, pods, place, startMs = () => 10, stopMs = 10, alive = () => true } = options;
  const failures: unknown[] = [];

  const act = async (change: Change<v1.Pod>): Promise<void> => {
    if (change.type === 'deleted') return;
    const pod = change.object;
    const { namespace, name, uid, deletionTimestamp } = pod.metadata;
    const node = pod.spec?.nodeName;
    if (deletionTimestamp !== undefined) {
      if (change.type === 'updated' && change.old.metadata.deletionTimestamp !== undefined) return;
      await wait(clock, stopMs);
      if (node !== undefined && !alive(node)) return;
      await client.delete(resources.pods, namespace, name!, { gracePeriodSeconds: 0, preconditions: { uid: uid! } });
      return;
    }
    if (node === undefined) {
      if (place !== undefined && change.type === 'added') await bind(client, pod, place);
      return;
    }
    if (change.type === 'updated' && change.old.spec?.nodeName !== undefined) return;
    const delayMs = startMs(pod);
    if (delayMs === undefined || pod.status?.phase === 'Running') return;
    await wait(clock, delayMs);
    if (alive(node)) await setReady(client, clock, pod, true);
  };

  const stop = pods.onChange((change) => {
    act(change).catch((error: unknown) => {
      if (reasonOf(error) !== 'NotFound' && reasonOf(error) !== 'Conflict') failures.push(error);
    });
  });
  return () => {
    stop();
    if (failures.length > 0) throw failures[0];
  };
}

export async function bind(client: Client, pod: v1.Pod, node: string): Promise<void> {
  const { namespace, name } = pod.metadata;
  const binding = {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { namespace: namespace!, name: name! },
    target: { apiVersion: 'v1', kind: 'Node', name: node },
  };
  await client.create(resources.pods, binding, { subresource: 'binding' });
}

/** Makes the pod run, and be ready or not. */
export async function setReady(client: Client, clock: Clock, pod: v1.Pod, ready: boolean): Promise<void> {
  const { namespace, name } = pod.metadata;
  const lastTransitionTime = formatTime(clock.now());
  const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime }];
  // An address of its own, as far as tests care.
  const [a = 0, b = 0] = Buffer.from(name!).subarray(-2);
  const podIP = `127.7.${a}.${b}`;
  await setStatus(client, namespace!, name!, { phase: 'Running', conditions, podIP, podIPs: [{ ip: podIP }] });
}

export async function setStatus(client: Client, namespace: string, name: string, status: unknown): Promise<void> {
  await client.patch(resources.pods, namespace, name, { type: 'merge', body: { status } }, { subresource: 'status' });
}

function wait(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.setTimer(ms, resolve));
}
