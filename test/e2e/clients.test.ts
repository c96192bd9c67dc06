import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  CoreV1Api,
  KubeConfig,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
  type V1ConfigMap,
  Watch,
} from '@kubernetes/client-node';
import test from 'ava';
import { clusterUser } from './support/user.ts';

const user = clusterUser(test);
const chart = fileURLToPath(new URL('fixtures/chart', import.meta.url));

test.serial('helm: install, upgrade, roll back, uninstall', async (t) => {
  await user.enterNamespace('helm');
  const installed = await user.sh(`helm install one ${chart} --wait`);
  t.regex(installed, /^NAME: one\n/m);
  t.regex(installed, /^STATUS: deployed\n/m);
  t.regex(installed, /one says hello\.\n$/);
  t.is(await user.sh('kubectl logs deployment/one --tail=1 2>/dev/null'), 'hello\n');
  t.regex(
    await user.sh('helm list'),
    /^NAME\s+NAMESPACE\s+REVISION\s+UPDATED\s+STATUS\s+CHART\s+APP VERSION\none\s+helm\s+1\s+\S.*\s+deployed\s+greeter-0\.1\.0\s+1\s*\n$/,
  );
  t.regex(await user.fails(`helm install one ${chart}`), /cannot re-?use a name that is still in use/);

  await user.sh(`helm upgrade one ${chart} --set greeting=bonjour,replicas=3 --wait`);
  t.is(await user.sh("kubectl get deployment one -o jsonpath='{.status.readyReplicas}'"), '3');
  t.is(await user.sh('kubectl logs deployment/one --tail=1 2>/dev/null'), 'bonjour\n');
  t.regex(await user.sh('helm get values one'), /greeting: bonjour\nreplicas: 3\n/);
  t.regex(await user.sh('helm get manifest one'), /greeting: "bonjour"/);

  await user.sh('helm rollback one 1 --wait');
  t.is(await user.sh('kubectl get cm one -o jsonpath={.data.greeting}'), 'hello');
  t.deepEqual(
    (JSON.parse(await user.sh('helm history one -o json')) as { revision: number; status: string }[]).map(
      ({ revision, status }) => `${revision} ${status}`,
    ),
    ['1 superseded', '2 superseded', '3 deployed'],
  );
  t.regex(await user.sh('helm status one'), /^STATUS: deployed$/m);

  t.is(await user.sh('helm uninstall one --wait'), 'release "one" uninstalled\n');
  await user.sh('kubectl wait --for=delete pods --all');
  t.is(await user.sh('kubectl get deployments,rs,pods,services,secrets -o name'), '');
  t.is(await user.sh('helm list -q'), '');
});

test.serial('helm: the chart is checked by the server, and what is wrong undone', async (t) => {
  t.regex(await user.sh(`helm install two ${chart} --dry-run=server`), /^STATUS: pending-install$/m);
  t.regex(await user.fails(`helm install two ${chart} --set replicas=many`), /replicas/);
  t.is(await user.sh('kubectl get deployments -o name'), '');
});

test.serial("Python's client: objects, watches, logs, exec, custom objects", async (t) => {
  const { status } = spawnSync('/usr/bin/python3', ['-c', 'import kubernetes']);
  if (status === 0) {
    const program = fileURLToPath(new URL('fixtures/client.py', import.meta.url));
    t.is(await user.sh(`/usr/bin/python3 ${program} python`), 'all as expected\n');
  } else if (process.env['CI'] && process.getuid?.() === 0) t.fail("CI must have Debian's python3-kubernetes");
  else {
    t.log("left out: Debian's python3-kubernetes is not here");
    t.pass();
  }
});

test.serial('@kubernetes/client-node: create, read, list, patch, replace, delete', async (t) => {
  await user.enterNamespace('library');
  const namespace = 'library';
  const config = new KubeConfig();
  config.loadFromFile(user.cluster.kubeconfig);
  const api = config.makeApiClient(CoreV1Api);
  const created = await api.createNamespacedConfigMap({
    namespace,
    body: { metadata: { name: 'made', labels: { by: 'library' } }, data: { a: 'b' } },
  });
  t.truthy(created.metadata?.uid);
  t.true(created.metadata?.creationTimestamp instanceof Date);
  const listed = await api.listNamespacedConfigMap({ namespace, labelSelector: 'by=library' });
  t.deepEqual(
    listed.items.map(({ metadata }) => metadata?.name),
    ['made'],
  );
  const patched = await api.patchNamespacedConfigMap(
    { namespace, name: 'made', body: { data: { c: 'd' } } },
    setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
  );
  t.deepEqual(patched.data, { a: 'b', c: 'd' });
  const error = await t.throwsAsync<Error & { code: number; body: string }>(
    api.replaceNamespacedConfigMap({ namespace, name: 'made', body: created }),
  );
  t.is(error.code, 409);
  await api.replaceNamespacedConfigMap({ namespace, name: 'made', body: { ...patched, data: { only: 'this' } } });
  t.deepEqual((await api.readNamespacedConfigMap({ namespace, name: 'made' })).data, { only: 'this' });
  t.is((await api.deleteNamespacedConfigMap({ namespace, name: 'made' })).status, 'Success');
  const gone = await t.throwsAsync<Error & { code: number }>(api.readNamespacedConfigMap({ namespace, name: 'made' }));
  t.is(gone.code, 404);
});

test.serial('@kubernetes/client-node: watch and informer', async (t) => {
  const namespace = 'library';
  const config = new KubeConfig();
  config.loadFromFile(user.cluster.kubeconfig);
  const api = config.makeApiClient(CoreV1Api);
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  const list = () => api.listNamespacedConfigMap({ namespace, labelSelector: 'watched=yes' });
  const seen: string[] = [];
  const cached: string[] = [];
  let wake = (): void => {};
  const { resourceVersion } = (await list()).metadata ?? {};
  const watch = await new Watch(config).watch(
    path,
    { resourceVersion, labelSelector: 'watched=yes' },
    (type: string, object: V1ConfigMap) => {
      seen.push(`${type} ${object.metadata?.name} ${object.data?.['n'] ?? ''}`);
      wake();
    },
    () => wake(),
  );
  const informer = makeInformer<V1ConfigMap>(config, path, list, 'watched=yes');
  for (const verb of ['add', 'update', 'delete'] as const)
    informer.on(verb, (object) => {
      cached.push(`${verb} ${object.metadata?.name} ${object.data?.['n'] ?? ''}`);
      wake();
    });
  await informer.start();
  await user.sh(
    'kubectl create cm w --dry-run=client -o yaml | kubectl label --local -f - watched=yes -o yaml | kubectl create -f -',
  );
  await user.sh(`kubectl patch cm w -p '{"data":{"n":"1"}}' && kubectl delete cm w`);
  const signal = AbortSignal.timeout(30_000);
  signal.addEventListener('abort', () => wake());
  while ((seen.length < 3 || cached.length < 3) && !signal.aborted)
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  watch.abort();
  await informer.stop();
  t.deepEqual(seen, ['ADDED w ', 'MODIFIED w 1', 'DELETED w 1']);
  t.deepEqual(cached, ['add w ', 'update w 1', 'delete w 1']);
});
