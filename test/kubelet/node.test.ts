import test from 'ava';
import { type coordinationv1, resources, type v1 } from '../../src/api/index.ts';
import { silentLogger } from '../../src/base/index.ts';
import { thisMachine } from '../../src/kubelet/machine.ts';
import { NodeAgent } from '../../src/kubelet/node-agent.ts';
import { FakeClient } from '../support/fake-client.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';
import { plentyState, startFakeNode } from './fake-node.ts';
import { FakeRuntime } from './fake-runtime.ts';

test('the node registers what it is', async (t) => {
  const node = await startFakeNode(t);
  const [{ metadata, spec, status }] = (await node.all<v1.Node>(resources.nodes)) as [v1.Node];
  t.is(metadata.name, 'node-1');
  t.deepEqual(metadata.labels, {
    'kubernetes.io/arch': 'amd64',
    'kubernetes.io/hostname': 'node-1',
    'kubernetes.io/os': 'linux',
  });
  t.is(metadata.annotations!['keelson.dev/node-mode'], 'rootless');
  t.is(metadata.annotations!['keelson.dev/enforced-limits'], 'memory,cpu,pids');
  t.is(spec?.podCIDR, '127.9.0.0/24');
  t.like(status, {
    capacity: { cpu: '2500m', memory: '8Gi', pods: '110', 'ephemeral-storage': '97656250Ki' },
    allocatable: { cpu: '2500m', memory: '8092Mi', pods: '110' },
    daemonEndpoints: { kubeletEndpoint: { Port: 6443 } },
    addresses: [
      { type: 'InternalIP', address: '10.0.0.1' },
      { type: 'Hostname', address: 'node-1' },
    ],
  });
  t.like(status?.nodeInfo, {
    kubeletVersion: 'v1.35.2+keelson',
    containerRuntimeVersion: 'keelson://1.2.3',
    operatingSystem: 'linux',
    architecture: 'amd64',
    osImage: 'Linux',
  });
  t.deepEqual(
    status?.conditions?.map(({ type, status: value, reason }) => [type, value, reason]),
    [
      ['MemoryPressure', 'False', 'KubeletHasSufficientMemory'],
      ['DiskPressure', 'False', 'KubeletHasNoDiskPressure'],
      ['PIDPressure', 'False', 'KubeletHasSufficientPID'],
      ['Ready', 'True', 'KubeletReady'],
    ],
  );
});

const lease = async (node: Awaited<ReturnType<typeof startFakeNode>>): Promise<coordinationv1.Lease> =>
  (await node.all<coordinationv1.Lease>(resources.leases, 'kube-node-lease'))[0]!;

test('the lease is renewed each 2.5 s', async (t) => {
  const node = await startFakeNode(t);
  const first = await lease(node);
  t.like(first.spec, { holderIdentity: 'node-1', leaseDurationSeconds: 10 });
  const [{ metadata }] = (await node.all<v1.Node>(resources.nodes)) as [v1.Node];
  t.like(first.metadata.ownerReferences?.[0], { kind: 'Node', name: 'node-1', uid: metadata.uid! });
  await node.advance(2500);
  const second = await lease(node);
  t.is(Date.parse(second.spec!.renewTime!) - Date.parse(first.spec!.renewTime!), 2500);
  // Somebody else has changed it: it is read anew.
  await node.client.update(resources.leases, { ...second, metadata: { ...second.metadata, labels: { a: 'b' } } });
  await node.advance(5000);
  const third = await lease(node);
  t.is(Date.parse(third.spec!.renewTime!) - Date.parse(first.spec!.renewTime!), 7500);
  t.deepEqual(third.metadata.labels, { a: 'b' });
});

test('the status is written when it changes, else after 5 min', async (t) => {
  const node = await startFakeNode(t);
  const version = async (): Promise<string> => (await node.all<v1.Node>(resources.nodes))[0]!.metadata.resourceVersion!;
  const before = await version();
  await node.advance(200_000);
  t.is(await version(), before);
  await node.advance(110_000);
  t.not(await version(), before);
  const pressure = async (type: string): Promise<v1.NodeCondition> =>
    (await node.all<v1.Node>(resources.nodes))[0]!.status!.conditions!.find((c) => c.type === type)!;
  const since = (await pressure('Ready')).lastTransitionTime;
  node.machine.current = { ...plentyState, memoryAvailableBytes: 1, threads: 32_000 };
  await node.advance(10_000);
  t.like(await pressure('MemoryPressure'), { status: 'True', reason: 'KubeletHasInsufficientMemory' });
  t.like(await pressure('PIDPressure'), { status: 'True', reason: 'KubeletHasInsufficientPID' });
  t.is((await pressure('Ready')).lastTransitionTime, since);
  node.machine.current = { ...plentyState, disk: { ...plentyState.disk, availableInodes: 10 } };
  await node.advance(10_000);
  t.is((await pressure('MemoryPressure')).status, 'False');
  t.like(await pressure('DiskPressure'), { status: 'True', reason: 'KubeletHasDiskPressure' });
});

