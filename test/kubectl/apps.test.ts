import test from 'ava';
import { IMAGE, replicationController, workload } from './support/manifests.ts';
import { scenario } from './support/scenario.ts';

const { sh, fails, file, names, value, template, managers, dryRuns, enterNamespace } = scenario(test);

test.serial.before(() => enterNamespace('apps'));

for (const kind of ['DaemonSet', 'ReplicaSet', 'StatefulSet', 'Deployment']) {
  test.serial(`${kind}: what kubectl sets counts as a generation; what it tries does not`, async (t) => {
    const name = kind.toLowerCase();
    const spec = { DaemonSet: {}, StatefulSet: { replicas: 0, serviceName: 'x' } }[kind] ?? { replicas: 0 };
    const path = file(`${name}.json`, workload(kind, name, spec));
    const generation = () => value(`${name} ${name}`, '.metadata.generation');
    await sh(`kubectl apply -f ${path} && kubectl apply -f ${path}`);
    t.is(await generation(), '1');
    await sh(`kubectl set image ${name}/${name} '*=${IMAGE}:new' && kubectl set env ${name}/${name} a=b`);
    await sh(`kubectl set resources ${name}/${name} --limits=cpu=200m,memory=512Mi`);
    t.is(await generation(), '4');
    await dryRuns(`kubectl set serviceaccount ${name}/${name} robot`);
    t.is(await generation(), '4');
    await sh(`kubectl set serviceaccount ${name}/${name} robot`);
    t.is(await generation(), '5');
    t.true((await managers(`${name} ${name}`)).includes('kubectl-set'));
    if (kind !== 'ReplicaSet') {
      await sh(`kubectl rollout restart ${name}/${name}`);
      t.is(await generation(), '6');
    }
    t.regex(await sh(`kubectl describe ${name} ${name}`), /Pod Template:[\s\S]*Service Account:\s+robot/);
    await sh(`kubectl delete -f ${path}`);
  });
}

test.serial('a deployment has sets of pods, and takes them along when it goes', async (t) => {
  await dryRuns('kubectl create deployment web --image=nginx -- sleep 1');
  t.is(await names('deployments'), '');
  await sh('kubectl create deployment web --image=nginx --replicas=2');
  t.is(await value('deployment web', '.spec.revisionHistoryLimit'), '10');
  t.is(await value('deployments.apps', '.items[0].apiVersion'), 'apps/v1');
  await sh("kubectl wait --for=jsonpath='{.status.replicas}'=2 deployment/web");
  t.regex(await sh('kubectl describe rs'), /Controlled By:\s+Deployment\/web[\s\S]*Replicas:\s+2 current \/ 2 desired/);
  t.regex(await sh('kubectl describe pods'), /Controlled By:\s+ReplicaSet\/web-/);
  t.regex(await sh('kubectl describe deployment web'), /NewReplicaSet:\s+web-\S+ \(2\/2 replicas created\)/);
  await sh('kubectl delete deployment web --cascade=orphan');
  t.is(await value('rs -l app=web', '.items[*].spec.replicas'), '2');
  await sh('kubectl delete rs -l app=web && kubectl wait --for=delete pods -l app=web');
  t.is(await names('pods'), '');
});

