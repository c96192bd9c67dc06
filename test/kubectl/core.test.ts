import test from 'ava';
import { configMap, pod, service } from './support/manifests.ts';
import { scenario } from './support/scenario.ts';

const { sh, fails, file, names, value, template, managers, dryRuns, enterNamespace } = scenario(test);

test.serial.before(() => enterNamespace('core'));

test.serial('config maps and secrets', async (t) => {
  const bytes = file('bytes', '');
  await sh(`printf '\\377\\376' > ${bytes} && kubectl create cm binary --from-file=${bytes}`);
  t.regex(await sh('kubectl get cm binary -o yaml'), /^binaryData:/m);
  await dryRuns('kubectl create secret generic typed --from-literal=k=v --type=test/type');
  await sh('kubectl create secret generic typed --from-literal=k=v --type=test/type');
  t.is(await template('secret typed', '{{.type}} {{.data}}'), 'test/type map[k:dg==]');
  const given = { kind: 'Secret', apiVersion: 'v1', metadata: { name: 'strings' } };
  const both = { ...given, data: { a: 'djE=', b: '' }, stringData: { b: 'v2' } };
  await sh(`kubectl create -f ${file('strings.json', both)}`);
  t.is(await template('secret strings', '{{.data}} {{.stringData}}'), 'map[a:djE= b:djI=] <no value>');
  await sh('kubectl create secret docker-registry pull --docker-username=u --docker-password=p --docker-email=e@x');
  t.is(await value('secret pull', '.type'), 'kubernetes.io/dockerconfigjson');
  const offline = await sh(
    'kubectl create secret generic x --from-literal=k=v --dry-run=client -o yaml --server=nowhere.example',
  );
  t.regex(offline, /kind: Secret/);
});

test.serial('budgets, priority classes, quotas, accounts and pod templates', async (t) => {
  await dryRuns('kubectl create pdb two --selector=app=x --min-available=2');
  t.is(await names('pdb'), '');
  await sh('kubectl create pdb two --selector=app=x --min-available=2');
  await sh('kubectl create pdb half --selector=app=x --max-unavailable=50%');
  t.is(`${await value('pdb two', '.spec.minAvailable')} ${await value('pdb half', '.spec.maxUnavailable')}`, '2 50%');
  await fails('kubectl create pdb both --selector=app=x --min-available=2 --max-unavailable=3');
  await dryRuns('kubectl create priorityclass high --value=7');
  await sh('kubectl create priorityclass high --value=7 && kubectl delete priorityclass high');
  await dryRuns('kubectl create quota q --hard=pods=3');
  await sh('kubectl create quota q --hard=pods=3');
  t.regex(await sh('kubectl describe quota q'), /pods\s+0\s+3/);
  await dryRuns('kubectl create serviceaccount robot');
  await sh('kubectl create serviceaccount robot && kubectl describe serviceaccount robot');
  const podTemplate = { kind: 'PodTemplate', apiVersion: 'v1', metadata: { name: 'mould' }, template: pod('x') };
  await sh(`kubectl create -f ${file('template.json', podTemplate)} --validate=ignore`);
  t.regex(await sh('kubectl get podtemplates'), /^NAME\s+CONTAINERS\s+IMAGES\s+POD LABELS\nmould\s+main\s/);
});

test.serial('namespaces come and go', async (t) => {
  t.regex(await fails('kubectl get ns fleeting'), /namespaces "fleeting" not found/);
  await dryRuns('kubectl create namespace fleeting');
  await sh('kubectl create namespace fleeting && kubectl create cm inside -n fleeting');
  await sh('kubectl delete namespace fleeting --wait=false && kubectl wait --for=delete ns/fleeting');
  t.regex(await fails('kubectl get ns fleeting'), /not found/);
  await sh('kubectl create namespace fleeting');
  t.regex(
    await sh('kubectl delete namespace fleeting -n core 2>&1'),
    /deleting cluster-scoped resources, not scoped to the provided namespace\nnamespace "fleeting" deleted/,
  );
  t.regex(
    await fails('kubectl get pod x --all-namespaces'),
    /a resource cannot be retrieved by name across all namespaces/,
  );
});

