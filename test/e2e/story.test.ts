import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { processesWith } from './support/processes.ts';
import { clusterUser } from './support/user.ts';

const user = clusterUser(test);
const manifest = fileURLToPath(new URL('fixtures/six.yaml', import.meta.url));

/** Process ids by pod, for each pod of the Deployment. */
async function processes(): Promise<Map<string, number[]>> {
  const names = await user.sh('kubectl get pods -l app=six -o name');
  return new Map(
    names
      .trim()
      .split('\n')
      .map((name) => name.replace('pod/', ''))
      .map((pod) => [pod, processesWith(`POD_NAME=${pod}`)]),
  );
}

/** Each of so many pods is one living process. */
async function runs(t: { deepEqual(a: unknown, b: unknown): void; is(a: unknown, b: unknown): void }, count: number) {
  let found = await processes();
  // A container runs before it has become its program.
  for (let tries = 0; tries < 50 && [...found.values()].some((pids) => pids.length === 0); tries++) {
    await setTimeout(100);
    found = await processes();
  }
  t.is(found.size, count);
  t.deepEqual(
    [...found.values()].map((pids) => pids.length),
    Array(count).fill(1),
  );
  t.is(new Set([...found.values()].flat()).size, count);
  return found;
}

test.serial('six replicas are applied and are six processes, spread over the nodes', async (t) => {
  t.is(await user.sh(`kubectl apply -f ${manifest}`), 'deployment.apps/six created\n');
  const watched = await user.sh('kubectl rollout status deployment/six');
  t.regex(watched, /deployment "six" successfully rolled out\n$/);
  await runs(t, 6);
  const nodes = await user.sh('kubectl get pods -l app=six -o jsonpath={.items[*].spec.nodeName}');
  t.deepEqual(nodes.split(' ').sort(), ['peer-1', 'peer-1', 'peer-2', 'peer-2', 'peer-3', 'peer-3']);
  t.regex(
    await user.sh('kubectl get deployment six'),
    /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nsix +6\/6 +6 +6 +\d+s\n$/,
  );
});

test.serial('applied again, nothing changes', async (t) => {
  const before = await user.sh('kubectl get deployment six -o jsonpath={.metadata.resourceVersion}');
  t.is(await user.sh(`kubectl apply -f ${manifest}`), 'deployment.apps/six unchanged\n');
  t.is(await user.sh('kubectl get deployment six -o jsonpath={.metadata.resourceVersion}'), before);
});

test.serial('scaled to ten, the six stay and four come', async (t) => {
  const before = await processes();
  t.is(await user.sh('kubectl scale deployment/six --replicas=10'), 'deployment.apps/six scaled\n');
  await user.sh('kubectl rollout status deployment/six');
  const after = await runs(t, 10);
  for (const [pod, pids] of before) t.deepEqual(after.get(pod), pids);
});

test.serial('a change is rolled out without falling below what the strategy allows', async (t) => {
  const watch = user.background(
    'kubectl get deployment six -w -o jsonpath=\'{.status.availableReplicas} {.status.replicas}{"\\n"}\'',
  );
  await watch.until(/^10 10\n/);
  const changed = readFileSync(manifest, 'utf8')
    .replace('replicas: 6', 'replicas: 10')
    .replace('value: first', 'value: second');
  t.is(await user.sh('kubectl apply -f -', changed), 'deployment.apps/six configured\n');
  t.regex(await user.sh('kubectl rollout status deployment/six'), /successfully rolled out\n$/);
  await watch.interrupt();
  for (const line of watch.output().trim().split('\n')) {
    const [available = 0, replicas = 0] = line.split(' ').map(Number);
    t.true(available >= 8, `25 % of 10, rounded down, may be unavailable: ${line}`);
    t.true(replicas <= 13, `25 % of 10, rounded up, may come on top: ${line}`);
  }
  await user.sh('kubectl wait --for=jsonpath={.status.replicas}=10 deployment/six');
  const logs = await user.sh('kubectl logs -l app=six --tail=1 --max-log-requests=20');
  t.regex(logs, /^(second \d+ \S+\n){10}$/);
});

test.serial('it is rolled back', async (t) => {
  t.is(
    await user.sh('kubectl rollout history deployment/six'),
    'deployment.apps/six \nREVISION  CHANGE-CAUSE\n1         <none>\n2         <none>\n\n',
  );
  t.is(await user.sh('kubectl rollout undo deployment/six'), 'deployment.apps/six rolled back\n');
  t.regex(await user.sh('kubectl rollout status deployment/six'), /successfully rolled out\n$/);
  t.regex(await user.sh('kubectl rollout history deployment/six'), /\n2 .*\n3 .*\n\n$/);
  t.is(
    await user.sh("kubectl get deployment six -o jsonpath='{.spec.template.spec.containers[0].env[0].value}'"),
    'first',
  );
  t.regex(await user.sh('kubectl logs deployment/six --tail=1'), /^first \d+ six-/);
});

test.serial('a log is followed', async (t) => {
  const follow = user.background('kubectl logs -f deployment/six');
  const output = await follow.until(/(first \d+ six-\S+\n){4}/);
  await follow.interrupt();
  const numbers = output
    .trim()
    .split('\n')
    .map((line) => Number(line.split(' ')[1]));
  t.deepEqual(
    numbers,
    numbers.map((_, index) => index + 1),
  );
});

test.serial('deleted, every pod and process is gone', async (t) => {
  const pods = [...(await processes()).keys()];
  t.is(await user.sh(`kubectl delete -f ${manifest}`), 'deployment.apps "six" deleted from default namespace\n');
  await user.sh('kubectl wait --for=delete pod -l app=six --timeout=60s');
  t.is(await user.sh('kubectl get pods,replicasets,deployments -l app=six -o name'), '');
  for (const pod of pods) t.deepEqual(processesWith(`POD_NAME=${pod}`), []);
});
