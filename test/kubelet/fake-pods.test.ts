import test from 'ava';
import { resources, type v1 } from '../../src/api/index.ts';
import { container, startFakeNode } from './fake-node.ts';

test('a container that keeps failing is restarted later and later, and at once after it went well', async (t) => {
  const node = await startFakeNode(t);
  await node.create('crash', { containers: [container()] });
  const { uid } = (await node.pod('crash')).metadata;
  const fail = async (): Promise<void> => {
    node.runtime.exit('main', 1);
    await node.settle();
  };
  // The first restart is immediate.
  await fail();
  t.is(node.runtime.named('main').status.attempt, 1);
  t.like(await node.status('crash'), { restartCount: 1, lastState: { terminated: { exitCode: 1 } } });
  t.truthy((await node.status('crash')).state?.running);
  for (const [index, seconds] of [10, 20, 40, 80, 160, 300, 300].entries()) {
    await fail();
    const text = seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
    const message = `back-off ${text} restarting failed container=main pod=crash_default(${uid})`;
    t.like(await node.status('crash'), {
      ready: false,
      state: { waiting: { reason: 'CrashLoopBackOff', message } },
      lastState: { terminated: { exitCode: 1, reason: 'Error' } },
      restartCount: index + 1,
    });
    t.is((await node.pod('crash')).status?.phase, 'Running');
    await node.advance(seconds * 1000 - 1);
    t.is(node.runtime.named('main').status.attempt, index + 1);
    await node.advance(1);
    t.is(node.runtime.named('main').status.attempt, index + 2);
  }
  // More than 10 minutes without a failure: all is forgotten.
  await node.advance(11 * 60_000);
  await fail();
  t.is(node.runtime.named('main').status.attempt, 9);
  await fail();
  t.regex((await node.status('crash')).state!.waiting!.message!, /back-off 10s/);
  t.true(
    (await node.events('crash')).some(
      (text) => text === `Warning BackOff: Back-off restarting failed container main in pod crash_default(${uid})`,
    ),
  );
  // Old runs do not pile up.
  t.true(node.runtime.containers.size <= 2);
});

test('OnFailure: success is final, failure is not', async (t) => {
  const node = await startFakeNode(t);
  await node.create('task', { restartPolicy: 'OnFailure', containers: [container(), container({ name: 'other' })] });
  node.runtime.exit('main', 3);
  await node.settle();
  t.is(node.runtime.named('main').status.attempt, 1);
  node.runtime.exit('main', 0);
  await node.settle();
  t.is((await node.pod('task')).status?.phase, 'Running');
  t.like(await node.status('task'), { ready: false, state: { terminated: { exitCode: 0, reason: 'Completed' } } });
  node.runtime.exit('other', 0);
  await node.settle();
  t.is((await node.pod('task')).status?.phase, 'Succeeded');
  for (const type of ['Ready', 'ContainersReady', 'Initialized']) {
    t.is((await node.condition('task', type))?.reason, 'PodCompleted');
  }
  // Logs can still be read.
  t.is(node.runtime.containers.size, 3);
  await node.advance(60_000);
  t.is(node.runtime.containers.size, 3);
  await node.delete('task');
  t.false(await node.has('task'));
  t.is(node.runtime.sandboxes.size, 0);
});

test('Never: a failure is final, with all others stopped', async (t) => {
  const node = await startFakeNode(t);
  await node.create('once', { restartPolicy: 'Never', containers: [container()] });
  node.runtime.exit('main', 137, 'OOMKilled');
  await node.settle();
  const { status } = await node.pod('once');
  t.is(status?.phase, 'Failed');
  t.like(await node.status('once'), { state: { terminated: { exitCode: 137, reason: 'OOMKilled' } }, restartCount: 0 });
  t.like(await node.condition('once', 'Ready'), { status: 'False', reason: 'PodFailed' });
});

