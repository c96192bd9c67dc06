import test from 'ava';
import { type policyv1, resources, type Status, type v1 } from '../../src/api/index.ts';
import { deploymentController } from '../../src/controllers/deployment/index.ts';
import { disruptionController } from '../../src/controllers/disruption/index.ts';
import { budgetStatus, expectation } from '../../src/controllers/disruption/status.ts';
import { replicaSetController } from '../../src/controllers/replicaset.ts';
import { deployment, podTemplate, startHarness } from './harness.ts';

type Budget = policyv1.PodDisruptionBudget;

const budget = (spec: Budget['spec'], name = 'web'): Budget => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name, namespace: 'default' },
  spec: { selector: { matchLabels: { app: 'web' } }, ...spec },
});

async function setUp(replicas: number) {
  const harness = await startHarness({
    controllers: [deploymentController, replicaSetController, disruptionController],
  });
  const { client, clock } = harness;
  if (replicas > 0) await client.create(resources.deployments, deployment('web', replicas));
  await clock.advance(2_000);
  return {
    ...harness,
    pods: () => harness.list<v1.Pod>(resources.pods),
    status: async (name = 'web') =>
      (await client.get<Budget>(resources.podDisruptionBudgets, 'default', name)).status ?? ({} as never),
    evict: (pod: v1.Pod) =>
      client.create(
        resources.pods,
        { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod.metadata.name!, namespace: 'default' } },
        { subresource: 'eviction' },
      ),
  };
}

test('tells how many pods are healthy and how many may go', async (t) => {
  const { client, clock, status, stop } = await setUp(4);
  await client.create(resources.podDisruptionBudgets, budget({ minAvailable: 3 }));
  await client.create(resources.podDisruptionBudgets, budget({ minAvailable: '30%' }, 'part'));
  await client.create(resources.podDisruptionBudgets, budget({ maxUnavailable: '30%' }, 'most'));
  await client.create(resources.podDisruptionBudgets, budget({ selector: {}, minAvailable: 4 }, 'all'));
  await client.create(resources.podDisruptionBudgets, budget({ selector: { matchLabels: { app: 'none' } } }, 'none'));
  await clock.advance(2_000);
  const counts = async (name: string) => {
    const { expectedPods, desiredHealthy, currentHealthy, disruptionsAllowed } = await status(name);
    return [expectedPods, desiredHealthy, currentHealthy, disruptionsAllowed];
  };
  t.deepEqual(await counts('web'), [4, 3, 4, 1]);
  t.deepEqual(await counts('part'), [4, 2, 4, 2]);
  t.deepEqual(await counts('most'), [4, 2, 4, 2]);
  t.deepEqual(await counts('all'), [4, 4, 4, 0]);
  t.deepEqual(await counts('none'), [0, 0, 0, 0]);
  const [condition] = (await status()).conditions!;
  t.like(condition, { type: 'DisruptionAllowed', status: 'True', reason: 'SufficientPods', observedGeneration: 1 });
  t.like((await status('all')).conditions![0], { status: 'False', reason: 'InsufficientPods' });
  await client.patch(resources.deployments, 'default', 'web', { type: 'merge', body: { spec: { replicas: 6 } } });
  await clock.advance(2_000);
  t.deepEqual(await counts('most'), [6, 4, 6, 2]);
  await stop();
});

test('an eviction beyond the budget is refused, in words that clients know', async (t) => {
  const { client, clock, pods, evict, status, stop } = await setUp(2);
  await client.create(resources.podDisruptionBudgets, budget({ minAvailable: 1 }));
  const [first, second] = await pods();
  await clock.advance(2_000);
  await evict(first!);
  const refusal = (await t.throwsAsync(evict(second!))) as Error & { status: Status };
  t.like(refusal.status, {
    code: 429,
    reason: 'TooManyRequests',
    message: "Cannot evict pod as it would violate the pod's disruption budget.",
  });
  const [cause] = refusal.status.details!.causes!;
  t.is(cause!.reason, 'DisruptionBudget');
  t.regex(cause!.message!, /^The disruption budget web needs 1 healthy pods and has [12] currently$/);
  const going = await client.get<v1.Pod>(resources.pods, 'default', first!.metadata.name!);
  t.truthy(going.metadata.deletionTimestamp);
  t.like(
    going.status?.conditions?.find(({ type }) => type === 'DisruptionTarget'),
    {
      status: 'True',
      reason: 'EvictionByEvictionAPI',
    },
  );
  await clock.advance(5_000);
  t.like(await status(), { currentHealthy: 2, disruptionsAllowed: 1, disruptedPods: undefined });
  await evict(second!);
  await stop();
});

test('of many who evict at once, as many succeed as the budget allows', async (t) => {
  const { client, clock, pods, evict, stop } = await setUp(6);
  await client.create(resources.podDisruptionBudgets, budget({ minAvailable: 4 }));
  await clock.advance(2_000);
  const results = await Promise.allSettled((await pods()).map(evict));
  t.is(results.filter(({ status }) => status === 'fulfilled').length, 2);
  await stop();
});

test('what is not ready may go when enough others are; several budgets are too many', async (t) => {
  const { client, clock, pods, evict, stop } = await setUp(2);
  await client.create(resources.podDisruptionBudgets, budget({ minAvailable: 2 }));
  const sick: v1.Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'sick', namespace: 'default', labels: { app: 'web' } },
    spec: podTemplate({}).spec!,
  };
  await client.create(resources.pods, sick);
  await clock.advance(2_000);
  const conditions = [{ type: 'Ready', status: 'False' }];
  const body = { status: { phase: 'Running', conditions } };
  await client.patch(resources.pods, 'default', 'sick', { type: 'merge', body }, { subresource: 'status' });
  await clock.advance(2_000);
  await evict(sick);
  const well = (await pods()).find(({ metadata }) => metadata.name !== 'sick');
  await client.create(resources.podDisruptionBudgets, budget({ minAvailable: 0 }, 'second'));
  await clock.advance(2_000);
  await t.throwsAsync(evict(well!), { message: /more than one PodDisruptionBudget/ });
  await stop();
});

const readyPod = (name: string): v1.Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  status: { conditions: [{ type: 'Ready', status: 'True' }] },
});

test('an eviction that was granted and never happened counts no longer after two minutes', (t) => {
  const granted = Date.UTC(2026, 0, 1);
  const disruptedPods = { a: '2026-01-01T00:00:00Z', gone: '2026-01-01T00:00:00Z' };
  const counts = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 2 };
  const disrupted = { ...budget({ minAvailable: 1 }), status: { ...counts, disruptedPods } };
  const pods = [readyPod('a'), readyPod('b')];
  const expected = expectation(disrupted, 2, () => 0);
  const soon = budgetStatus(disrupted, pods, expected, granted + 1_000);
  t.is(soon.recheckMs, 119_000);
  t.like(soon.status, { currentHealthy: 1, disruptionsAllowed: 0 });
  t.deepEqual(soon.status.disruptedPods, { a: '2026-01-01T00:00:00Z' });
  const late = budgetStatus(disrupted, pods, expected, granted + 120_000);
  t.is(late.recheckMs, undefined);
  t.like(late.status, { currentHealthy: 2, disruptionsAllowed: 1, disruptedPods: undefined });
});
