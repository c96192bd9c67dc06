import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { KubeConfig, type KubernetesObject, KubernetesObjectApi, Watch } from '@kubernetes/client-node';
import test from 'ava';
import { startCluster } from '../support/cluster.ts';
import { startWithControllers, widgets } from '../support/custom-resources.ts';
import { binary, kubectlFor, oldKubectl, type RunResult, run } from '../support/kubectl.ts';
import { startWebhookServer } from '../support/webhook-server.ts';

const widget = (name: string, spec: object) =>
  JSON.stringify({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name, namespace: 'default' }, spec });

const lines = ({ stdout }: RunResult): string[] => stdout.trim().split('\n');

test('kubectl works with custom resources as with any other', async (t) => {
  const api = await startWithControllers();
  t.teardown(() => api.close());
  const kubectl = kubectlFor(api.kubeconfig);
  const works = async (args: string, input?: string): Promise<RunResult> => {
    const result = await kubectl(args, input);
    t.is(result.code, 0, `${args}: ${result.stderr}`);
    return result;
  };
  const fails = async (args: string, text: RegExp, input?: string): Promise<void> => {
    const result = await kubectl(args, input);
    t.is(result.code, 1, args);
    t.regex(result.stderr, text);
  };
  await works('create -f -', JSON.stringify(widgets));
  await works('wait --for=condition=Established crd/widgets.example.com --timeout=10s');
  t.regex((await works('api-resources --api-group=example.com')).stdout, /widgets +wd +example.com\/v1 +true +Widget/);

  await works('apply -f -', widget('w1', { color: 'red', parts: [{ name: 'a' }] }));
  await works('apply -f -', widget('w1', { color: 'green', parts: [{ name: 'a' }] }));
  const [head, row] = lines(await works('get widgets'));
  t.regex(head!, /^NAME +COLOR +REPLICAS +AGE$/);
  t.regex(row!, /^w1 +green +1 +\d+s$/);
  t.regex(lines(await works('get wd -o wide'))[0]!, /COLOR +REPLICAS +PHASE +AGE$/);
  t.regex((await works('get all')).stdout, /widget.example.com\/w1/);

  t.regex((await works('explain widget.spec.color')).stdout, /Its color/);
  t.regex((await works('explain wd --recursive')).stdout, /parts\t<\[\]Object>\n +name\t<string> -required-/);
  await fails(
    'apply -f -',
    /strict decoding error: unknown field "spec.nope"/,
    widget('w2', { color: 'red', nope: 1 }),
  );
  await fails(
    'apply -f -',
    /spec.color: Unsupported value: "pink": supported values: "red", "green", "blue"/,
    widget('w2', { color: 'pink' }),
  );

  await works('scale widget/w1 --replicas=5');
  t.is((await works('get wd w1 -o jsonpath={.spec.replicas}/{.metadata.generation}')).stdout, '5/3');
  await works('patch wd w1 --type=merge -p {"spec":{"port":"http"}}');
  await works('patch wd w1 --type=json -p [{"op":"replace","path":"/spec/port","value":80}]');
  await fails('patch wd w1 --type=strategic -p {}', /is not supported by example.com\/v1, Kind=Widget/);
  await works('patch wd w1 --subresource=status --type=merge -p {"status":{"phase":"Fine"}}');
  await works('apply --server-side --force-conflicts -f -', widget('w1', { color: 'blue', parts: [{ name: 'b' }] }));
  t.is(
    (await works('get wd w1 -o jsonpath={.spec.color}-{.spec.parts[*].name}-{.status.phase}-{.spec.port}')).stdout,
    'blue-b-Fine-80',
  );
  t.is(lines(await works('get wd --field-selector spec.color=blue -o name')).join(), 'widget.example.com/w1');
  await works('label wd w1 a=b');
  await works('annotate wd w1 c=d');
  await fails('diff -f -', /^$/, widget('w1', { color: 'red', parts: [{ name: 'b' }] }));

  await works('delete crd widgets.example.com');
  await fails('get widgets', /the server could not find the requested resource|doesn't have a resource type/);
});

test('the object API and a watch of @kubernetes/client-node take custom resources for what they are', async (t) => {
  const api = await startWithControllers();
  t.teardown(() => api.close());
  const kubectl = kubectlFor(api.kubeconfig);
  await kubectl('create -f -', JSON.stringify(widgets));
  await kubectl('wait --for=condition=Established crd/widgets.example.com --timeout=10s');
  const config = new KubeConfig();
  config.loadFromFile(api.kubeconfig);
  const objects = KubernetesObjectApi.makeApiClient(config);
  const seen: string[] = [];
  const done = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  await new Watch(config).watch(
    '/apis/example.com/v1/widgets',
    {},
    (type, object: KubernetesObject) => {
      seen.push(`${type} ${object.metadata?.name}`);
      if (type === 'MODIFIED') done.resolve();
    },
    () => ended.resolve(),
  );
  const object = JSON.parse(widget('w', { color: 'red' })) as KubernetesObject & { spec: { color: string } };
  const created = (await objects.create(object)) as typeof object;
  created.spec.color = 'blue';
  await objects.replace(created);
  await done.promise;
  t.deepEqual(seen, ['ADDED w', 'MODIFIED w']);
  const { items } = await objects.list<typeof object>('example.com/v1', 'Widget', 'default');
  t.deepEqual(
    items.map(({ spec }) => spec.color),
    ['blue'],
  );
  await kubectl('delete crd widgets.example.com');
  await ended.promise;
  t.is(seen.at(-1), 'DELETED w');
});

test('helm installs a chart with definitions, and upgrades, rolls back and uninstalls what is of their kinds', async (t) => {
  const api = await startWithControllers();
  t.teardown(() => api.close());
  const chart = mkdtempSync(join(tmpdir(), 'keelson-chart-'));
  t.teardown(() => rmSync(chart, { recursive: true }));
  const template =
    'apiVersion: example.com/v1\nkind: Widget\nmetadata:\n  name: w\nspec:\n  color: {{ .Values.color }}\n';
  const files = {
    'Chart.yaml': 'apiVersion: v2\nname: operator\nversion: 0.1.0\n',
    'values.yaml': 'color: red\n',
    'crds/widgets.yaml': JSON.stringify(widgets),
    'templates/widget.yaml': template,
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(chart, name)), { recursive: true });
    writeFileSync(join(chart, name), text);
  }
  const env = { KUBECONFIG: api.kubeconfig, HOME: chart };
  const helm = (args: string) => run(binary('helm'), args.split(' '), { env });
  const kubectl = kubectlFor(api.kubeconfig);
  const color = async () => (await kubectl('get widget w -o jsonpath={.spec.color}')).stdout;
  const installed = await helm(`install one ${chart} --wait`);
  t.is(installed.code, 0, installed.stderr);
  t.is(await color(), 'red');
  t.is((await helm(`upgrade one ${chart} --set color=blue`)).code, 0);
  t.is(await color(), 'blue');
  t.regex((await helm(`upgrade one ${chart} --set color=pink`)).stderr, /spec.color: Unsupported value: "pink"/);
  t.is((await helm('rollback one 1')).code, 0);
  t.is(await color(), 'red');
  t.is((await helm('uninstall one')).code, 0);
  t.regex((await kubectl('get widget w')).stderr, /widgets.example.com "w" not found/);
});