test('init containers run one after the other; a failure is tried again', async (t) => {
  const node = await startFakeNode(t);
  const initContainers = [container({ name: 'one' }), container({ name: 'two' })];
  await node.create('init', { initContainers, containers: [container()] });
  t.deepEqual(node.runtime.calls, ['start one']);
  t.is((await node.pod('init')).status?.phase, 'Pending');
  t.like(await node.status('init'), { state: { waiting: { reason: 'PodInitializing' } } });
  t.like(await node.condition('init', 'Initialized'), {
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: 'containers with incomplete status: [one two]',
  });
  node.runtime.exit('one', 1);
  await node.settle();
  t.deepEqual(node.runtime.calls, ['start one', 'start one']);
  node.runtime.exit('one', 0);
  await node.settle();
  t.deepEqual(node.runtime.calls.slice(2), ['start two']);
  t.like(await node.status('init', 'one'), { ready: true, restartCount: 1 });
  node.runtime.exit('two', 0);
  await node.settle();
  t.deepEqual(node.runtime.calls.slice(3), ['start main']);
  t.is((await node.pod('init')).status?.phase, 'Running');
  t.is((await node.condition('init', 'Initialized'))?.status, 'True');
  // Restarts of the main container do not run them again.
  node.runtime.exit('main', 1);
  await node.settle();
  t.deepEqual(node.runtime.calls.slice(4), ['start main']);
});

test('an init container that fails for good fails the pod', async (t) => {
  const node = await startFakeNode(t);
  const initContainers = [container({ name: 'one' })];
  await node.create('init', { restartPolicy: 'Never', initContainers, containers: [container()] });
  node.runtime.exit('one', 1);
  await node.settle();
  t.is((await node.pod('init')).status?.phase, 'Failed');
  t.deepEqual(node.runtime.calls, ['start one']);
});

test('a sidecar starts first, is restarted by itself, and ends last', async (t) => {
  const node = await startFakeNode(t);
  const initContainers = [container({ name: 'side', restartPolicy: 'Always' }), container({ name: 'init' })];
  await node.create('pod', { restartPolicy: 'Never', initContainers, containers: [container()] });
  t.deepEqual(node.runtime.calls, ['start side', 'start init']);
  node.runtime.exit('init', 0);
  await node.settle();
  t.is((await node.pod('pod')).status?.phase, 'Running');
  t.is((await node.condition('pod', 'Ready'))?.status, 'True');
  node.runtime.exit('side', 1);
  await node.settle();
  t.deepEqual(node.runtime.calls.slice(2), ['start main', 'start side']);
  node.runtime.exit('main', 0);
  await node.settle();
  t.deepEqual(node.runtime.calls.slice(4), ['stop side 30000']);
  t.is((await node.pod('pod')).status?.phase, 'Succeeded');
});

test('a deletion stops regular containers, then sidecars, and the pod goes', async (t) => {
  const node = await startFakeNode(t);
  const initContainers = [
    container({ name: 'side1', restartPolicy: 'Always' }),
    container({ name: 'side2', restartPolicy: 'Always' }),
  ];
  await node.create('pod', { initContainers, containers: [container(), container({ name: 'other' })] });
  const before = node.runtime.calls.length;
  await node.delete('pod', 7);
  const stops = node.runtime.calls.slice(before);
  t.deepEqual(stops.slice(0, 2).sort(), ['stop main 7000', 'stop other 7000']);
  t.deepEqual(stops.slice(2, 4), ['stop side2 7000', 'stop side1 7000']);
  t.false(await node.has('pod'));
  t.is(node.runtime.containers.size, 0);
  t.is(node.kubelet.pods(), 0);
  t.true((await node.events('pod')).includes('Normal Killing: Stopping container main'));
});

test('a second deletion can shorten the grace period', async (t) => {
  const node = await startFakeNode(t);
  await node.create('slow', { containers: [container()] });
  node.runtime.stops = false;
  await node.delete('slow', 60);
  t.is(node.runtime.calls.at(-1), 'stop main 60000');
  t.true(await node.has('slow'));
  await node.delete('slow', 5);
  t.is(node.runtime.calls.at(-1), 'stop main 5000');
  node.runtime.stops = true;
  await node.settle();
  t.false(await node.has('slow'));
});

test('a pod deleted by force is ended all the same', async (t) => {
  const node = await startFakeNode(t);
  await node.create('gone', { containers: [container()] });
  await node.delete('gone', 0);
  t.is(node.runtime.sandboxes.size, 0);
  t.is(node.kubelet.pods(), 0);
});

test('a pod that is deleted before it could start fails and goes', async (t) => {
  const node = await startFakeNode(t);
  await node.create('early', { containers: [container({ image: 'none', imagePullPolicy: 'IfNotPresent' })] });
  t.is((await node.pod('early')).status?.phase, 'Pending');
  await node.delete('early');
  t.false(await node.has('early'));
});

