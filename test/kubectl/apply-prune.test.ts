import test from 'ava';
import { configMap, pod, service, workload } from './support/manifests.ts';
import { scenario } from './support/scenario.ts';

const { sh, fails, file, names, value, enterNamespace } = scenario(test);

test.serial.before(() => enterNamespace('applying'));

test.serial('prune removes what was applied under the label and is no longer given', async (t) => {
  const group = { group: 'pruned' };
  const a = file('a.json', pod('a', { labels: group }));
  const b = file('b.json', pod('b', { labels: group }));
  const svc = file('svc.json', service('svc', {}, group));
  await sh(`kubectl apply --prune -l group=pruned -f ${a}`);
  t.is(await sh(`kubectl apply --prune -l group=pruned -f ${b}`), 'pod/b created\npod/a pruned\n');
  await sh('kubectl wait --for=delete pod/a');
  await sh(`kubectl apply --prune -l group=pruned -f ${svc} --prune-allowlist=core/v1/Service`);
  t.is(await names('pods'), 'b:');
  await sh(`kubectl apply --prune -l group=pruned -f ${svc}`);
  await sh('kubectl wait --for=delete pod/b');
  t.regex(await fails(`kubectl apply --prune -f ${a}`), /without explicitly passing --all/);
  await sh(`kubectl delete -f ${svc}`);
});

test.serial('an apply set knows its members', async (t) => {
  const apply = `KUBECTL_APPLYSET=true kubectl apply --prune -n applying --applyset=members`;
  await sh(`${apply} -f ${file('m1.json', configMap('m1'), configMap('m2'))}`);
  t.regex(await sh('kubectl get secret members -o yaml'), /applyset\.kubernetes\.io\/id: applyset-/);
  t.regex(await sh(`${apply} -f ${file('m2.json', configMap('m2'))}`), /\nconfigmap\/m1 pruned\n$/);
  t.is(await names('cm -l applyset.kubernetes.io/part-of'), 'm2:');
});

test.serial('--force replaces what can not be changed', async (t) => {
  const base = (await value('svc kubernetes -n default', '.spec.clusterIP')).replace(/\d+$/, '');
  const at = (last: number): string => file(`at-${last}.json`, service('fixed', { clusterIP: `${base}${last}` }));
  await sh(`kubectl apply -f ${at(11)}`);
  t.regex(await fails(`kubectl apply -f ${at(12)}`), /may not change once set/);
  await sh(`kubectl apply -f ${at(12)} --force`);
  t.is(await value('svc fixed', '.spec.clusterIP'), `${base}12`);

  const made = workload('Deployment', 'stale');
  await sh(`kubectl apply -f ${file('stale.json', made)}`);
  const old = { ...made, metadata: { ...made.metadata, resourceVersion: '99' } };
  t.regex(await fails(`kubectl apply -f ${file('old.json', old)}`), /^Error from server \(Conflict\)/);
  const broken = { ...old, spec: { ...made.spec, selector: { matchLabels: { app: 'other' } } } };
  t.regex(await fails(`kubectl apply --force -f ${file('broken.json', broken)}`), /Invalid value/);
  t.is(await value('deployment stale', '.spec.selector.matchLabels.app'), 'stale', 'it is put back');
});
