import test from 'ava';
import { pod, replicationController, workload } from './support/manifests.ts';
import { scenario } from './support/scenario.ts';

const { sh, fails, file, names, value, template, managers, dryRuns, enterNamespace } = scenario(test);

const LAST_APPLIED = /kubectl\.kubernetes\.io\/last-applied-configuration/;
const controller = file('rc.json', replicationController('rc', 3));

test.serial.before(() => enterNamespace('scaling'));

const scaled: [string, string][] = [
  ['deployment', file('deployment.json', workload('Deployment', 'scaled', { replicas: 3 }))],
  ['replicaset', file('replicaset.json', workload('ReplicaSet', 'scaled', { replicas: 3 }))],
  ['statefulset', file('statefulset.json', workload('StatefulSet', 'scaled', { replicas: 3, serviceName: 'x' }))],
  ['replicationcontroller', file('scaled.json', { ...replicationController('scaled', 3) })],
];
for (const [kind, path] of scaled) {
  test.serial(`scale a ${kind}`, async (t) => {
    const replicas = () => value(`${kind} scaled`, '.spec.replicas');
    await sh(`kubectl create -f ${path}`);
    await dryRuns(`kubectl scale ${kind} scaled --current-replicas=3 --replicas=2`);
    t.is(await replicas(), '3');
    await sh(`kubectl scale ${kind} scaled --current-replicas=3 --replicas=2`);
    t.is(await replicas(), '2');
    t.regex(
      await fails(`kubectl scale ${kind} scaled --current-replicas=3 --replicas=1`),
      /Expected replicas to be 3, was 2/,
    );
    await sh(`kubectl scale -f ${path} --replicas=1`);
    t.is(await template(`${kind} scaled --subresource=scale`, '{{.spec.replicas}}'), '1');
    await sh(`kubectl delete ${kind} scaled`);
  });
}

test.serial('scale by label, or all', async (t) => {
  for (const [name, label] of [
    ['a', 'x'],
    ['b', 'x'],
    ['c', 'y'],
  ]) {
    await sh(
      `kubectl create deployment ${name} --image=nginx --replicas=0 && kubectl label deployment ${name} group=${label}`,
    );
  }
  const replicas = () => value('deployments', '.items[*].spec.replicas');
  await sh('kubectl scale deployments -l group=x --replicas=2');
  t.is(await replicas(), '2 2 0');
  await sh('kubectl scale deployments --all --replicas=1');
  t.is(await replicas(), '1 1 1');
  await sh('kubectl scale deployment/a deployment/c --replicas=0');
  t.is(await replicas(), '0 1 0');
  await sh('kubectl delete deployments --all');
});

test.serial('autoscale', async (t) => {
  const target = () =>
    template(
      'hpa rc',
      '{{.spec.minReplicas}} {{.spec.maxReplicas}} {{(index .spec.metrics 0).resource.target.averageUtilization}}',
    );
  await sh(`kubectl create -f ${controller}`);
  await dryRuns('kubectl autoscale rc rc --min=2 --max=3');
  t.is(await names('hpa'), '');
  await sh(`kubectl autoscale -f ${controller} --max=2 --cpu=70%`);
  t.is(await target(), '1 2 70');
  t.is(await value('horizontalpodautoscalers.v1.autoscaling rc', '.spec.targetCPUUtilizationPercentage'), '70');
  t.true((await managers('hpa rc')).includes('kubectl-autoscale'));
  t.regex(await sh('kubectl describe hpa rc'), /Reference:\s+ReplicationController\/rc/);
  await sh('kubectl delete hpa rc && kubectl autoscale rc rc --min=2 --max=3');
  t.is(await target(), '2 3 80');
  t.is(await value('hpa.autoscal', '.items[0].apiVersion'), 'autoscaling/v2', 'a group by the beginning of its name');
  t.regex(await fails('kubectl autoscale rc rc'), /--max=MAXPODS is required|required flag/);
  await sh('kubectl delete hpa,rc rc');
});

test.serial('--save-config remembers what was given', async (t) => {
  const path = file('saved.json', pod('saved'));
  const remembered = async (what: string): Promise<void> => {
    t.regex(await sh(`kubectl get ${what} -o yaml`), LAST_APPLIED);
  };
  await sh(`kubectl create -f ${path} --save-config`);
  await remembered('pod saved');
  await sh(`kubectl delete -f ${path} && kubectl create -f ${path}`);
  await sh('EDITOR="sed -i s/app/app:2/" kubectl edit pod saved --save-config');
  await remembered('pod saved');
  await sh(`kubectl annotate pod saved kubectl.kubernetes.io/last-applied-configuration-`);
  await sh('kubectl get pod saved -o json | kubectl replace --save-config -f -');
  await remembered('pod saved');
  await sh('kubectl run ran --image=nginx --save-config && kubectl expose pod ran --save-config --port=80');
  await remembered('pod ran');
  await remembered('service ran');
  await sh(`kubectl create -f ${controller} && kubectl autoscale rc rc --save-config --max=2`);
  await remembered('hpa rc');
});
