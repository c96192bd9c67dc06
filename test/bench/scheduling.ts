import { resources, type v1 } from '../../src/api/index.ts';
import { seededRandom, silentLogger, systemClock } from '../../src/base/index.ts';
import { createInformerFactory, EventBroadcaster } from '../../src/client/index.ts';
import { startScheduler } from '../../src/scheduler/index.ts';
import { startLocalApi } from '../support/local-api.ts';
import type { SuiteOptions } from './main.ts';
import { higherIsBetter, type Result } from './results.ts';

const NODES = 100;
const PODS = 3_000;

/** Pods that are bound in a second: the real scheduler and API in one process, on a store in memory, with nodes that run nothing. */
export async function run({ tell }: SuiteOptions): Promise<Result[]> {
  const api = await startLocalApi(systemClock);
  const common = { client: api.client, clock: systemClock, random: seededRandom(1), logger: silentLogger };
  for (let i = 0; i < NODES; i++) {
    const name = `node-${i}`;
    const node = await api.client.create<v1.Node>(resources.nodes, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: { 'kubernetes.io/hostname': name } },
    });
    await api.client.update<v1.Node>(
      resources.nodes,
      { ...node, status: { allocatable: { cpu: '32', memory: '128Gi', pods: '110' } } },
      { subresource: 'status' },
    );
  }
  for (let i = 0; i < PODS; i++) {
    await api.client.create<v1.Pod>(resources.pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `pod-${i}`, namespace: 'default', labels: { app: `app-${i % 50}` } },
      spec: { containers: [{ name: 'main', image: 'host', resources: { requests: { cpu: '100m', memory: '64Mi' } } }] },
    });
  }
  const bound = new Set<string>();
  let finish = (): void => {};
  const all = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const watching = createInformerFactory(common);
  watching.informer<v1.Pod>(resources.pods).onChange(({ object }) => {
    if (object.spec?.nodeName === undefined) return;
    bound.add(object.metadata.name ?? '');
    if (bound.size === PODS) finish();
  });
  watching.start();
  await watching.synced();
  const informers = createInformerFactory(common);
  const broadcaster = new EventBroadcaster({ client: api.client, clock: systemClock, logger: silentLogger });
  const begin = performance.now();
  const scheduler = await startScheduler({
    ...common,
    informers,
    recorder: broadcaster.recorderFor('default-scheduler'),
  });
  await all;
  const seconds = (performance.now() - begin) / 1_000;
  tell(`${PODS} pods on ${NODES} nodes in ${seconds.toFixed(2)} s`);
  await scheduler.stop();
  return [higherIsBetter('pods-bound-per-second', PODS / seconds, 'pods/s')];
}
