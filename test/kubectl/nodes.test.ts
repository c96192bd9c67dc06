import test from 'ava';
import { pod } from './support/manifests.ts';
import { scenario } from './support/scenario.ts';

const { sh, fails, file, names, value, template, managers, dryRuns, enterNamespace } = scenario(test);

const NODE = 'peer-1';
const taint = () =>
  template(
    `node ${NODE}`,
    '{{range .spec.taints}}{{if eq .key "dedicated"}}{{.key}}={{.value}}:{{.effect}}{{end}}{{end}}',
  );
const unschedulable = () => template(`node ${NODE}`, '{{.spec.unschedulable}}');
const pods = [1, 2].map((number) =>
  pod(`pod-${number}`, {
    labels: { e: `f${number}`, type: 'test' },
    spec: { nodeName: NODE, containers: [{ name: 'c', image: 'x' }] },
  }),
);

test.serial.before(() => enterNamespace('nodes'));

test.serial('described', async (t) => {
  const described = await sh(`kubectl describe nodes`);
  for (const part of [
    'Name:',
    'Labels:',
    'CreationTimestamp:',
    'Conditions:',
    'Addresses:',
    'Capacity:',
    'Pods:',
    'Events:',
  ]) {
    t.true(described.includes(part), part);
  }
  t.notRegex(await sh(`kubectl describe node ${NODE} --show-events=false`), /^Events:/m);
  t.regex(
    await sh('kubectl describe nodes --chunk-size=1 -v=6 2>&1'),
    /pods\?fieldSelector=spec\.nodeName%3Dpeer-1\S*&limit=1"/,
  );
});

test.serial('taints', async (t) => {
  await dryRuns(`kubectl taint node ${NODE} dedicated=foo:PreferNoSchedule`);
  t.is(await taint(), '');
  await sh(`kubectl taint node ${NODE} dedicated=foo:PreferNoSchedule`);
  t.is(await taint(), 'dedicated=foo:PreferNoSchedule');
  t.regex(await fails(`kubectl taint node ${NODE} dedicated=bar:PreferNoSchedule`), /already has dedicated taint/);
  await sh(`kubectl taint node ${NODE} dedicated- && kubectl taint node ${NODE} dedicated:PreferNoSchedule`);
  t.is(await taint(), 'dedicated=<no value>:PreferNoSchedule');
  t.true((await managers(`node ${NODE}`)).includes('kubectl-taint'));
  await dryRuns(`kubectl taint node ${NODE} dedicated-`);
  t.not(await taint(), '');
  await sh(`kubectl taint node ${NODE} dedicated-`);
  t.is(await taint(), '');
});

test.serial('cordon and uncordon', async (t) => {
  await dryRuns(`kubectl cordon ${NODE}`);
  t.is(await unschedulable(), '<no value>');
  await sh(`kubectl patch node ${NODE} -p '{"spec":{"unschedulable":true}}'`);
  t.is(await unschedulable(), 'true');
  t.regex(await sh('kubectl get nodes'), /^peer-1\s+Ready,SchedulingDisabled\s/m);
  await sh(`kubectl patch node ${NODE} -p '{"spec":{"unschedulable":null}}'`);
  t.is(await unschedulable(), '<no value>');
  for (const way of ['client', 'server']) {
    t.is(
      await sh(`kubectl uncordon ${NODE} --dry-run=${way}`),
      `node/peer-1 already uncordoned (${way === 'server' ? 'server ' : ''}dry run)\n`,
    );
  }
  await sh(`kubectl label node ${NODE} test=label`);
  t.regex(await fails('kubectl cordon'), /USAGE: cordon NODE/);
  t.is(await sh('kubectl cordon --selector test=nothing'), '');
  t.is(await sh('kubectl cordon --selector test=label'), 'node/peer-1 cordoned\n');
  await sh(`kubectl uncordon ${NODE}`);
});

test.serial('drain', async (t) => {
  await sh(`kubectl create -f ${file('pods.json', ...pods)}`);
  await dryRuns(`kubectl drain ${NODE} --force`);
  await dryRuns(`kubectl drain ${NODE} --force --pod-selector 'e in (f1)'`);
  t.is(await names('pods'), 'pod-1:pod-2:');
  t.is(await unschedulable(), '<no value>');
  t.regex(await fails(`kubectl drain ${NODE}`), /cannot delete .*pod-1.*pod-2|declare no controller/);
  t.regex(
    await sh(`kubectl drain ${NODE} --force --pod-selector 'e in (f1)' 2>/dev/null`),
    /^evicting pod nodes\/pod-1\npod\/pod-1 evicted\n/m,
  );
  t.is(await names('pods'), 'pod-2:');
  t.is(await template('pod pod-2', '{{.metadata.deletionTimestamp}}'), '<no value>');
  await sh(`kubectl uncordon ${NODE} && kubectl create -f ${file('one.json', pods[0]!)}`);
  t.regex(await fails(`kubectl drain ${NODE} --selector test=label`), /cannot specify both a node name/);
  const drained = await sh(
    'kubectl drain --force --pod-selector type=test --selector test=label --chunk-size=1 --dry-run=client -v=6 2>&1',
  );
  t.regex(drained, /nodes\?labelSelector=test%3Dlabel&limit=1" status="200 OK"/);
  t.regex(
    drained,
    /pods\?continue=\S+&fieldSelector=spec\.nodeName%3Dpeer-1&labelSelector=type%3Dtest&limit=1" status="200 OK"/,
  );
  t.regex(drained, /evicting pod nodes\/pod-1[\s\S]*evicting pod nodes\/pod-2/);
  await sh('kubectl delete pods --all --now');
  t.is(await value(`node ${NODE}`, '.metadata.labels.test'), 'label');
});