test('kinds of the whole cluster, and versions that are on their way out', async (t) => {
  const api = await startWithControllers();
  t.teardown(() => api.close());
  const kubectl = kubectlFor(api.kubeconfig);
  const definition = structuredClone(widgets);
  definition.spec.scope = 'Cluster';
  const { subresources: _, ...old } = structuredClone(definition.spec.versions[0]!);
  definition.spec.versions.push({ ...old, name: 'v1beta1', storage: false, deprecated: true } as never);
  definition.spec.versions.push({ ...old, name: 'v1alpha1', storage: false, served: false } as never);
  t.is((await kubectl('create -f -', JSON.stringify(definition))).code, 0);
  await kubectl('wait --for=condition=Established crd/widgets.example.com --timeout=10s');
  const body = { apiVersion: 'example.com/v1beta1', kind: 'Widget', metadata: { name: 'w' }, spec: { color: 'red' } };
  const created = await kubectl('create -f -', JSON.stringify(body));
  t.is(created.stderr.trim(), 'Warning: example.com/v1beta1 Widget is deprecated');
  t.is((await kubectl('get widget w -o jsonpath={.apiVersion}')).stdout, 'example.com/v1');
  t.is((await api.request('GET', '/apis/example.com/v1beta1/widgets/w/status')).code, 404);
  t.is((await api.request('GET', '/apis/example.com/v1alpha1/widgets')).code, 404);
  t.is((await api.request('GET', '/apis/example.com/v1/widgets/w/status')).code, 200);
  const { json: group } = await api.request('GET', '/apis/example.com');
  t.deepEqual(
    [group.preferredVersion.version, group.versions.map(({ version }: { version: string }) => version)],
    ['v1', ['v1', 'v1beta1']],
  );
  const other = await kubectl('replace -f -', JSON.stringify({ ...body, kind: 'Gadget' }));
  t.is(other.code, 1);
  const path = '/apis/example.com/v1/widgets/w';
  const wrong = await api.request('PUT', path, {
    body: JSON.stringify({ ...body, apiVersion: 'example.com/v1beta1' }),
  });
  t.is(wrong.code, 400);
  t.is(
    wrong.json.message,
    'the API version in the data (example.com/v1beta1) does not match the expected API version (example.com/v1)',
  );
  const headers = { 'content-type': 'application/vnd.kubernetes.protobuf' };
  const protobuf = await api.request('POST', '/apis/example.com/v1/widgets', { body: 'k8s', headers });
  t.is(protobuf.code, 415);
});