test('a node of an earlier run is taken over, one that is deleted is made again', async (t) => {
  const node = await startFakeNode(t);
  const uid = async (): Promise<string> => (await node.all<v1.Node>(resources.nodes))[0]!.metadata.uid!;
  const first = await uid();
  await node.kubelet.stop();
  const body = { metadata: { labels: { 'kubernetes.io/os': 'wrong', own: 'kept' } } };
  await node.client.patch(resources.nodes, undefined, 'node-1', { type: 'merge', body });
  await node.start();
  t.is(await uid(), first);
  const [{ metadata }] = (await node.all<v1.Node>(resources.nodes)) as [v1.Node];
  t.like(metadata.labels, { 'kubernetes.io/os': 'linux', own: 'kept' });
  await node.client.delete(resources.nodes, undefined, 'node-1');
  await node.advance(12_500);
  t.not(await uid(), first);
});

test('what the controllers made of a silence is set right by the next look', async (t) => {
  const node = await startFakeNode(t);
  const ready = async () =>
    (await node.all<v1.Node>(resources.nodes))[0]?.status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  t.is(await ready(), 'True');
  const body = { status: { conditions: [{ type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown' }] } };
  await node.client.patch(resources.nodes, undefined, 'node-1', { type: 'strategic', body }, { subresource: 'status' });
  t.is(await ready(), 'Unknown');
  await node.advance(12_500);
  t.is(await ready(), 'True');
});

test('registration is tried until the API takes it', async (t) => {
  const clock = new FakeClock();
  const client = new FakeClient(clock);
  let refuse = true;
  client.intercept = () => {
    if (refuse) throw new Error('no leader yet');
  };
  const events: string[] = [];
  const { machine } = await startFakeNode(t);
  const agent = new NodeAgent({
    client,
    clock,
    logger: silentLogger,
    recorder: { event: (_, type, reason) => events.push(`${type} ${reason}`) },
    runtime: new FakeRuntime(clock),
    machine,
    node: { nodeName: 'n', address: '1.2.3.4', port: 1, podCIDR: '127.1.0.0/24', podsMax: 5, labels: { a: 'b' } },
  });
  const started = agent.start();
  await clock.advance(1000);
  t.is(agent.node, undefined);
  refuse = false;
  await clock.advance(7000);
  await started;
  await settle();
  t.is(agent.node?.metadata.labels?.a, 'b');
  t.deepEqual(events, ['Normal Starting']);
  t.is(client.all(resources.leases).length, 1);
  agent.stop();
  await clock.advance(60_000);
  t.is(clock.pending, 0);
});

test('an agent that is stopped before it could register gives up', async (t) => {
  const clock = new FakeClock();
  const client = new FakeClient(clock);
  client.intercept = () => {
    throw new Error('never');
  };
  const { machine } = await startFakeNode(t);
  const agent = new NodeAgent({
    client,
    clock,
    logger: silentLogger,
    recorder: { event() {} },
    runtime: new FakeRuntime(clock),
    machine,
    node: { nodeName: 'n', address: '1.2.3.4', port: 1, podCIDR: '127.1.0.0/24', podsMax: 5, labels: {} },
  });
  const started = agent.start();
  await settle();
  agent.stop();
  await t.throwsAsync(started);
});

test('this machine', async (t) => {
  const machine = thisMachine('/');
  const facts = await machine.facts();
  const state = await machine.state();
  t.truthy(facts.hostname && facts.architecture && facts.info.kernelVersion && facts.info.bootID);
  t.true(state.memoryAvailableBytes > 0 && state.memoryAvailableBytes <= machine.capacity.memoryBytes * 2);
  t.true(state.threads > 0 && state.disk.bytes > state.disk.availableBytes);
});
