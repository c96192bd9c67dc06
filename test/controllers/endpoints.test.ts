import test from 'ava';
import fc from 'fast-check';
import { type discoveryv1, findResource, resources, type v1 } from '../../src/api/index.ts';
import { endpointsController } from '../../src/controllers/endpoints/endpoints.ts';
import { endpointSliceController, endpointSlices } from '../../src/controllers/endpoints/endpointslice.ts';
import { kubernetesServiceController } from '../../src/controllers/endpoints/kubernetes-service.ts';
import { type EndpointGroup, planSlices } from '../../src/controllers/endpoints/slices.ts';
import { bind, setStatus } from '../support/fake-kubelet.ts';
import { startHarness } from './harness.ts';

type Slice = discoveryv1.EndpointSlice;
const endpointsType = findResource('', 'v1', 'endpoints')!;

async function setUp() {
  const harness = await startHarness({ controllers: [endpointSliceController, endpointsController], kubelet: false });
  const { client, clock } = harness;
  return {
    ...harness,
    service: (name: string, spec: Partial<v1.ServiceSpec> = {}) =>
      client.create<v1.Service>(resources.services, {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name, namespace: 'default', labels: { tier: 'web' } },
        spec: { selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: 8080 }], ...spec },
      }),
    async pod(name: string, app: string, podIP: string, ports: v1.ContainerPort[] = []) {
      const created = await client.create<v1.Pod>(resources.pods, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: 'default', labels: { app } },
        spec: { containers: [{ name: 'main', image: 'host', ports }] },
      });
      await bind(client, created, 'node-1');
      await setStatus(client, 'default', name, {
        phase: 'Running',
        podIP,
        podIPs: [{ ip: podIP }],
        conditions: [{ type: 'Ready', status: 'True' }],
      });
      await clock.advance(50);
    },
    unready: (name: string) => setStatus(client, 'default', name, { conditions: [{ type: 'Ready', status: 'False' }] }),
    slices: async () => (await client.list<Slice>(endpointSlices, 'default')).items,
    endpoints: (name: string) => client.get<v1.Endpoints>(endpointsType, 'default', name),
  };
}

/** `address:port ready/serving/terminating` of all endpoints. */
const summary = (slices: readonly Slice[]): string[] =>
  slices
    .flatMap(({ ports, endpoints }) =>
      endpoints.map(
        ({ addresses, conditions: c }) =>
          `${addresses[0]}:${ports!.map(({ port }) => port)} ${Number(c!.ready)}${Number(c!.serving)}${Number(c!.terminating)}`,
      ),
    )
    .sort();

test('a Service gets the addresses of its pods', async (t) => {
  const { service, pod, slices, endpoints, stop } = await setUp();
  const owner = await service('web');
  await pod('a', 'web', '127.1.0.1');
  await pod('b', 'web', '127.1.0.2');
  await pod('other', 'other', '127.1.0.3');
  const [slice] = await slices();
  t.deepEqual(summary(await slices()), ['127.1.0.1:8080 110', '127.1.0.2:8080 110']);
  t.deepEqual(slice!.metadata.labels, {
    tier: 'web',
    'kubernetes.io/service-name': 'web',
    'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
  });
  t.like(slice!.metadata.ownerReferences![0], {
    kind: 'Service',
    name: 'web',
    uid: owner.metadata.uid!,
    controller: true,
  });
  t.like(slice!.endpoints[0], { nodeName: 'node-1', targetRef: { kind: 'Pod', namespace: 'default' } });
  t.deepEqual(slice!.ports, [{ name: 'http', protocol: 'TCP', port: 8080 }]);
  const old = await endpoints('web');
  t.deepEqual(
    old.subsets!.map(({ addresses, ports }) => [addresses!.map(({ ip }) => ip).sort(), ports]),
    [[['127.1.0.1', '127.1.0.2'], [{ name: 'http', port: 8080, protocol: 'TCP' }]]],
  );
  await stop();
});