test('webhooks convert between versions, by URL and as Services; others change what is written', async (t) => {
  type Spec = { color?: string; paint?: string };
  const server = await startWebhookServer(
    ({ path, request }) => {
      if (path.startsWith('/mutate')) {
        return { allowed: true, patch: [{ op: 'add', path: '/spec/replicas', value: 3 }] };
      }
      const convertedObjects = request.objects.map((object: { spec: Spec }) => {
        const { color, paint, ...spec } = object.spec;
        const tint = color ?? paint;
        const apiVersion = request.desiredAPIVersion;
        return {
          ...object,
          apiVersion,
          spec: apiVersion.endsWith('v2') ? { ...spec, paint: tint } : { ...spec, color: tint },
        };
      });
      return { allowed: true, result: { status: 'Success' }, convertedObjects };
    },
    ['127.0.0.1', 'converter.default.svc'],
  );
  t.teardown(() => server.close());
  const api = await startWithControllers();
  t.teardown(() => api.close());
  const kubectl = kubectlFor(api.kubeconfig);
  const { caBundle } = server;
  const definition = structuredClone(widgets);
  const v2 = structuredClone(definition.spec.versions[0]!);
  // biome-ignore lint/suspicious/noExplicitAny: the second version is another one.
  const { spec } = v2.schema.openAPIV3Schema.properties as any;
  spec.properties.paint = spec.properties.color;
  delete spec.properties.color;
  spec.required = ['paint'];
  Object.assign(v2, { name: 'v2', storage: false, selectableFields: [{ jsonPath: '.spec.paint' }] });
  v2.additionalPrinterColumns = [{ name: 'Paint', type: 'string', jsonPath: '.spec.paint' }];
  definition.spec.versions.push(v2);
  const conversion = (clientConfig: object) => ({
    strategy: 'Webhook',
    webhook: { clientConfig, conversionReviewVersions: ['v1'] },
  });
  Object.assign(definition.spec, { conversion: conversion({ url: `${server.url}/convert`, caBundle }) });
  const works = async (args: string, input?: object): Promise<string> => {
    const result = await kubectl(args, input === undefined ? undefined : JSON.stringify(input));
    t.is(result.code, 0, `${args}: ${result.stderr}`);
    return result.stdout.trim();
  };
  await works('create -f -', definition);
  await works('wait --for=condition=Established crd/widgets.example.com --timeout=10s');
  const metadata = { name: 'w', namespace: 'default' };
  await works('create -f -', { apiVersion: 'example.com/v2', kind: 'Widget', metadata, spec: { paint: 'red' } });
  t.is(await works('get widgets.v1.example.com w -o jsonpath={.spec.color}'), 'red');
  t.regex(await works('get widgets.v2.example.com'), /NAME +PAINT\nw +red$/);

  const service = { namespace: 'default', name: 'converter', path: '/convert' };
  const clientConfig = { clientConfig: { service, caBundle, url: null } };
  const patch = JSON.stringify({ spec: { conversion: { webhook: clientConfig } } });
  await works(`patch crd widgets.example.com --type=merge -p ${patch}`);
  const refused = await kubectl('get widgets.v2.example.com');
  t.regex(
    refused.stderr,
    /conversion webhook for example.com\/v1, Kind=Widget failed: .*service "converter" not found/,
  );
  const ports = [{ name: 'https', port: 443, protocol: 'TCP' }];
  await works('create -f -', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'converter', namespace: 'default' },
    spec: { ports },
  });
  await works('create -f -', {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'converter-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'converter' } },
    addressType: 'IPv4',
    ports: [{ ...ports[0], port: server.port }],
    endpoints: [{ addresses: ['127.0.0.1'] }],
  });
  t.regex(await works('get widgets.v2.example.com'), /w +red$/);

  await works('create -f -', {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'many' },
    webhooks: [
      {
        name: 'many.example.com',
        rules: [{ apiGroups: ['example.com'], apiVersions: ['v1'], resources: ['widgets'], operations: ['CREATE'] }],
        clientConfig: { url: `${server.url}/mutate`, caBundle },
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
      },
    ],
  });
  const second = { ...metadata, name: 'x' };
  await works('create -f -', {
    apiVersion: 'example.com/v2',
    kind: 'Widget',
    metadata: second,
    spec: { paint: 'blue' },
  });
  t.is(await works('get widgets.v2.example.com x -o jsonpath={.spec.paint}{.spec.replicas}'), 'blue3');
  // The webhook knows v1 alone, so it was asked in that.
  const asked = server.reviews.find(({ path }) => path.startsWith('/mutate'))?.request;
  t.deepEqual([asked.kind.version, asked.requestKind.version, asked.object.spec.color], ['v1', 'v2', 'blue']);
});

