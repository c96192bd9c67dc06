import test from 'ava';
import { definition } from './support/manifests.ts';
import { scenario } from './support/scenario.ts';

const { user, sh, fails, file, names, value, template, enterNamespace } = scenario(test);

const foo = (rest: object = {}) => ({
  apiVersion: 'company.com/v1',
  kind: 'Foo',
  metadata: { name: 'test', labels: { group: 'pruned' } },
  someField: 'field1',
  nestedField: { first: 'one', second: 'two' },
  ...rest,
});
const bar = () => foo({ kind: 'Bar' });
const foos = file('foo.json', foo());
const bars = file('bar.json', bar());

test.serial.before(async () => {
  await enterNamespace('custom');
  const odd = definition('Kind', 'mygroup.example.com', { plural: 'resources', singular: 'resource' });
  odd.metadata.name = 'resources.mygroup.example.com';
  const kinds = file('kinds.json', definition('Foo', 'company.com'), definition('Bar', 'company.com'), odd);
  await sh(`kubectl create -f ${kinds} && kubectl wait --for=condition=Established -f ${kinds}`);
});

test.serial('a kind whose resource has another name', async (t) => {
  const object = { apiVersion: 'mygroup.example.com/v1', kind: 'Kind', metadata: { name: 'myobj' } };
  await sh(`kubectl create -f ${file('odd.json', object)}`);
  for (const form of ['resource/myobj', 'resources/myobj', 'kind.mygroup.example.com/myobj']) {
    t.is(await sh(`kubectl get ${form} -o name`), 'kind.mygroup.example.com/myobj\n');
  }
  await sh('kubectl delete resources myobj --cascade=background');
});

test.serial('names and printers', async (t) => {
  for (const path of ['/apis/company.com', '/apis/company.com/v1', '/apis/company.com/v1/foos']) {
    await sh(`kubectl get --raw ${path}`);
  }
  await sh(`kubectl create -f ${foos}`);
  for (const form of ['foos', 'foo', 'foos.company.com', 'foos.v1.company.com']) t.is(await names(form), 'test:', form);
  for (const format of ['', '-o wide', '-o json', '-o yaml', '-o name']) {
    t.regex(await sh(`kubectl get foos ${format}`), /test/);
    t.regex(await sh(`kubectl get foos/test ${format}`), /test/);
  }
  t.is(await sh('kubectl get foos --allow-missing-template-keys=false -o jsonpath={.items[*].someField}'), 'field1');
  await sh('kubectl label foos --all all=true && kubectl annotate foo/test one=true');
  t.regex(await sh('kubectl describe foos'), /Labels:\s+all=true\n\s+group=pruned\nAnnotations:\s+one: true/);
});

test.serial('patches', async (t) => {
  await sh(`kubectl patch foo test --type=merge -p '{"patched":"one"}'`);
  t.is(await value('foo test', '.patched'), 'one');
  await sh(`kubectl patch foo test --type=merge -p '{"patched":null}'`);
  t.is(await template('foo test', '{{.patched}}'), '<no value>');
  const local = file('local.json', await sh('kubectl get foo test -o json'));
  t.regex(await fails(`kubectl patch --local -f ${local} -p '{"patched":"x"}'`), /try --type merge/);
  t.regex(
    await fails(`kubectl patch foo test -p '{"patched":"x"}'`),
    /strategic-merge-patch\+json is not supported by company\.com\/v1, Kind=Foo/,
  );
  await sh(`kubectl patch -f ${local} --type=merge -p '{"patched":"three"}'`);
  t.is(await value('foo test', '.patched'), 'three');
  await sh('kubectl delete foo test');
});

test.serial('watches', async (t) => {
  await sh(`kubectl create -f ${bars}`);
  const watch = user.background('kubectl get bars --watch -o name');
  await watch.until(/^bar\.company\.com\/test\n/);
  await sh(`kubectl patch bar test --type=merge -p '{"patched":"1"}'`);
  await watch.until(/(bar\.company\.com\/test\n){2}/);
  await watch.interrupt();
  await sh('kubectl delete bar test --cascade=orphan');
  t.is(await names('bars'), '');
});

test.serial('apply adds, changes and removes fields', async (t) => {
  await sh(`kubectl apply -f ${foos}`);
  t.is(await sh(`kubectl apply -f ${foos}`), 'foo.company.com/test unchanged\n');
  await sh(`kubectl apply -f ${file('changed.json', foo({ nestedField: { first: 'new', third: 'three' } }))}`);
  t.is(await template('foo test', '{{.nestedField}} {{.someField}}'), 'map[first:new third:three] field1');
  const list = { apiVersion: 'v1', kind: 'List', items: [foo({ someField: 'listed' }), bar()] };
  t.is(
    await sh(`kubectl apply -f ${file('list.json', list)}`),
    'foo.company.com/test configured\nbar.company.com/test created\n',
  );
  t.is(await value('foo test', '.someField'), 'listed');
  const prune = '--prune -l group=pruned --prune-allowlist=company.com/v1/Foo --prune-allowlist=company.com/v1/Bar';
  t.regex(await sh(`kubectl apply -f ${bars} ${prune}`), /foo\.company\.com\/test pruned/);
  t.is(`${await names('foos')}${await names('bars')}`, 'test:');
});

test.serial('objects go with their namespace', async (t) => {
  await sh(`kubectl create ns going && kubectl create -f ${bars} -n going`);
  t.is(await names('bars -n going'), 'test:');
  await sh('kubectl delete ns going');
  t.is(await names('bars -n going'), '');
});