test.serial('services: selectors, dumps, kinds', async (t) => {
  const path = file('backend.json', service('backend', { selector: { app: 'db', role: 'main' } }));
  await sh(`kubectl create -f ${path}`);
  const described = await sh('kubectl describe service backend');
  for (const part of ['Name:', 'Labels:', 'Selector:', 'IP:', 'Port:', 'Endpoints:', 'Session Affinity:', 'Events:']) {
    t.true(described.includes(part), part);
  }
  const selector = () => template('service backend', '{{range .spec.selector}}{{.}}:{{end}}');
  t.regex(await sh(`kubectl set selector -f ${path} role=new --local -o yaml`), /role: new/);
  t.is(await selector(), 'db:main:');
  await sh(`kubectl set selector -f ${path} role=new`);
  t.is(await selector(), 'new:');
  const version = await value('service backend', '.metadata.resourceVersion');
  await sh(`kubectl set selector service backend a=b --resource-version=${version}`);
  t.regex(await fails('kubectl set selector service backend a=c --resource-version=1'), /Conflict/);
  t.true((await managers('service backend')).includes('kubectl-set'));
  const dumped = await sh('kubectl get service backend -o json');
  await sh('kubectl delete service backend');
  await sh('kubectl create -f -', dumped);
  await sh('kubectl get service backend -o json | kubectl replace -f -');
  await dryRuns('kubectl create service externalname out --external-name=example.com');
  await sh('kubectl create service externalname out --external-name=example.com');
  for (const kind of ['clusterip', 'nodeport', 'loadbalancer'])
    await sh(`kubectl create service ${kind} ${kind} --tcp=80`);
  t.is(await value('services', '.items[*].spec.type'), 'ClusterIP ClusterIP LoadBalancer NodePort ExternalName');
  await sh('kubectl delete services --all');
});

test.serial('run and expose', async (t) => {
  await dryRuns('kubectl run web --image=nginx --port=80 --expose');
  t.is(await names('pods'), '');
  await sh('kubectl run web --image=nginx --port=80 --expose');
  t.true((await managers('pod web')).includes('kubectl-run'));
  t.is(await value('service web', '.spec.ports[0].port'), '80');
  await sh(
    `kubectl expose pod web --port=1000 --target-port=80 --type=NodePort --name=more --overrides='{"metadata":{"annotations":{"zone":"work"}}}'`,
  );
  t.is(await template('service more', '{{.metadata.annotations}}'), 'map[zone:work]');
  t.true((await managers('service more')).includes('kubectl-expose'));
  await sh('kubectl expose service more --name=again && kubectl expose pod web --port=444 --name=third');
  t.is(
    await template('service third', '{{(index .spec.ports 0).name}} {{(index .spec.ports 0).port}}'),
    '<no value> 444',
  );
  t.regex(await fails('kubectl expose node peer-1'), /cannot expose/);
  t.regex(
    await fails(`kubectl expose pod web --port=80 --name=${'long-'.repeat(13)}x`),
    /metadata\.name: Invalid value/,
  );
  t.regex(await fails('kubectl run bad --image=NotAName'), /Invalid image name "NotAName"/);
});

test.serial('delete by label in all namespaces', async (t) => {
  await sh('kubectl create ns one && kubectl create ns two');
  for (const ns of ['one', 'two']) {
    await sh(`kubectl create -n ${ns} -f -`, JSON.stringify(configMap(ns)));
    await sh(`kubectl label -n ${ns} cm ${ns} doomed=yes`);
  }
  await dryRuns('kubectl delete cm -A -l doomed=yes');
  t.is(await names('cm -A -l doomed'), 'one:two:');
  await sh('kubectl delete cm -A -l doomed=yes');
  t.is(await names('cm -A -l doomed'), '');
});