test('follows pods that turn unready, go, end or change their labels', async (t) => {
  const { clock, client, service, pod, unready, slices, endpoints, stop } = await setUp();
  await service('web');
  for (const [name, ip] of [
    ['a', '1'],
    ['b', '2'],
    ['c', '3'],
    ['d', '4'],
  ] as const)
    await pod(name, 'web', `127.1.0.${ip}`);
  await unready('a');
  await client.delete(resources.pods, 'default', 'b');
  await setStatus(client, 'default', 'c', { phase: 'Succeeded' });
  await client.patch(resources.pods, 'default', 'd', { type: 'merge', body: { metadata: { labels: { app: 'x' } } } });
  await clock.advance(100);
  t.deepEqual(summary(await slices()), ['127.1.0.1:8080 000', '127.1.0.2:8080 011']);
  const [subset] = (await endpoints('web')).subsets!;
  t.deepEqual(
    subset!.notReadyAddresses!.map(({ ip }) => ip),
    ['127.1.0.1'],
  );
  t.is(subset!.addresses, undefined);
  await stop();
});

test('a Service without pods has one slice that says so', async (t) => {
  const { clock, client, service, pod, slices, stop } = await setUp();
  const endpoints = async () => (await slices()).map(({ endpoints }) => endpoints.length);
  await service('web');
  await clock.advance(100);
  t.deepEqual(await endpoints(), [0]);
  await pod('a', 'web', '127.1.0.1');
  await clock.advance(100);
  t.deepEqual(await endpoints(), [1]);
  await client.delete(resources.pods, 'default', 'a', { gracePeriodSeconds: 0 });
  await clock.advance(100);
  t.deepEqual(await endpoints(), [0]);
  await stop();
});

test('the Service kubernetes leads to the API servers of ready nodes', async (t) => {
  const harness = await startHarness({ controllers: [kubernetesServiceController], kubelet: false });
  const { client, clock } = harness;
  const node = async (name: string, address: string, port: number, ready = true): Promise<void> => {
    const metadata = { name };
    const status = {
      addresses: [{ type: 'InternalIP', address }],
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
      daemonEndpoints: { kubeletEndpoint: { Port: port } },
    };
    const body = { apiVersion: 'v1', kind: 'Node', metadata, status };
    await client.create(resources.nodes, body).catch(() => {});
    const options = { subresource: 'status' };
    await client.patch(resources.nodes, undefined, name, { type: 'merge', body: { status } }, options);
    await clock.advance(100);
  };
  const found = async (): Promise<string[][]> => {
    const { subsets = [] } = await client.get<v1.Endpoints>(endpointsType, 'default', 'kubernetes');
    const { items } = await client.list<Slice>(endpointSlices, 'default', {
      labelSelector: 'kubernetes.io/service-name=kubernetes',
    });
    return [
      subsets.flatMap(({ addresses, ports }) => addresses!.map(({ ip }) => `${ip}:${ports![0]!.port}`)),
      items.flatMap(({ metadata, endpoints, ports }) =>
        endpoints.map(({ addresses }) => `${metadata.name} ${addresses[0]}:${ports![0]!.port}`),
      ),
    ];
  };
  await node('b', '10.0.0.2', 6443);
  await node('a', '10.0.0.1', 6443);
  await node('c', '10.0.0.3', 6443, false);
  t.deepEqual(await found(), [
    ['10.0.0.1:6443', '10.0.0.2:6443'],
    ['kubernetes 10.0.0.1:6443', 'kubernetes 10.0.0.2:6443'],
  ]);
  await node('b', '10.0.0.2', 7443);
  t.deepEqual(await found(), [
    ['10.0.0.1:6443', '10.0.0.2:7443'],
    ['kubernetes 10.0.0.1:6443', 'kubernetes-7443 10.0.0.2:7443'],
  ]);
  await client.delete(resources.nodes, undefined, 'a');
  await client.delete(endpointSlices, 'default', 'kubernetes');
  await clock.advance(100);
  const left = [['10.0.0.2:7443'], ['kubernetes 10.0.0.2:7443']];
  t.deepEqual(await found(), left);
  await node('b', '10.0.0.2', 7443, false);
  t.deepEqual(await found(), left, 'better an old answer than none');
  await harness.stop();
});

