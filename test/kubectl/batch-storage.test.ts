import test from 'ava';
import { scenario } from './support/scenario.ts';

const { sh, file, names, value, template, dryRuns, enterNamespace } = scenario(test);

test.serial.before(() => enterNamespace('batch'));

test.serial('cron jobs, and jobs made of them', async (t) => {
  const create = "kubectl create cronjob pi --schedule='59 23 31 2 *' --image=perl";
  await dryRuns(`${create} -- perl -e 1`);
  t.is(await names('cronjobs'), '');
  await sh(`${create} -- perl -e 'print 1'`);
  t.regex(
    await sh('kubectl get cronjob pi'),
    /^NAME\s+SCHEDULE\s+TIMEZONE\s+SUSPEND\s+ACTIVE\s+LAST SCHEDULE\s+AGE\npi\s+59 23 31 2 \*\s+<none>\s+False\s+0\s+<none>/,
  );
  t.regex(await sh('kubectl describe cronjob pi'), /Concurrency Policy:\s+Allow/);
  t.is(await sh('kubectl create job once --from=cronjob/pi --dry-run=client -o name'), 'job.batch/once\n');
  await sh('kubectl create job once --from=cronjob/pi --dry-run=server');
  t.is(await names('jobs'), '');
  await sh('kubectl create job once --from=cronjob/pi && kubectl create job plain --image=nginx');
  t.is(await template('job once', '{{(index .spec.template.spec.containers 0).command}}'), '[perl -e print 1]');
  t.is(await value('job once', '.metadata.annotations.cronjob\\.kubernetes\\.io/instantiate'), 'manual');
  t.regex(await sh('kubectl get jobs'), /^NAME\s+STATUS\s+COMPLETIONS\s+DURATION\s+AGE\n/);
  t.regex(await sh('kubectl describe job once'), /Controlled By:\s+CronJob\/pi[\s\S]*Completion Mode:\s+NonIndexed/);
  await sh('kubectl delete jobs --all && kubectl delete cronjob pi');
});

const volume = (name: string, source: object) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name },
  spec: { capacity: { storage: '10Gi' }, accessModes: ['ReadWriteOnce'], ...source },
});

test.serial('volumes', async (t) => {
  await sh(`kubectl create -f ${file('pv.json', volume('local', { hostPath: { path: '/tmp' } }))}`);
  await sh(`kubectl create -f ${file('pv2.json', volume('remote', { nfs: { server: 'x', path: '/' } }))}`);
  t.regex(
    await sh('kubectl get pv'),
    /^NAME\s+CAPACITY\s+ACCESS MODES\s+RECLAIM POLICY\s+STATUS\s+CLAIM\s+STORAGECLASS\s+VOLUMEATTRIBUTESCLASS\s+REASON\s+AGE\n/,
  );
  t.regex(await sh('kubectl describe pv local'), /Type:\s+HostPath \(bare host directory volume\)/);
  await sh('kubectl delete pv remote');
  t.regex(
    await sh('kubectl delete pv -n batch --all 2>&1'),
    /cluster-scoped resources.*\npersistentvolume "local" deleted/,
  );
});

test.serial('claims and classes', async (t) => {
  for (const mode of ['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany']) {
    const spec = { accessModes: [mode], resources: { requests: { storage: 3 } } };
    const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'claim' }, spec };
    await sh(`kubectl create -f ${file('claim.json', claim)}`);
    t.regex(await sh('kubectl describe pvc claim'), /Status:\s+Pending/);
    await sh('kubectl delete pvc claim');
  }
  const storageClass = {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'fast' },
    provisioner: 'example.com/none',
    parameters: { type: 'ssd' },
  };
  await sh(`kubectl create -f ${file('class.json', storageClass)}`);
  t.is(`${await names('storageclass')}${await names('sc')}`, 'fast:fast:');
  t.regex(await sh('kubectl get sc'), /^fast\s+example\.com\/none\s+Delete\s+Immediate\s+false/m);
  t.regex(await sh('kubectl describe sc fast'), /Parameters:\s+type=ssd/);
  await sh('kubectl delete sc fast');
});

test.serial('wait: for deletion, creation, conditions and fields', async (t) => {
  await sh('kubectl create deployment one --image=nginx && kubectl create deployment two --image=nginx');
  t.regex(
    await sh('kubectl wait deployment/one --for=jsonpath=.status.readyReplicas=1 --timeout=1s 2>&1 || true'),
    /timed out waiting for the condition/,
  );
  t.is(
    await sh("kubectl wait deployment/one --for=jsonpath='{.status.replicas}'"),
    'deployment.apps/one condition met\n',
  );
  t.regex(
    await sh('kubectl wait pods -l app=one --for=condition=Never --timeout=1s 2>&1 || true'),
    /timed out waiting for the condition on pods\/one-/,
  );
  const deleted = sh('kubectl wait deployments --all --for=delete --timeout=30s');
  await sh('sleep 0.3 && kubectl delete deployments --all');
  t.is(await deleted, 'deployment.apps/one condition met\ndeployment.apps/two condition met\n');
  const created = sh('kubectl wait cm/later --for=create --timeout=30s');
  await sh('sleep 0.3 && kubectl create cm later');
  t.is(await created, 'configmap/later condition met\n');
});

test.serial('run: what is only tried is not there', async (t) => {
  await dryRuns('kubectl run tried --image=nginx');
  t.is(await names('pods --field-selector metadata.name=tried'), '');
});
