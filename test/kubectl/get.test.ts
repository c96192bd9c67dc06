import test from 'ava';
import { configMap, definition, IMAGE, pod, service, workload } from './support/manifests.ts';
import { scenario } from './support/scenario.ts';

const { user, sh, fails, file, names, enterNamespace } = scenario(test);

test.serial.before(() => enterNamespace('getting'));

const sorted = [
  { name: 'one', labels: { name: 'c' }, amount: '2' },
  { name: 'two', labels: { name: 'b' }, amount: '3' },
  { name: 'three', labels: { name: 'a' }, amount: '1' },
].map(({ name, labels, amount }) => {
  const resources = { limits: { cpu: `${amount}00m`, memory: `${amount}Gi` } };
  return pod(name, { labels, spec: { containers: [{ name: `c${amount}`, image: IMAGE, resources }] } });
});

test.serial('nothing to see', async (t) => {
  for (const format of [
    'json',
    'yaml',
    'name',
    "jsonpath='{.items}'",
    "go-template='{{.items}}'",
    'custom-columns=N:.a',
  ]) {
    t.notRegex(await sh(`kubectl get pods -o ${format} 2>&1`), /No resources found/, format);
  }
  t.is(await sh('kubectl get pods 2>&1'), 'No resources found in getting namespace.\n');
  t.is(await sh('kubectl get pods -o wide 2>&1'), 'No resources found in getting namespace.\n');
  t.is(await sh('kubectl get pods --ignore-not-found 2>&1'), '');
  for (const format of ['', '-o name', '-o json']) {
    t.is(await fails(`kubectl get pods abc ${format}`), 'Error from server (NotFound): pods "abc" not found');
  }
  t.is(await fails('kubectl get foobar'), `error: the server doesn't have a resource type "foobar"`);
});

