import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import { pod, replicationController, service } from './support/manifests.ts';
import { scenario } from './support/scenario.ts';

const { sh, fails, file, editor, names, value, enterNamespace } = scenario(test);

test.serial.before(() => enterNamespace('generic'));

const labelled = (status: string) => {
  const labels = { app: 'mock', status };
  const controller = replicationController('mock');
  return { svc: service('mock', {}, labels), rc: { ...controller, metadata: { name: 'mock', labels } } };
};

/** The same objects in files of several shapes. */
const shapes: Record<string, (status: string) => object[]> = {
  'objects behind one another': (status) => Object.values(labelled(status)),
  'a List': (status) => [{ kind: 'List', apiVersion: 'v1', metadata: {}, items: Object.values(labelled(status)) }],
  'a ServiceList': (status) => [{ kind: 'ServiceList', apiVersion: 'v1', metadata: {}, items: [labelled(status).svc] }],
  'a list of controllers': (status) => [
    { kind: 'ReplicationControllerList', apiVersion: 'v1', items: [labelled(status).rc] },
  ],
};
for (const [shape, objects] of Object.entries(shapes)) {
  test.serial(`every command with ${shape}`, async (t) => {
    const path = file('made.json', ...objects('made'));
    const found = (): Promise<string> => sh('kubectl get services,rc --show-labels');
    await sh(`kubectl create -f ${path} && kubectl get -f ${path} && kubectl describe -f ${path}`);
    await sh(`kubectl replace --force --cascade=background -f ${file('replaced.json', ...objects('replaced'))}`);
    t.regex(await found(), /status=replaced/);
    await sh(`EDITOR=${editor('status.sh', 's/status: replaced/status: edited/')} kubectl edit -f ${path}`);
    await sh(`kubectl label -f ${path} labelled=yes && kubectl annotate -f ${path} annotated=yes`);
    t.regex(await found(), /labelled=yes,status=edited/);
    t.notRegex(await found(), /status=replaced/);
    await sh(`kubectl delete -f ${path}`);
    t.is(`${await names('services')}${await names('rc')}`, '');
  });
}

test.serial('every command with a folder in which one file is broken', async (t) => {
  const folder = join(dirname(file('any', '')), 'folder');
  mkdirSync(join(folder, 'inner'), { recursive: true });
  file('folder/a.json', pod('a'));
  file('folder/inner/b.json', pod('b'));
  file('folder/broken.json', { ...pod('c'), kind: undefined });
  const all = `-f ${folder} --recursive`;
  t.regex(await fails(`kubectl create ${all}`), /error validating data: kind not set/);
  t.is(await names('pods'), 'a:b:');
  for (const line of [
    `annotate ${all} noted=yes`,
    `label ${all} noted=yes`,
    `describe ${all}`,
    `get ${all}`,
    `patch ${all} -p '{"metadata":{"labels":{"patched":"yes"}}}'`,
  ]) {
    t.regex(await fails(`kubectl ${line}`), /Object 'Kind' is missing/, line);
  }
  t.is(await value('pods', '.items[*].metadata.labels.patched'), 'yes yes');
  t.regex(await fails(`kubectl apply ${all}`), /kind not set/);
  t.regex(await fails(`kubectl delete ${all} --now`), /Object 'Kind' is missing/);
  t.is(await names('pods'), '');
});

test.serial('what a kind can not do is said', async (t) => {
  const path = file('svc.json', service('plain'));
  await sh(`kubectl create -f ${path}`);
  t.regex(await fails('kubectl rollout undo service/plain'), /error retrieving rollbacker for "Service"/);
  t.regex(await fails('kubectl rollout pause service/plain'), /services "plain" pausing is not supported/);
  t.regex(await fails('kubectl scale service/plain --replicas=2'), /could not find the requested resource/);
  t.regex(await fails('kubectl autoscale service plain --max=2'), /cannot autoscale a Service/);

  t.regex(await fails('kubectl create'), /must specify one of -f and -k/);
});
