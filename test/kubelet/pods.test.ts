import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import test from 'ava';
import { resources, type v1 } from '../../src/api/index.ts';
import { lacks, isRunning as processRuns } from '../runtime/helpers.ts';
import { isReady, isRunning, script, startNode, stateOf } from './fixture.ts';

const forever = 'while :; do sleep 0.05; done';

test('a pod runs, is ready and goes when it is deleted', async (t) => {
  const node = await startNode(t);
  await node.create('web', { containers: [script(`echo hello; trap "echo bye; exit 0" TERM; ${forever}`)] });
  const pod = await node.until('web', isReady);
  t.regex(pod.status!.podIP!, /^127\.77\.1\.\d+$/);
  t.is(await node.untilLog('web', 'main', 'hello'), 'hello\n');
  t.is(node.kubelet.pods(), 1);
  await node.delete('web');
  await node.untilGone('web');
  t.deepEqual(node.runtime.listContainers(), []);
  t.deepEqual(node.runtime.listSandboxes(), []);
});

test('a pod that completes keeps its log', async (t) => {
  const node = await startNode(t);
  await node.create('job', { restartPolicy: 'Never', containers: [script('echo done')] });
  const pod = await node.until('job', ({ status }) => status?.phase === 'Succeeded');
  t.like(stateOf(pod), { terminated: { exitCode: 0, reason: 'Completed' } });
  t.is(await node.logs('job', 'main'), 'done\n');
  t.false(isRunning(pod));
});

test('a container over its memory limit is OOMKilled', async (t) => {
  const node = await startNode(t);
  const { controllers } = node.runtime.info().cgroups;
  if (lacks(t, controllers.includes('memory'), 'writable memory control group')) return;
  const hog = script('', { command: ['tail', '/dev/zero'], resources: { limits: { memory: '20Mi' } } });
  await node.create('hog', { restartPolicy: 'Never', containers: [hog] });
  const pod = await node.until('hog', ({ status }) => status?.phase === 'Failed');
  t.like(stateOf(pod), { terminated: { exitCode: 137, reason: 'OOMKilled' } });
});

test('environment and volumes from the API reach the container', async (t) => {
  const node = await startNode(t);
  if (lacks(t, node.runtime.info().mounts, 'mount namespace')) return;
  const metadata = { name: 'config', namespace: 'default' };
  const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { greeting: 'hello' } };
  await node.client.create(resources.configMaps, config as v1.ConfigMap);
  const main = script(
    'cat /keelson-config/greeting; echo; echo "$GREETING from $POD at $IP"; echo kept >/keelson-data/file; cat /keelson-data/file',
    {
      env: [
        { name: 'GREETING', valueFrom: { configMapKeyRef: { name: 'config', key: 'greeting' } } },
        { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
      ],
      volumeMounts: [
        { name: 'config', mountPath: '/keelson-config', readOnly: true },
        { name: 'data', mountPath: '/keelson-data' },
      ],
    },
  );
  const volumes = [
    { name: 'config', configMap: { name: 'config' } },
    { name: 'data', emptyDir: {} },
  ];
  await node.create('env', { restartPolicy: 'Never', containers: [main], volumes });
  const pod = await node.until('env', ({ status }) => status?.phase === 'Succeeded' || status?.phase === 'Failed');
  t.is(await node.logs('env', 'main'), `hello\nhello from env at ${pod.status!.podIP}\nkept\n`);
});

test('a volume that can not be had keeps the pod waiting, with an event', async (t) => {
  const node = await startNode(t);
  const volumes = [{ name: 'v', secret: { secretName: 'later' } }];
  await node.create('waits', { containers: [script(forever)], volumes });
  await node.untilEvent(
    'waits',
    /^Warning FailedMount: MountVolume.SetUp failed for volume "v" : secret "later" not found$/,
  );
  t.is(
    stateOf(await node.until('waits', ({ status }) => status?.containerStatuses !== undefined)).waiting?.reason,
    'ContainerCreating',
  );
  const metadata = { name: 'later', namespace: 'default' };
  await node.client.create(resources.secrets, { apiVersion: 'v1', kind: 'Secret', metadata } as v1.Secret);
  await node.until('waits', isReady);
  t.pass();
});

