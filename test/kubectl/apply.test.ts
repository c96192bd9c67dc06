import test from 'ava';
import { configMap, definition, pod, service, workload } from './support/manifests.ts';
import { scenario } from './support/scenario.ts';

const { sh, fails, file, names, value, template, managers, dryRuns, enterNamespace } = scenario(test);

const LAST_APPLIED = /kubectl\.kubernetes\.io\/last-applied-configuration/;
const labelled = (label: string) => pod('one', { labels: { name: label } });
const first = file('first.json', labelled('first'));
const second = file('second.json', labelled('second'));

test.serial.before(() => enterNamespace('applying'));

test.serial('what is applied is remembered; what is created is not, until it is told', async (t) => {
  await sh(`kubectl apply -f ${first}`);
  t.true((await managers('pod one')).includes('kubectl-client-side-apply'));
  t.regex(await sh('kubectl get pod one -o yaml'), LAST_APPLIED);
  await sh(`kubectl delete -f ${first} && kubectl create -f ${first}`);
  await dryRuns(`kubectl apply set-last-applied -f ${first} --create-annotation=true`);
  t.notRegex(await sh('kubectl get pod one -o yaml'), LAST_APPLIED);
  await sh(`kubectl apply set-last-applied -f ${first} --create-annotation=true`);
  t.regex(await sh('kubectl apply view-last-applied pod one'), /name: first/);
  await sh(`kubectl delete -f ${first}`);
});

test.serial('a dry run stores nothing', async (t) => {
  await dryRuns(`kubectl apply -f ${first}`);
  t.is(await names('pods'), '');
  await sh(`kubectl create configmap kept --from-literal=a=b`);
  const before = await value('cm kept', '.metadata.resourceVersion');
  const changed = file('kept.json', configMap('kept', { a: 'c' }));
  await dryRuns(`kubectl apply -f ${changed}`);
  await sh(`kubectl apply --server-side --force-conflicts --dry-run=server -f ${changed}`);
  t.is(await value('cm kept', '.metadata.resourceVersion'), before);
});

test.serial('fields that were defaulted give way to those of another variant', async (t) => {
  const volume = (source: object) => ({ ...workload('Deployment', 'variants'), ...source });
  const before = volume({});
  const template = (spec: object) => ({ ...before.spec.template, spec: { ...before.spec.template.spec, ...spec } });
  const spec = (volumes: object[], rest = {}) => ({ ...before.spec, ...rest, template: template({ volumes }) });
  await sh(`kubectl apply -f ${file('emptied.json', { ...before, spec: spec([{ name: 'v' }]) })}`);
  t.is(await template_('.spec.strategy.type'), 'RollingUpdate');
  t.is(await template_('(index .spec.template.spec.volumes 0).emptyDir'), 'map[]');
  const after = spec([{ name: 'v', hostPath: { path: '/tmp' } }], { strategy: { type: 'Recreate' } });
  await sh(`kubectl apply -f ${file('hosted.json', { ...before, spec: after })}`);
  t.is(await template_('.spec.strategy'), 'map[type:Recreate]');
  t.is(await template_('(index .spec.template.spec.volumes 0).emptyDir'), '<no value>');

  function template_(path: string): Promise<string> {
    return sh(`kubectl get deployment variants -o go-template='{{${path}}}'`);
  }
});

test.serial('a label set to null is taken away', async (t) => {
  const made = workload('Deployment', 'nulls');
  await sh(`kubectl apply -f ${file('nulls.json', made)}`);
  const without = { ...made, metadata: { name: 'nulls', labels: { app: null } } };
  await sh(`kubectl apply -f ${file('nulls2.json', without)}`);
  t.is(await template('deployment nulls', '{{.metadata.labels.app}}'), '<no value>');
});

test.serial('of several objects each is tried', async (t) => {
  const inside = pod('inside', { namespace: 'later' });
  const both = file('both.json', inside, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'later' } });
  t.regex(await fails(`kubectl apply -f ${both}`), /namespaces "later" not found/);
  await sh(`kubectl apply -f ${both}`);
  const bogus = { apiVersion: 'example.com/v1', kind: 'Bogus', metadata: { name: 'b' } };
  t.regex(
    await fails(`kubectl apply -f ${file('bogus.json', configMap('beside'), bogus)}`),
    /no matches for kind "Bogus" in version "example\.com\/v1"/,
  );
  const three = [pod('pod-a'), pod('POD-B'), pod('pod-c')];
  t.regex(await fails(`kubectl apply -f ${file('three.json', ...three)}`), /The Pod "POD-B" is invalid/);
  t.is(await names('cm --field-selector metadata.name=beside'), 'beside:');
  t.is(await names('pods'), 'pod-a:pod-c:');
  t.regex(
    await fails(`kubectl apply -n other -f ${both}`),
    /the namespace from the provided object "later" does not match/,
  );
  await sh('kubectl delete pods --all --now && kubectl delete ns later');
});

test.serial('a kind and its first object, applied twice', async (t) => {
  const widget = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w' }, spec: { a: 1 } };
  const both = file('widget.json', widget, definition('Widget', 'example.com'));
  t.regex(await fails(`kubectl apply -f ${both}`), /no matches for kind "Widget" in version "example\.com\/v1"/);
  await sh('kubectl wait --for=condition=Established crd/widgets.example.com');
  await sh(`kubectl apply --dry-run=server -f ${both} && kubectl apply --server-side --dry-run=server -f ${both}`);
  t.regex(await fails('kubectl get widget w'), /widgets\.example\.com "w" not found/);
  await sh(`kubectl apply -f ${both}`);
  t.is(await sh('kubectl get widget w -o name'), 'widget.example.com/w\n');
  await sh(`kubectl delete -f ${both}`);
});

test.serial('kustomize builds what is applied', async (t) => {
  file('cm.json', configMap('the-map', { a: 'b' }));
  file('svc2.json', service('the-service'));
  const folder = file('kustomization.yaml', 'namePrefix: test-\nresources: [cm.json, svc2.json]\n').replace(
    /\/[^/]*$/,
    '',
  );
  await sh(`kubectl apply -k ${folder}`);
  t.is(await sh(`kubectl get -k ${folder} -o name`), 'configmap/test-the-map\nservice/test-the-service\n');
  await sh(`kubectl delete --kustomize ${folder}`);
});

test.serial('a pod goes on from client-side to server-side apply, and back', async (t) => {
  await sh(`kubectl apply -f ${first}`);
  t.regex(
    await fails(`kubectl apply --server-side --field-manager=other -f ${second}`),
    /conflict with "kubectl-client/,
  );
  await sh(`kubectl apply --server-side -f ${second}`);
  t.regex(await sh('kubectl apply view-last-applied pod/one -o json'), /"name": "second"/);
  // What admission has added to the pod is nobody's, so it is not taken away.
  await sh(`kubectl apply --server-side -f ${first}`);
  t.is(await value('pod one', '.spec.serviceAccountName'), 'default');
  t.is(await value('pod one', '.metadata.labels.name'), 'first');
  await sh(`kubectl apply --server-side --field-manager=mine --force-conflicts -f ${first}`);
  t.true((await managers('pod one')).includes('mine'));
  await sh(`kubectl apply -f ${second} && kubectl delete -f ${second}`);
});