test('what is defined through one peer is served by all', async (t) => {
  const cluster = await startCluster({ peers: 3, demo: false });
  t.teardown(() => cluster.stop());
  const kubectl = kubectlFor(cluster.kubeconfig);
  const [first, second, third] = cluster.servers;
  const works = async (server: string, args: string, input?: string): Promise<RunResult> => {
    const result = await kubectl(`--server ${server} ${args}`, input);
    t.is(result.code, 0, `${args}: ${result.stderr}`);
    return result;
  };
  await works(first!, 'create -f -', JSON.stringify(widgets));
  await works(second!, 'wait --for=condition=Established crd/widgets.example.com --timeout=20s');
  await works(third!, 'create -f -', widget('w', { color: 'red' }));
  t.is((await works(second!, 'get wd -o name')).stdout.trim(), 'widget.example.com/w');
  cluster.kill(3);
  await cluster.restart(3);
  t.is((await works(third!, 'get wd -o name')).stdout.trim(), 'widget.example.com/w');
  await works(first!, 'delete crd widgets.example.com --timeout=20s');
  t.is((await kubectl(`--server ${third} get --raw /apis/example.com/v1/widgets`)).code, 1);
});

test('kubectl 1.20 explains and checks custom resources by OpenAPI v2, while they are served', async (t) => {
  const old = oldKubectl();
  if (old === undefined) {
    if (process.env['CI']) t.fail("CI must have Debian's kubernetes-client");
    t.log("left out: Debian's kubernetes-client (kubectl 1.20) is not here");
    t.pass();
    return;
  }
  const api = await startWithControllers();
  t.teardown(() => api.close());
  const cache = mkdtempSync(join(tmpdir(), 'keelson-old-'));
  t.teardown(() => rmSync(cache, { recursive: true, force: true }));
  const kubectl = (args: string, input?: string): Promise<RunResult> =>
    run(old, ['--kubeconfig', api.kubeconfig, '--cache-dir', cache, ...args.split(' ')], input ? { input } : {});
  const versionOf = async (): Promise<string | undefined> => (await api.request('GET', '/openapi/v2')).headers['etag'];
  const before = await versionOf();
  t.is((await kubectl('create -f -', JSON.stringify(widgets))).code, 0);
  t.is((await kubectl('wait --for=condition=Established crd/widgets.example.com --timeout=10s')).code, 0);
  t.not(await versionOf(), before);
  const explained = await kubectl('explain widget.spec.color');
  t.regex(explained.stdout, /^KIND: +Widget\nVERSION: +example\.com\/v1\n[\s\S]*Its color\./, explained.stderr);
  t.regex((await kubectl('explain widget --recursive')).stdout, /parts\t<\[\]Object>\n +name\t<string>/);
  const refused = await kubectl('apply -f -', widget('w1', { color: 'red', nope: 1, replicas: 'many' }));
  t.is(refused.code, 1);
  t.regex(refused.stderr, /unknown field "nope" in com\.example\.v1\.Widget\.spec/);
  t.regex(refused.stderr, /invalid type for com\.example\.v1\.Widget\.spec\.replicas/);
  const fine = await kubectl('apply -f -', widget('w1', { color: 'red', port: 'http', free: { what: ['ever'] } }));
  t.is(fine.code, 0, fine.stderr);
  t.is((await kubectl('delete crd widgets.example.com')).code, 0);
  t.is(await versionOf(), before);
});
