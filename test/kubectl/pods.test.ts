import test from 'ava';
import { configMap, IMAGE, pod, replicationController, service } from './support/manifests.ts';
import { scenario } from './support/scenario.ts';

const { sh, fails, file, editor, names, value, template, managers, dryRuns, enterNamespace } = scenario(test);

const valid = file('valid.json', pod('valid'));
const images = () => value('pods', '.items[*].spec.containers[0].image');

test.serial.before(() => enterNamespace('pods'));

test.serial('created, described, deleted in every way', async (t) => {
  await sh(`kubectl create -f ${valid}`);
  for (const form of ['pod valid', 'pod/valid', 'pods/valid', `-f ${valid}`]) {
    t.is(await sh(`kubectl get ${form} -o name`), 'pod/valid\n');
  }
  t.deepEqual(await managers('pod valid --show-managed-fields').then(([first]) => first), 'kubectl-create');
  const described = await sh('kubectl describe pods');
  for (const part of ['Name:', 'Image:', 'Node:', 'Labels:', 'Status:', 'Events:'])
    t.true(described.includes(part), part);
  t.notRegex(await sh('kubectl describe pod valid --show-events=false'), /^Events:/m);
  t.regex(await sh('kubectl describe pods --chunk-size=1 -v=6 2>&1'), /pods\?limit=1"/);
  const dumped = await sh('kubectl get pod valid -o yaml');
  for (const way of ['--grace-period=0 --force', '--now', '--grace-period=0']) {
    await sh(`kubectl delete pod valid ${way}`);
    t.is(await names('pods'), '', way);
    await sh(`kubectl create -f ${valid}`);
  }
  await sh("kubectl delete pods -l 'name in (valid)' --now");
  await sh('kubectl create -f -', dumped);
  t.is(await sh('kubectl get pods --field-selector metadata.name=valid -o name'), 'pod/valid\n');
  await fails('kubectl delete pods');
  await fails('kubectl delete pods --all -l name=valid');
  await sh('kubectl delete pods --all --grace-period=0 --force');
  t.is(await names('pods'), '');
});

test.serial('labels and annotations', async (t) => {
  await sh(`kubectl create -f ${valid}`);
  const labels = () => template('pod valid', '{{range .metadata.labels}}{{.}}:{{end}}');
  await dryRuns('kubectl label pod valid tier=one');
  t.is(await labels(), 'valid:');
  await sh('kubectl label pod valid tier=one empty=');
  t.is(await labels(), ':valid:one:');
  await dryRuns('kubectl annotate pod valid note=');
  t.is(await template('pod valid', '{{.metadata.annotations.note}}'), '<no value>');
  await sh('kubectl annotate pod valid note= && kubectl label pod valid changed=true --record 2>/dev/null');
  t.is(await template('pod valid', '{{.metadata.annotations.note}}'), '');
  t.regex(await value('pod valid', '.metadata.annotations'), /kubernetes\.io\/change-cause.*--record/);
  const writers = (await managers('pod valid')).filter((name) => name.startsWith('kubectl'));
  t.deepEqual(writers.sort(), ['kubectl-annotate', 'kubectl-create', 'kubectl-label']);
  await fails('kubectl label pod valid tier=two');
  await sh('kubectl label pods --all --overwrite tier=two');
  t.regex(await sh(`kubectl label --local -f ${valid} name=here --overwrite -o yaml`), /name: here/);
  t.is(await value('pod valid', '.metadata.labels.tier'), 'two');
});

test.serial('patches of every kind', async (t) => {
  const image = (name: string): string => JSON.stringify({ spec: { containers: [{ name: 'main', image: name }] } });
  t.regex(await sh(`kubectl patch --local -f ${valid} -p '{"spec":{"restartPolicy":"Never"}}' -o yaml`), /Never/);
  t.regex(await fails(`kubectl patch pod valid -p '{"metadata":{"labels":"x"}}'`), /cannot restore map from string/);
  t.is(
    await sh(`kubectl patch pod valid -p '{"metadata":{"labels":{"name":"valid"}}}'`),
    'pod/valid patched (no change)\n',
  );
  await sh(`kubectl patch pod valid -p '${image('one')}'`);
  await sh(
    `kubectl patch pod valid --type=json -p '[{"op":"replace","path":"/spec/containers/0/image","value":"two"}]'`,
  );
  t.is(await images(), 'two');
  await dryRuns(`kubectl patch pod valid -p '${image('three')}'`);
  t.is(await images(), 'two');
  await sh(`kubectl patch -f ${valid} -p 'spec: {containers: [{name: main, image: four}]}'`);
  t.is(await images(), 'four');
  t.true((await managers('pod valid')).includes('kubectl-patch'));
  t.regex(
    await fails(`kubectl patch pod valid -p '{"metadata":{"resourceVersion":"1"}}'`),
    /please apply your changes to the latest version and try again/,
  );
});

test.serial('edit', async (t) => {
  const edit = `EDITOR=${editor('image.sh', 's/image: four/image: five/')} kubectl edit pod valid`;
  t.regex(await sh(`${edit} --output-patch=true`), /Patch: \{.*five/);
  t.is(await images(), 'five');
  t.true((await managers('pod valid')).includes('kubectl-edit'));
  t.regex(await sh('EDITOR=cat kubectl edit pod valid 2>&1'), /name: valid[\s\S]*Edit cancelled/);
  t.regex(await sh('EDITOR=cat kubectl edit ns'), /kind: List/);
});

test.serial('replace', async (t) => {
  const renamed = file('renamed.json', (await sh('kubectl get pod valid -o json')).replaceAll('"main"', '"other"'));
  t.regex(await fails(`kubectl replace -f ${renamed}`), /is invalid/);
  t.regex(await fails(`kubectl replace --grace-period=1 -f ${renamed}`), /--grace-period must have --force specified/);
  await sh(`kubectl replace --force -f ${renamed}`);
  t.is(await value('pod valid', '.spec.containers[0].name'), 'other');
  t.true((await managers('pod valid')).includes('kubectl-replace'));
  await sh('kubectl delete pod valid --now');
  const node = (rest: object = {}) => ({ kind: 'Node', apiVersion: 'v1', metadata: { name: 'extra', ...rest } });
  const annotated = file('node2.json', node({ annotations: { a: 'b' }, resourceVersion: '0' }));
  await sh(`kubectl create -f ${file('node.json', node())}`);
  await dryRuns(`kubectl replace -f ${annotated}`);
  t.is(await template('node extra', '{{.metadata.annotations.a}}'), '<no value>');
  await sh(`kubectl replace -f ${annotated}`);
  t.is(await value('node extra', '.metadata.annotations.a'), 'b');
  await sh('kubectl delete node extra');
});

test.serial('create --edit, and several objects in one file', async (t) => {
  const objects = [service('mock'), replicationController('mock')];
  const list = { kind: 'List', apiVersion: 'v1', metadata: {}, items: objects };
  const EDITOR = editor('rename.sh', 's/mock/modified/g');
  for (const path of [file('both.json', ...objects), file('list.json', list)]) {
    await sh(`EDITOR=${EDITOR} kubectl create --edit -f ${path}`);
    t.is(`${await names('services')}${await names('rc')}`, 'modified:modified:');
    await sh('kubectl delete svc,rc modified');
  }
  t.regex(await sh(`EDITOR=cat kubectl create --edit -f ${valid} 2>&1`), /Edit cancelled/);
});

test.serial('raw requests', async (t) => {
  const maps = '/api/v1/namespaces/pods/configmaps';
  await sh(`kubectl create --raw ${maps} -f -`, JSON.stringify(configMap('raw')));
  t.regex(await sh(`kubectl replace --raw ${maps}/raw -f -`, JSON.stringify(configMap('raw', { a: 'b' }))), /"uid":/);
  t.regex(await sh(`kubectl get --raw ${maps}/raw`), /"a":"b"/);
  await sh(`kubectl delete --raw ${maps}/raw`);
  t.regex(await fails('kubectl get cm raw'), /configmaps "raw" not found/);
  t.regex(
    await fails('kubectl create --raw /api/v1/namespaces -f -', 'kind: Pod'),
    /the object provided is unrecognized \(must be of type Namespace\)/,
  );
});

test.serial('what a pod refers to is described', async (t) => {
  const from = (name: string, source: object) => ({ name, valueFrom: source });
  const env = [
    from('FROM_SECRET', { secretKeyRef: { name: 's', key: 'k' } }),
    from('FROM_MAP', { configMapKeyRef: { name: 'm', key: 'k' } }),
    from('FROM_POD', { fieldRef: { fieldPath: 'metadata.name' } }),
  ];
  const containers = [{ name: 'main', image: IMAGE, env }];
  await sh(`kubectl create -f ${file('env.json', pod('env', { spec: { containers } }))}`);
  const described = await sh('kubectl describe pod env');
  t.regex(described, /FROM_SECRET:\s+<set to the key 'k' in secret 's'>/);
  t.regex(described, /FROM_MAP:\s+<set to the key 'k' of config map 'm'>/);
  t.regex(described, /FROM_POD:\s+env \(v1:metadata\.name\)/);
});
