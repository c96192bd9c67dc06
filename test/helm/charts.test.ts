import { fileURLToPath } from 'node:url';
import test from 'ava';
import { scenario } from '../kubectl/support/scenario.ts';

const { sh, fails, names, value, template, enterNamespace } = scenario(test);

const chart = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const node = `--set node=${process.execPath}`;

/** What `helm history` says of a release, oldest first. */
async function history(release: string): Promise<string[]> {
  const revisions = JSON.parse(await sh(`helm history ${release} -o json`)) as { revision: number; status: string }[];
  return revisions.map(({ revision, status }) => `${revision} ${status}`);
}

test.serial('the charts are well made, as far as helm and the server can tell', async (t) => {
  await enterNamespace('lint');
  for (const name of ['web', 'operator', 'database']) {
    t.regex(await sh(`helm lint --strict ${chart(name)}`), /1 chart\(s\) linted, 0 chart\(s\) failed/, name);
    t.regex(await sh(`helm template ${name} ${chart(name)} --validate ${node}`), /^kind: Service$/m, name);
  }
  t.regex(await fails(`helm template web ${chart('web')} --set replicaCount=-1`), /replicaCount/);
  t.is(await sh('kubectl get all -o name'), '');
});

test.serial('a web application: install, test, upgrade, roll back, uninstall', async (t) => {
  await enterNamespace('web');
  const web = chart('web');
  const installed = await sh(`helm install shop ${web} ${node} --wait --timeout 60s`);
  t.regex(installed, /^STATUS: deployed$[\s\S]*It is at http:\/\/web\.example\/\n$/m);
  t.is(await value('deployment shop-web', '.status.readyReplicas'), '1');
  t.is(
    await value('endpointslices -l kubernetes.io/service-name=shop-web', '.items[0].endpoints[0].conditions.ready'),
    'true',
  );
  t.regex(await sh('kubectl get ingress'), /^shop-web\s+<none>\s+web\.example\s+80\s/m);
  t.regex(await sh('helm test shop'), /^Phase:\s+Succeeded$/m);
  t.is(await sh('kubectl logs shop-web-test'), 'hello\n');

  const scaled = '--set autoscaling.enabled=true,autoscaling.minReplicas=2,greeting=bonjour';
  await sh(`helm upgrade shop ${web} ${node} ${scaled} --wait --timeout 60s`);
  t.is(
    await template('hpa shop-web', '{{.spec.minReplicas}}-{{.spec.maxReplicas}} {{.spec.scaleTargetRef.name}}'),
    '2-4 shop-web',
  );
  t.is(await value('cm shop-web', '.data.GREETING'), 'bonjour');
  t.is(await value('deployment shop-web', '.spec.replicas'), '1', 'what is no longer set is left to the autoscaler');
  t.regex(await sh('helm get values shop'), /^greeting: bonjour$/m);
  t.regex(await sh('helm get manifest shop'), /^kind: HorizontalPodAutoscaler$/m);
  t.regex(
    await fails(`helm upgrade shop ${web} ${node} --reuse-values --set ingress.hosts[0].paths[0].pathType=Odd`),
    /pathType: Unsupported value: "Odd"/,
  );
  t.deepEqual(await history('shop'), ['1 superseded', '2 deployed', '3 failed']);

  await sh('helm rollback shop 1 --wait --timeout 60s');
  t.deepEqual(await history('shop'), ['1 superseded', '2 superseded', '3 failed', '4 deployed']);
  t.is(`${await value('cm shop-web', '.data.GREETING')} ${await names('hpa')}`, 'hello ');
  t.regex(await sh('helm status shop'), /^DESCRIPTION: Rollback to 1$[\s\S]*==> v1\/Deployment\nNAME\s+READY/m);
  t.regex(await sh('helm list -o json'), /"name":"shop","namespace":"web","revision":"4"/);

  t.is(await sh('helm uninstall shop --wait --timeout 60s'), 'release "shop" uninstalled\n');
  t.is(await sh('kubectl get deploy,svc,ingress,hpa,pdb,networkpolicy,sa -o name'), 'serviceaccount/default\n');
});

test.serial('an operator: its kind outlives it, its webhooks are asked while it lives', async (t) => {
  await enterNamespace('operator');
  const operator = `${chart('operator')} ${node} --wait --timeout 60s`;
  const backup = (copies: number): string =>
    JSON.stringify({
      apiVersion: 'storage.example.com/v1',
      kind: 'Backup',
      metadata: { name: 'b' },
      spec: { schedule: 'daily', copies },
    });
  await sh(`helm install op ${operator}`);
  t.is(await sh('kubectl apply -f -', backup(3)), 'backup.storage.example.com/b created\n');
  t.regex(await sh('kubectl get bk --show-labels'), /^b\s+daily\s+3\s+storage\.example\.com\/checked=yes$/m);
  t.regex(
    await fails('kubectl apply -f -', backup(11)),
    /admission webhook "backups\.storage\.example\.com" denied the request: no more than 10 copies are kept$/,
  );
  t.regex(await sh(`kubectl apply -f - 2>&1`, backup(1)), /^Warning: one copy is none$/m);
  t.is(await sh('kubectl auth can-i watch backups --as=system:serviceaccount:operator:op'), 'yes\n');

  await sh(`helm upgrade op ${operator} --set maxCopies=20`);
  t.is(await sh('kubectl apply -f -', backup(11)), 'backup.storage.example.com/b configured\n');
  await sh('helm rollback op 1 --wait --timeout 60s');
  t.regex(await fails('kubectl apply -f -', backup(12)), /no more than 10 copies are kept/);

  await sh('helm uninstall op --wait --timeout 60s');
  t.is(await sh('kubectl get mutatingwebhookconfigurations,validatingwebhookconfigurations -o name'), '');
  t.is(await sh('kubectl apply -f -', backup(100)), 'backup.storage.example.com/b configured\n');
  t.is(await names('crd'), 'backups.storage.example.com:');
});

test.serial('a database: its password is kept, its volumes can not change, its hooks run', async (t) => {
  await enterNamespace('database');
  const database = chart('database');
  await sh(`helm install db ${database}`);
  const claim = '{{(index .spec.volumeClaimTemplates 0).metadata.name}}';
  t.is(await template('statefulset db', `{{.spec.replicas}} ${claim} {{.spec.serviceName}}`), '3 data db-headless');
  t.is(await value('service db-headless', '.spec.clusterIP'), 'None');
  const password = await value('secret db', '.data.password');
  t.is(password.length, 32);

  await sh(`helm upgrade db ${database} --set replicas=5,settings.max_connections=200`);
  t.is(await value('secret db', '.data.password'), password);
  t.is(await sh('kubectl logs db-backup'), 'saved before revision 2\n');
  t.is(await template('statefulset db', '{{.spec.replicas}} {{.metadata.generation}}'), '5 2');
  t.regex(
    await fails(`helm upgrade db ${database} --set storage.size=2Gi`),
    /StatefulSet\.apps "db" is invalid: spec: Forbidden: updates to statefulset spec for fields other than/,
  );
  await sh('helm rollback db 1');
  t.deepEqual(await history('db'), ['1 superseded', '2 superseded', '3 failed', '4 deployed']);
  t.regex(await sh('helm get all db'), /^HOOKS:$[\s\S]*helm\.sh\/hook: pre-upgrade,pre-rollback/m);
  await sh('helm uninstall db --keep-history');
  t.deepEqual(await history('db'), ['1 superseded', '2 superseded', '3 failed', '4 uninstalled']);
  t.is(await sh('kubectl get statefulset,svc,pdb -o name'), '');
});