test('an image that is not there: the reason first, then back-off, then another try', async (t) => {
  const node = await startFakeNode(t);
  await node.create('image', { containers: [container({ image: 'none' })] });
  t.like(await node.status('image'), {
    state: { waiting: { reason: 'ErrImagePull', message: 'image "none" not found' } },
  });
  await node.advance(5000);
  const message = 'Back-off pulling image "none"';
  t.like(await node.status('image'), { state: { waiting: { reason: 'ImagePullBackOff', message } } });
  t.is(node.runtime.calls.length, 1);
  await node.advance(5000);
  t.deepEqual(node.runtime.calls, ['pull none', 'pull none']);
  node.runtime.images.add('none');
  await node.advance(20_000);
  t.truthy((await node.status('image')).state?.running);
  const events = await node.events('image');
  t.true(events.includes('Warning Failed: Failed to pull image "none": image "none" not found'));
  t.true(events.includes('Warning Failed: Error: ErrImagePull'));
  t.true(events.includes('Normal BackOff: Back-off pulling image "none"'));
});

test('pull policies', async (t) => {
  const node = await startFakeNode(t);
  await node.create('never', { containers: [container({ image: 'none', imagePullPolicy: 'Never' })] });
  t.is((await node.status('never')).state?.waiting?.reason, 'ErrImageNeverPull');
  await node.create('always', { containers: [container({ imagePullPolicy: 'Always' })] });
  t.deepEqual(node.runtime.calls, ['pull host', 'start main']);
  t.true(
    (await node.events('always')).some((text) => /^Normal Pulled: Successfully pulled image "host" in 0ms/.test(text)),
  );
});

test('a container that can not be started says why', async (t) => {
  const node = await startFakeNode(t);
  node.runtime.startError = 'exec: "run": executable file not found in $PATH';
  await node.create('broken', { containers: [container()] });
  await node.advance(0);
  t.like(await node.status('broken'), {
    state: { waiting: { reason: 'CrashLoopBackOff' } },
    lastState: { terminated: { exitCode: 128, reason: 'StartError', message: node.runtime.startError } },
  });
  t.true((await node.events('broken')).includes(`Warning Failed: Error: ${node.runtime.startError}`));
});

test('a missing ConfigMap keeps a container waiting until it is there', async (t) => {
  const node = await startFakeNode(t);
  const env = [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'config', key: 'a' } } }];
  await node.create('env', { containers: [container({ env })] });
  const waits = async (): Promise<unknown> => (await node.status('env')).state?.waiting;
  t.deepEqual(await waits(), { reason: 'CreateContainerConfigError', message: 'configmap "config" not found' });
  t.is((await node.pod('env')).status?.phase, 'Pending');
  const metadata = { name: 'config', namespace: 'default' };
  await node.client.create(resources.configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata } as v1.ConfigMap);
  await node.advance(5000);
  t.like(await waits(), { message: "couldn't find key a in ConfigMap default/config" });
  const body = { data: { a: '1' } };
  await node.client.patch(resources.configMaps, 'default', 'config', { type: 'merge', body });
  await node.advance(5000);
  t.truthy((await node.status('env')).state?.running);
  t.is(node.runtime.named('main').config.env.find(({ name }) => name === 'A')?.value, '1');
  t.true((await node.events('env')).includes('Warning Failed: Error: configmap "config" not found'));
});

test('activeDeadlineSeconds fails a pod that runs too long', async (t) => {
  const node = await startFakeNode(t);
  await node.create('deadline', { activeDeadlineSeconds: 60, containers: [container()] });
  await node.advance(59_000);
  t.is((await node.pod('deadline')).status?.phase, 'Running');
  await node.advance(1000);
  const { status } = await node.pod('deadline');
  t.like(status, { phase: 'Failed', reason: 'DeadlineExceeded' });
  t.is(status?.message, 'Pod was active on the node longer than the specified deadline');
  t.is(node.runtime.named('main').status.state, 'exited');
  await node.advance(60_000);
  t.is(node.runtime.calls.filter((call) => call === 'start main').length, 1);
});

test('hooks run after the start and before the stop', async (t) => {
  const node = await startFakeNode(t);
  const lifecycle = { postStart: { exec: { command: ['hello'] } }, preStop: { exec: { command: ['bye'] } } };
  await node.create('hooks', { containers: [container({ lifecycle })] });
  await node.delete('hooks', 9);
  t.deepEqual(node.runtime.calls.slice(0, 4), ['start main', 'exec main hello', 'exec main bye', 'stop main 9000']);
});

