import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import {
  type FieldDescription,
  structOf,
  structsOf,
  type TypeDescription,
  typeOf,
  type ValueType,
} from '../../src/api/index.ts';

const data = 'src/api/description/data';
const groupVersions = readdirSync(data).map((file) => file.replace('.json', '').replace('_', '/'));

const field = (apiVersion: string, type: string, name: string): FieldDescription =>
  structOf(apiVersion, type)!.fields.get(name)!;

test('fields say what merging, defaulting and validation need', (t) => {
  const ports = field('v1', 'Container', 'ports');
  t.is(ports.type.kind, 'list');
  t.deepEqual([ports.patchStrategy, ports.patchMergeKey], [['merge'], 'containerPort']);
  t.deepEqual([ports.listType, ports.listMapKeys], ['map', ['containerPort', 'protocol']]);
  t.is(field('v1', 'ContainerPort', 'protocol').default, 'TCP');
  const protocol = field('v1', 'ContainerPort', 'protocol').type;
  t.deepEqual(protocol, { kind: 'enum', name: 'Protocol', values: ['TCP', 'UDP', 'SCTP'], closed: true });
  t.deepEqual(field('v1', 'PodSpec', 'volumes').patchStrategy, ['merge', 'retainKeys']);
  t.deepEqual(field('apps/v1', 'DeploymentSpec', 'strategy').patchStrategy, ['retainKeys']);
  t.is(field('v1', 'PodSpec', 'nodeSelector').mapType, 'atomic');
  t.is(field('v1', 'PersistentVolumeSpec', 'claimRef').structType, 'granular');
  t.true(structOf('meta/v1', 'LabelSelector')!.isAtomic);
  t.true(field('v1', 'PodSpec', 'containers').required);
  t.false(field('v1', 'PodSpec', 'nodeName').required);
  t.true(field('apps/v1', 'DeploymentSpec', 'replicas').pointer);
  t.is(field('v1', 'AzureDiskVolumeSource', 'cachingMode').default, 'ReadWrite');
});

test('fields of inlined structs stand among the others, but count in their own message', (t) => {
  const volume = structOf('v1', 'Volume')!;
  t.true(volume.fields.get('emptyDir')!.fromInlined);
  t.false(volume.fields.get('name')!.fromInlined);
  t.deepEqual(
    volume.inlined.map(({ number, type }) => [number, type.name]),
    [[2, 'VolumeSource']],
  );
});

test('kinds are found by apiVersion, options in every group version, and nothing else', (t) => {
  t.is(typeOf('apps/v1', 'Deployment'), structOf('apps/v1', 'Deployment'));
  t.deepEqual([...typeOf('v1', 'Pod')!.fields.keys()], ['kind', 'apiVersion', 'metadata', 'spec', 'status']);
  t.is(typeOf('batch/v1', 'DeleteOptions'), typeOf('v1', 'DeleteOptions'));
  t.is(typeOf('v1', 'PodSpec'), undefined);
  for (const [apiVersion, kind] of [
    ['v1', 'Thing'],
    ['v1', '__proto__'],
    ['v1', 'toString'],
    ['../data/v1', 'Pod'],
    ['example.com/v1', 'Pod'],
    ['', ''],
  ] as const) {
    t.is(typeOf(apiVersion, kind), undefined, `${apiVersion} ${kind}`);
  }
  t.deepEqual(structsOf('example.com/v1'), []);
});

test('every type of every group version is described to the end', (t) => {
  let fields = 0;
  const seen = new Set<TypeDescription>();
  const walkValue = (type: ValueType): void => {
    if (type.kind === 'list') walkValue(type.items);
    else if (type.kind === 'map') walkValue(type.values);
    else if (type.kind === 'object') walk(type.type);
  };
  const walk = (type: TypeDescription): void => {
    if (seen.has(type)) return;
    seen.add(type);
    const numbers = new Set<number>();
    for (const [name, description] of type.fields) {
      fields++;
      if (description.jsonName !== name) t.fail(`${type.name}.${name} is named ${description.jsonName}`);
      if (description.number > 0 && !description.fromInlined) {
        if (numbers.has(description.number)) t.fail(`${type.name}.${name} has another's number`);
        numbers.add(description.number);
      }
      walkValue(description.type);
      const { listType, listMapKeys, type: valueType } = description;
      if (listType !== undefined && valueType.kind !== 'list') t.fail(`${type.name}.${name} is no list`);
      for (const key of listMapKeys) {
        const items = valueType.kind === 'list' ? valueType.items : undefined;
        if (items?.kind !== 'object' || !items.type.fields.has(key)) t.fail(`${type.name}.${name} has no key ${key}`);
      }
    }
  };
  for (const groupVersion of groupVersions) for (const type of structsOf(groupVersion)) walk(type);
  t.true(seen.size > 1100, `${seen.size} types`);
  t.true(fields > 4900, `${fields} fields`);
});

test('it is small', (t) => {
  const bytes = readdirSync(data).reduce((sum, file) => sum + statSync(join(data, file)).size, 0);
  t.true(bytes < 250_000, `${bytes} bytes`);
});

test('what is generated is what the generator makes of the facts', (t) => {
  const facts = process.env['KUBERNETES_FACTS'] ?? '../shared/kubernetes/facts-1.35.json';
  if (!existsSync(facts)) {
    t.log(`no facts in ${facts} (KUBERNETES_FACTS): skipped`);
    t.pass();
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'keelson-generate-'));
  try {
    cpSync('src/api/generate', join(folder, 'generate'), { recursive: true });
    execFileSync(process.execPath, [join(folder, 'generate/main.ts'), '--facts', facts]);
    for (const output of ['types', 'description/data']) {
      const files = readdirSync(join(folder, output));
      t.deepEqual(files, readdirSync(join('src/api', output)));
      for (const file of files) {
        const made = readFileSync(join(folder, output, file), 'utf8');
        t.is(made, readFileSync(join('src/api', output, file), 'utf8'), `${output}/${file}`);
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