test('named ports may differ from pod to pod', async (t) => {
  const { service, pod, slices, stop } = await setUp();
  await service('web', { ports: [{ name: 'http', port: 80, targetPort: 'main' }] });
  await pod('a', 'web', '127.1.0.1', [{ name: 'main', containerPort: 1111 }]);
  await pod('b', 'web', '127.1.0.2', [{ name: 'main', containerPort: 2222 }]);
  await pod('c', 'web', '127.1.0.3');
  t.deepEqual(summary(await slices()), ['127.1.0.1:1111 110', '127.1.0.2:2222 110', '127.1.0.3: 110']);
  await stop();
});

test('a headless Service may publish pods that are not ready', async (t) => {
  const { clock, service, pod, unready, slices, stop } = await setUp();
  await service('web', { clusterIP: 'None', publishNotReadyAddresses: true });
  await pod('a', 'web', '127.1.0.1');
  await unready('a');
  await clock.advance(100);
  t.deepEqual(summary(await slices()), ['127.1.0.1:8080 100']);
  t.is((await slices())[0]!.metadata.labels!['service.kubernetes.io/headless'], '');
  await stop();
});

test('Services without a selector are left alone; changed ones are followed', async (t) => {
  const { clock, client, service, pod, slices, endpoints, stop } = await setUp();
  await service('manual', { selector: {} });
  await service('web');
  await pod('a', 'web', '127.1.0.1');
  const body = {
    metadata: { labels: { tier: 'new' } },
    spec: { ports: [{ name: 'http', port: 80, targetPort: 9090 }] },
  };
  await client.patch(resources.services, 'default', 'web', { type: 'merge', body });
  await clock.advance(100);
  t.deepEqual(summary(await slices()), ['127.1.0.1:9090 110']);
  t.is((await slices())[0]!.metadata.labels!['tier'], 'new');
  t.is((await slices()).length, 1);
  await client.patch(resources.services, 'default', 'web', {
    type: 'merge',
    body: { metadata: { labels: { tier: 'x' } } },
  });
  await clock.advance(100);
  t.is((await slices())[0]!.metadata.labels!['tier'], 'x');
  t.is((await endpoints('web')).metadata.labels!['tier'], 'x');
  await t.throwsAsync(endpoints('manual'));
  await client.delete(resources.services, 'default', 'web');
  await clock.advance(100);
  await t.throwsAsync(endpoints('web'));
  await stop();
});

test('slices hold exactly what is wanted, at most a hundred each, and change as little as possible', (t) => {
  const ids = fc.uniqueArray(fc.nat(400), { maxLength: 260 });
  const group = (numbers: readonly number[]): EndpointGroup => ({
    ports: [{ port: 80 }],
    endpoints: numbers.map((number) => ({ addresses: [`127.0.0.${number}`] })),
  });
  let names = 0;
  const apply = (slices: readonly Slice[], wanted: readonly number[]): Slice[] => {
    const plan = planSlices(slices, [group(wanted)]);
    const updated = new Map(plan.update.map((slice) => [slice.metadata.name, slice]));
    const kept = slices.filter((slice) => !plan.delete.includes(slice));
    const created = plan.create.map(
      (content): Slice => ({
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { name: `s${names++}` },
        addressType: 'IPv4',
        ...content,
      }),
    );
    return [...kept.map((slice) => updated.get(slice.metadata.name) ?? slice), ...created];
  };
  const addresses = (slices: readonly Slice[]): string[] =>
    slices.flatMap(({ endpoints }) => endpoints.map(({ addresses }) => addresses[0]!)).sort();
  fc.assert(
    fc.property(fc.array(ids, { minLength: 1, maxLength: 5 }), (rounds) => {
      let slices: Slice[] = [];
      for (const wanted of rounds) {
        slices = apply(slices, wanted);
        t.deepEqual(addresses(slices), wanted.map((number) => `127.0.0.${number}`).sort());
        for (const { endpoints } of slices) t.true(endpoints.length <= 100);
        t.true(slices.length === 1 || slices.every(({ endpoints }) => endpoints.length > 0));
        const again = planSlices(slices, [group(wanted)]);
        t.deepEqual(again, { create: [], update: [], delete: [] });
      }
    }),
    { numRuns: 40 },
  );
});
