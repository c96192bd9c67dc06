import test from 'ava';
import { isReady, isRunning, script, startNode, stateOf } from './fixture.ts';

test('a pod runs, is ready and goes when it is deleted', async (t) => {
  const node = await startNode(t);
  await node.create('web', {
    containers: [script('echo hello; trap "echo bye; exit 0" TERM; while :; do sleep 0.05; done')],
  });
  const pod = await node.until('web', isReady);
  t.regex(pod.status!.podIP!, /^127\.77\.1\.\d+$/);
  t.is(await node.untilLog('web', 'main', 'hello'), 'hello\n');
  t.is(node.kubelet.pods(), 1);
  await node.delete('web');
  await node.untilGone('web');
  t.deepEqual(node.runtime.listContainers(), []);
  t.deepEqual(node.runtime.listSandboxes(), []);
});

test('a pod that completes', async (t) => {
  const node = await startNode(t);
  await node.create('job', { restartPolicy: 'Never', containers: [script('echo done')] });
  const pod = await node.until('job', ({ status }) => status?.phase === 'Succeeded');
  t.like(stateOf(pod), { terminated: { exitCode: 0, reason: 'Completed' } });
  t.is(await node.logs('job', 'main'), 'done\n');
  t.false(isRunning(pod));
});