test.serial('all kinds of the category, in pages', async (t) => {
  const asked = await sh('kubectl get all -n default --chunk-size=0 -v=6 2>&1');
  for (const path of [
    '/api/v1/namespaces/default/pods',
    '/api/v1/namespaces/default/replicationcontrollers',
    '/api/v1/namespaces/default/services',
    '/apis/apps/v1/namespaces/default/daemonsets',
    '/apis/apps/v1/namespaces/default/deployments',
    '/apis/apps/v1/namespaces/default/replicasets',
    '/apis/apps/v1/namespaces/default/statefulsets',
    '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers',
    '/apis/batch/v1/namespaces/default/cronjobs',
    '/apis/batch/v1/namespaces/default/jobs',
  ]) {
    t.true(asked.includes(`${path}" status="200 OK"`), path);
  }
  const paged = await sh('kubectl get clusterroles --chunk-size=10 -v=6 2>&1');
  t.regex(paged, /clusterroles\?limit=10" status="200 OK"/);
  t.regex(paged, /clusterroles\?continue=\S+&limit=10" status="200 OK"/);
  t.regex(
    await sh('kubectl get namespaces --chunk-size=1 --no-headers -o name'),
    /default\n[\s\S]*kube-public\n[\s\S]*kube-system\n/,
  );
  for (const name of ['a', 'b', 'c']) await sh('kubectl create -f -', JSON.stringify(configMap(name)));
});

test.serial('templates, parts and watches', async (t) => {
  await sh(`kubectl create -f ${file('one.json', sorted[0]!)}`);
  t.is(await sh("kubectl get pod one -o jsonpath='{.missing}'"), '');
  t.is(await sh("kubectl get pod one -o go-template='{{.missing}}'"), '<no value>');
  t.is(await sh("kubectl get pod one --template='{{.metadata.name}}:'"), 'one:');
  const strict = 'kubectl get pod one --allow-missing-template-keys=false';
  t.regex(await fails(`${strict} -o jsonpath='{.missing}'`), /missing is not found/);
  t.regex(await sh(`${strict} -o go-template='{{.missing}}' 2>&1 || true`), /map has no entry for key "missing"/);
  t.regex(await sh('kubectl get pod one --subresource=status'), /^one\s/m);
  t.is(
    await fails('kubectl get pod one --subresource=scale'),
    'Error from server (NotFound): the server could not find the requested resource',
  );
  for (const [options, shown] of [
    ['pods', /^NAME\s+READY\s+STATUS\s+RESTARTS\s+AGE\none\s/],
    ['pod/one -o name', /^pod\/one\n/],
    ['pod/one -o yaml', /^apiVersion: v1\n[\s\S]*\n {2}name: one\n/],
    ['cm --chunk-size=1', /^c\s/m],
  ] as const) {
    const watch = user.background(`kubectl get ${options} --watch`);
    await watch.until(shown);
    await watch.interrupt();
  }
  t.regex(await fails('kubectl get pod/none -w'), /"none" not found/);
});

test.serial('several objects at once, and of all namespaces', async (t) => {
  await sh(`kubectl create -f ${file('rest.json', sorted[1]!, sorted[2]!)}`);
  t.is(await sh(`kubectl get -f ${file('all.json', ...sorted)} -o jsonpath='{..metadata.name}'`), 'one two three');
  t.is(await names('nodes/peer-1 service/kubernetes -n default'), 'peer-1:kubernetes:');
  t.regex(
    await fails(`kubectl get -f ${file('all.json', ...sorted)} --watch`),
    /watch is only supported on individual resources/,
  );
  t.regex(
    await sh('kubectl get serviceaccounts -A'),
    /^NAMESPACE\s+NAME[\s\S]*\ngetting\s+default\s[\s\S]*\nkube-system\s/,
  );
  t.notRegex(await sh('kubectl get nodes -A'), /NAMESPACE/);
});

test.serial('sorted by any field', async (t) => {
  const by = async (field: string, more = ''): Promise<string> =>
    (await sh(`kubectl get pods --no-headers --sort-by='${field}' ${more} | awk '{print $1}'`)).replaceAll('\n', ' ');
  t.is(await by('{metadata.name}'), 'one three two ');
  t.is(await by('{metadata.labels.name}'), 'three two one ');
  for (const field of ['requests.memory', 'requests.cpu', 'limits.memory', 'limits.cpu']) {
    t.is(await by(`{.spec.containers[0].resources.${field}}`), 'three one two ', field);
  }
  t.is(await by('{spec.containers[0].name}', '--server-print=false'), 'three one two ');
  t.regex(await sh("kubectl get pods --sort-by='{metadata.name}' -v=8 2>&1"), /includeObject=Object"[\s\S]*as=Table/);
  await sh('kubectl delete pods --all --now');
});

test.serial('discovery: short names, categories, versions, health', async (t) => {
  t.true(
    (await sh('kubectl get --raw /api/v1')).includes(
      '{"name":"configmaps","singularName":"configmap","namespaced":true,"kind":"ConfigMap","verbs":["create","delete","deletecollection","get","list","patch","update","watch"],"shortNames":["cm"],"storageVersionHash":',
    ),
  );
  t.regex(await sh('kubectl api-resources --categories=all -o name'), /^pods\n/m);
  t.regex(await sh('kubectl api-versions'), /^apps\/v1$[\s\S]*^v1$/m);
  t.regex(await sh('kubectl version'), /^Server Version: v1\.35\./m);
  t.regex(await sh('kubectl cluster-info'), /Kubernetes control plane.*is running at/);
  t.regex(await sh('kubectl cluster-info dump'), /"kind": "NodeList"[\s\S]*"kind": "PodList"/);
  t.regex(await sh("kubectl get --raw '/livez?verbose'"), /livez check passed\n$/);
  for (const what of ['pods', 'po', 'po.status.message', 'cronjob --recursive', 'deployment --api-version=apps/v1']) {
    t.regex(await sh(`kubectl explain ${what}`), /^KIND:\s+\w+$/m, what);
  }
  const openapi = await sh('kubectl get --raw /openapi/v2');
  for (const text of ['list of returned', 'List of services', 'Watch for changes to the described resources']) {
    t.true(openapi.includes(text), text);
  }
});

for (const names of [{ singular: 'sample', shortNames: ['pod'] }, { singular: 'pod' }]) {
  test.serial(
    `discovery: a custom kind with the names ${JSON.stringify(names)} does not stand before pods`,
    async (t) => {
      const kind = file('kind.json', definition('Sample', 'test.com', names));
      await sh(`kubectl create -f ${kind} && kubectl wait --for=condition=Established crd/samples.test.com`);
      const sample = { apiVersion: 'test.com/v1', kind: 'Sample', metadata: { name: 'it' } };
      await sh(`kubectl create -f ${file('sample.json', sample)}`);
      for (let round = 0; round < 2; round++) {
        t.regex(await sh('kubectl get samples'), /^it\s/m);
        t.is(await sh('kubectl get pod 2>&1'), 'No resources found in getting namespace.\n');
        await sh('kubectl api-resources');
      }
      await sh(`kubectl delete -f ${kind}`);
    },
  );
}

test.serial('discovery: a kind comes back with another scope', async (t) => {
  for (const scope of ['Cluster', 'Namespaced']) {
    const kind = file('scoped.json', definition('Scoped', 'test.com', {}, scope));
    await sh(`kubectl apply -f ${kind} && kubectl wait --for=condition=Established crd/scopeds.test.com`);
    const object = { apiVersion: 'test.com/v1', kind: 'Scoped', metadata: { name: 'it' } };
    t.is(await sh(`kubectl apply -f ${file('it.json', object)}`), 'scoped.test.com/it created\n');
    t.regex(await sh('kubectl get scopeds -A'), scope === 'Cluster' ? /^NAME\s+AGE/ : /^NAMESPACE\s+NAME\s+AGE/);
    await sh(`kubectl delete -f ${kind} && kubectl api-resources`);
  }
});

test.serial('discovery: versions that are deprecated', async (t) => {
  const kind = definition('Old', 'test.com');
  const [version] = kind.spec.versions;
  kind.spec.versions.push({ ...version!, name: 'v1beta1', storage: false, deprecated: true } as typeof version &
    object);
  await sh(`kubectl create -f ${file('old.json', kind)} && kubectl wait --for=condition=Established crd/olds.test.com`);
  const warning = 'Warning: test.com/v1beta1 Old is deprecated\n';
  t.is(
    await sh('kubectl get olds.v1beta1.test.com 2>&1 >/dev/null'),
    `${warning}No resources found in getting namespace.\n`,
  );
  t.regex(
    await fails('kubectl get olds.v1beta1.test.com --warnings-as-errors'),
    /is deprecated\n[\s\S]*error: 1 warning received$/,
  );
  t.notRegex(await sh('kubectl get olds 2>&1'), /deprecated/);
  await sh('kubectl delete crd olds.test.com');
});

test.serial('answers may be compressed, unless that is not wanted', async (t) => {
  const asked = (options: string): Promise<string> => sh(`kubectl get configmaps -v=8 ${options} 2>&1`);
  t.regex(await asked(''), /Vary: Accept-Encoding/);
  t.notRegex(await asked('--disable-compression'), /Vary: Accept-Encoding/);
});

test.serial('what is labelled alike is found, and deleted, as one', async (t) => {
  const both = file('app.json', workload('ReplicaSet', 'app', { replicas: 2 }), service('app'));
  await sh(`kubectl create -f ${both} && kubectl wait --for=jsonpath='{.status.replicas}'=2 rs/app`);
  t.regex(await sh('kubectl get all -l app=app -o name'), /^(pod\/app-\w+\n){2}service\/app\nreplicaset\.apps\/app\n$/);
  await sh('kubectl delete all -l app=app && kubectl wait --for=delete pods -l app=app');
  t.is(await sh('kubectl get all -l app=app 2>&1'), 'No resources found in getting namespace.\n');
});

test.serial('kubectl proxy', async (t) => {
  const proxy = user.background('kubectl proxy --port=0 --api-prefix=/custom');
  const port = /127\.0\.0\.1:(\d+)/.exec(await proxy.until(/Starting to serve on .*\n/))![1];
  const code = (path: string): Promise<string> =>
    sh(`curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:${port}${path}`);
  for (const [path, expected] of [
    ['/custom/api/kubernetes', '404'],
    ['/custom/api/v1/namespaces', '200'],
    ['/custom/metrics', '200'],
    ['/custom/apis', '200'],
    ['/custom/apis/apps/', '200'],
    ['/custom/healthz', '200'],
  ]) {
    t.is(await code(path!), expected!, path);
  }
  t.regex(
    await sh(`curl -s http://127.0.0.1:${port}/custom/api/v1/namespaces/default`),
    /^\{\n {2}"kind": "Namespace",\n/,
  );
  await proxy.interrupt();
});