test('a postStart hook that fails ends the container', async (t) => {
  const node = await startFakeNode(t);
  node.runtime.execResult = { exitCode: 1, stdout: '', stderr: 'no' };
  const lifecycle = { postStart: { exec: { command: ['hello'] } } };
  await node.create('hooks', { containers: [container({ lifecycle })] });
  t.deepEqual(node.runtime.calls.slice(0, 3), ['start main', 'exec main hello', 'stop main 0']);
  t.true((await node.events('hooks')).includes('Warning FailedPostStartHook: PostStartHook failed'));
});

test('a change of image starts the container anew', async (t) => {
  const node = await startFakeNode(t);
  node.runtime.images.add('newer');
  await node.create('change', { containers: [container()] });
  const body = { spec: { containers: [{ name: 'main', image: 'newer' }] } };
  await node.client.patch(resources.pods, 'default', 'change', { type: 'strategic', body });
  await node.settle();
  t.deepEqual(node.runtime.calls, ['start main', 'stop main 30000', 'start main']);
  t.like(await node.status('change'), { image: 'newer', restartCount: 1 });
  const killing = 'Normal Killing: Container main definition changed, will be restarted';
  t.true((await node.events('change')).includes(killing));
});

test('a kubelet that starts adopts: nothing is started again, nothing flaps', async (t) => {
  const node = await startFakeNode(t);
  const readinessProbe = { exec: { command: ['ready'] }, periodSeconds: 10 };
  await node.create('kept', { containers: [container({ readinessProbe })] });
  await node.create('gone', { containers: [container({ name: 'orphan' })] });
  await node.advance(0);
  t.is((await node.condition('kept', 'Ready'))?.status, 'True');
  const before = await node.pod('kept');
  await node.kubelet.stop();
  await node.client.delete(resources.pods, 'default', 'gone', { gracePeriodSeconds: 0 });
  node.runtime.calls.length = 0;
  await node.start();
  t.deepEqual(await node.pod('kept'), before);
  t.deepEqual(
    node.runtime.calls.filter((call) => call.startsWith('start')),
    [],
  );
  // What the API does not have any more is ended.
  t.true(node.runtime.calls.includes('stop orphan 30000'));
  t.is(node.runtime.sandboxes.size, 1);
  // Its address is not given to another pod.
  await node.create('new', { containers: [container()] });
  t.not((await node.pod('new')).status?.podIP, before.status?.podIP);
  t.is(node.kubelet.pods(), 2);
});

test('a container that ended while no kubelet was there is restarted', async (t) => {
  const node = await startFakeNode(t);
  await node.create('pod', { containers: [container()] });
  await node.kubelet.stop();
  node.runtime.exit('main', 1);
  await node.start();
  t.like(await node.status('pod'), { restartCount: 1, ready: true });
});

test('the count of restarts survives a runtime that has lost everything', async (t) => {
  const node = await startFakeNode(t);
  await node.create('pod', { containers: [container()] });
  node.runtime.exit('main', 1);
  await node.settle();
  await node.kubelet.stop();
  node.runtime.containers.clear();
  node.runtime.sandboxes.clear();
  await node.start();
  t.like(await node.status('pod'), { restartCount: 2, ready: true });
});

test('a pod of the same name is another pod', async (t) => {
  const node = await startFakeNode(t);
  await node.create('twin', { containers: [container()] });
  const first = (await node.pod('twin')).metadata.uid;
  node.runtime.stops = false;
  await node.delete('twin', 0);
  await node.create('twin', { containers: [container()] });
  node.runtime.stops = true;
  await node.settle();
  const second = await node.pod('twin');
  t.not(second.metadata.uid, first);
  t.is(second.status?.phase, 'Running');
  t.deepEqual(new Set(node.runtime.listContainers().map(({ podUid }) => podUid)), new Set([second.metadata.uid!]));
});

test('stopWorkloads ends all containers, and none is started again', async (t) => {
  const node = await startFakeNode(t);
  await node.create('pod', { containers: [container()] });
  await node.kubelet.stopWorkloads(1000);
  t.deepEqual(node.runtime.calls, ['start main', 'stop main 1000']);
  await node.settle();
  t.is(node.runtime.named('main').status.state, 'exited');
});

test('a container that takes its time to end does not hold up the stop of the kubelet', async (t) => {
  const node = await startFakeNode(t);
  await node.create('slow', { containers: [container()] });
  node.runtime.stops = false;
  await node.delete('slow', 60);
  const stopped = node.kubelet.stop();
  await node.advance(1000);
  await stopped;
  t.is(node.runtime.named('main').status.state, 'running');
  node.runtime.stops = true;
  await node.settle();
  // Its end is the next kubelet's to tell.
  t.true(await node.has('slow'));
  await node.start();
  t.false(await node.has('slow'));
});