test.serial('rollouts: history, undo, pause, restart', async (t) => {
  const image = () => value('deployment shop', '.spec.template.spec.containers[0].image');
  const revision = (number: number, tag: string) =>
    file(`revision-${number}.json`, workload('Deployment', 'shop', { replicas: 1 }, `${IMAGE}:${tag}`));
  const settled = (number: number) =>
    sh(
      `kubectl wait --for=jsonpath='{.metadata.annotations.deployment\\.kubernetes\\.io/revision}'=${number} deployment/shop`,
    );
  await sh(`kubectl create -f ${revision(1, 'one')}`);
  await settled(1);
  await sh('kubectl rollout undo deployment shop --to-revision=1');
  t.is(await image(), `${IMAGE}:one`);
  await sh(`kubectl apply -f ${revision(2, 'two')} 2>/dev/null`);
  await settled(2);
  t.regex(await sh('kubectl rollout undo deployment shop --dry-run=client'), /app:one/);
  await sh('kubectl rollout undo deployment shop --dry-run=server');
  t.is(await image(), `${IMAGE}:two`);
  await sh('kubectl rollout undo deployment shop --to-revision=1');
  await settled(3);
  t.is(await image(), `${IMAGE}:one`);
  t.regex(await fails('kubectl rollout undo deployment shop --to-revision=1000'), /unable to find specified revision/);
  await sh('kubectl rollout undo deployment shop');
  await settled(4);
  t.is(await image(), `${IMAGE}:two`);
  await sh('kubectl rollout pause deployment shop');
  t.regex(await fails('kubectl rollout undo deployment shop'), /paused/);
  t.regex(await fails('kubectl rollout restart deployment shop'), /paused/);
  await sh('kubectl rollout resume deployment shop && kubectl rollout undo deployment shop');
  await settled(5);
  t.regex(await sh('kubectl get rs -o yaml'), /deployment\.kubernetes\.io\/revision-history: 1,3$/m);
  t.regex(await fails('kubectl rollout status deployment shop --revision=3'), /revision \(3\) is different/);
  await sh('kubectl rollout restart deployment shop');
  await settled(6);
  t.deepEqual((await sh('kubectl rollout history deployment shop')).match(/^\d+/gm), ['4', '5', '6']);
  t.regex(await sh('kubectl rollout history deployment shop --revision=6'), /Pod Template:[\s\S]*restartedAt/);
  t.true((await managers('deployment shop')).includes('kubectl-rollout'));
  await sh('kubectl delete deployment shop');
});

test.serial('images, environment and resources of one container or all', async (t) => {
  const containers = [
    { name: 'web', image: 'nginx:1' },
    { name: 'side', image: 'perl' },
  ];
  const made = workload('Deployment', 'two');
  const spec = { ...made.spec, template: { ...made.spec.template, spec: { containers } } };
  const path = file('two.json', { ...made, spec });
  const images = () => value('deployment two', '.spec.template.spec.containers[*].image');
  await sh(`kubectl create -f ${path}`);
  await dryRuns('kubectl set image deployment two web=nginx:2');
  t.is(await images(), 'nginx:1 perl');
  await sh('kubectl set image deployment two web=nginx:2');
  t.is(await images(), 'nginx:2 perl');
  t.regex(await fails('kubectl set image deployment two nobody=x'), /unable to find container named "nobody"/);
  await sh("kubectl set image deployments --all '*=same'");
  t.is(await images(), 'same same');
  await sh('kubectl create cm settings --from-literal=one=1 --from-literal=two=2');
  await sh('kubectl create secret generic hidden --from-literal=three=3');
  const count = () => template('deployment two', '{{len (index .spec.template.spec.containers 0).env}}');
  await sh('kubectl set env deployment two --keys=two --from=cm/settings');
  await dryRuns('kubectl set env deployment two --from=cm/settings');
  t.is(await count(), '1');
  await sh('kubectl set env deployment two --from=cm/settings && kubectl set env deployment two --from=secret/hidden');
  await sh('kubectl set env deployment two only=web -c web && kubectl set env deployment two gone=x');
  await sh('kubectl set env deployment two gone-');
  t.is(await count(), '4');
  t.regex(await sh('kubectl set env deployment two --list --resolve'), /TWO=2\nONE=1\nTHREE=3\nonly=web/);
  await sh('kubectl set resources deployment two --limits=cpu=100m');
  await sh('kubectl set resources deployment two -c side --limits=cpu=300m --requests=cpu=200m');
  t.is(await value('deployment two', '.spec.template.spec.containers[*].resources.limits.cpu'), '100m 300m');
  await fails('kubectl set resources deployment two -c nobody --limits=cpu=1');
});

for (const [kind, object] of [
  ['rs', workload('ReplicaSet', 'set', { replicas: 3 })],
  ['rc', replicationController('set', 3)],
] as const) {
  test.serial(`${kind}: deleted with its pods, or without`, async (t) => {
    const path = file(`${kind}.json`, object);
    await sh(`kubectl create -f ${path}`);
    await sh(`kubectl wait --for=jsonpath='{.status.replicas}'=3 ${kind}/set`);
    await sh(`kubectl delete ${kind} set --cascade=orphan`);
    t.is((await names('pods -l app=set')).split(':').length, 4);
    await sh(`kubectl create -f ${path} && kubectl wait --for=jsonpath='{.status.replicas}'=3 ${kind}/set`);
    t.is((await names('pods -l app=set')).split(':').length, 4, 'the orphans are adopted');
    await sh(`kubectl delete ${kind} set --cascade=foreground`);
    t.is(await names('pods -l app=set'), '');
  });
}