test('a liveness probe restarts a container, a readiness probe takes it out', async (t) => {
  const node = await startNode(t);
  const exec = (command: string): v1.Probe => ({
    exec: { command: ['sh', '-c', command] },
    periodSeconds: 1,
    failureThreshold: 1,
    timeoutSeconds: 10,
  });
  // Each run removes what the probe looks for, once it was ready.
  const flag = `/tmp/keelson-probe-${process.pid}`;
  const main = script(`touch ${flag}; trap "exit 0" TERM; ${forever}`, {
    readinessProbe: exec(`test -e ${flag}`),
    livenessProbe: exec(`test ! -e ${flag}.bad`),
  });
  await node.create('probed', { containers: [main] });
  await node.until('probed', isReady);
  const { runtime } = node;
  const id = runtime.listContainers()[0]!.id;
  await runtime.exec(id, ['rm', flag]);
  await node.until('probed', (pod) => !isReady(pod));
  await node.untilEvent('probed', /^Warning Unhealthy: Readiness probe failed: /);
  await runtime.exec(id, ['touch', `${flag}.bad`]);
  await node.until('probed', ({ status }) => (status?.containerStatuses?.[0]?.restartCount ?? 0) > 0);
  await node.untilEvent('probed', /^Normal Killing: Container main failed liveness probe, will be restarted$/);
  await runtime
    .exec(runtime.listContainers().find(({ state }) => state === 'running')!.id, ['rm', '-f', flag, `${flag}.bad`])
    .catch(() => {});
  t.pass();
});

test('preStop comes before the end, within the grace period', async (t) => {
  const node = await startNode(t);
  const marker = '/tmp/keelson-stop-$HOSTNAME';
  const preStop = { exec: { command: ['sh', '-c', `touch ${marker}`] } };
  const main = script(
    `trap "test -e ${marker} && echo stopped after hook; rm -f ${marker}; exit 0" TERM; echo up; ${forever}`,
    {
      lifecycle: { preStop },
    },
  );
  await node.create('hooked', { containers: [main] });
  await node.until('hooked', isReady);
  await node.untilLog('hooked', 'main', 'up');
  const log = node.untilLog('hooked', 'main', 'stopped after hook');
  await node.delete('hooked');
  t.regex(await log, /stopped after hook/);
  await node.untilGone('hooked');
});

test('pods run on while no kubelet is there; the next one adopts them', async (t) => {
  const node = await startNode(t);
  await node.create('kept', { containers: [script(`trap "exit 0" TERM; echo $$; ${forever}`)] });
  const flag = `/tmp/keelson-ends-${process.pid}`;
  const ending = script(`while ! [ -e ${flag} ]; do sleep 0.02; done; exit 7`);
  await node.create('ends', { containers: [ending], restartPolicy: 'Never' });
  await node.create('vanishes', { containers: [script(forever)] });
  const before = await node.until('kept', isReady);
  await node.until('ends', isRunning);
  await node.until('vanishes', isReady);
  const pid = node.runtime.listContainers({ podUid: before.metadata.uid! })[0]!.pid!;
  const orphan = node.runtime
    .listContainers()
    .find(({ podUid }) => podUid === node.pods.get('default', 'vanishes')!.metadata.uid)!;
  await node.stop();
  t.true(processRuns(pid));
  writeFileSync(flag, '');
  t.teardown(() => rmSync(flag, { force: true }));
  await node.delete('vanishes', 0);
  await node.start();
  const after = node.pods.get('default', 'kept')!;
  t.deepEqual(after.status, before.status);
  t.is(node.runtime.listContainers({ podUid: before.metadata.uid! })[0]!.pid, pid);
  const ended = await node.until('ends', ({ status }) => status?.phase === 'Failed');
  t.like(stateOf(ended), { terminated: { exitCode: 7 } });
  // Ready means that what belongs to no pod any more was ended.
  t.false(processRuns(orphan.pid!));
  t.is(node.runtime.containerStatus(orphan.id), undefined);
});

test('the end of the log becomes the message of a container that failed', async (t) => {
  const node = await startNode(t);
  const main = script('echo one; echo the reason >&2; exit 1', { terminationMessagePolicy: 'FallbackToLogsOnError' });
  await node.create('fails', { restartPolicy: 'Never', containers: [main] });
  const pod = await node.until('fails', ({ status }) => status?.phase === 'Failed');
  t.is(stateOf(pod).terminated?.message, 'one\nthe reason\n');
});

test('containers are told apart from the peer: user, environment, limits', async (t) => {
  const node = await startNode(t);
  const limits = { cpu: '500m', memory: '64Mi' };
  await node.create('limits', { containers: [script(`echo up; ${forever}`, { resources: { limits } })] });
  const pod = await node.until('limits', isReady);
  t.deepEqual(pod.status!.containerStatuses![0]!.resources, { limits, requests: limits });
  const { pid } = node.runtime.listContainers()[0]!;
  const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
  t.notRegex(environment, /npm_|NODE_/);
  if (process.getuid!() !== 0) return;
  t.regex(readFileSync(`/proc/${pid}/status`, 'utf8'), /Uid:\t65534/);
});
