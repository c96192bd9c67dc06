import test from 'ava';
import {
  aggregatedDiscovery,
  apiGroup,
  apiGroupList,
  apiResourceList,
  apiVersions,
  resourceTypes,
} from '../../src/api/index.ts';

const lineOf = (group: string, version: string, name: string): string =>
  JSON.stringify(apiResourceList(group, version)!.resources.find((resource) => resource.name === name));

test('resources read word for word as those of Kubernetes 1.35', (t) => {
  const verbs = '"verbs":["create","delete","deletecollection","get","list","patch","update","watch"]';
  t.is(
    lineOf('', 'v1', 'pods'),
    `{"name":"pods","singularName":"pod","namespaced":true,"kind":"Pod",${verbs},"shortNames":["po"],"categories":["all"],"storageVersionHash":"xPOwRZ+Yhw8="}`,
  );
  t.is(
    lineOf('', 'v1', 'namespaces'),
    '{"name":"namespaces","singularName":"namespace","namespaced":false,"kind":"Namespace","verbs":["create","delete","get","list","patch","update","watch"],"shortNames":["ns"],"storageVersionHash":"Q3oi5N2YM8M="}',
  );
  t.is(
    lineOf('', 'v1', 'pods/eviction'),
    '{"name":"pods/eviction","singularName":"","namespaced":true,"group":"policy","version":"v1","kind":"Eviction","verbs":["create"]}',
  );
  t.is(
    lineOf('apps', 'v1', 'deployments/scale'),
    '{"name":"deployments/scale","singularName":"","namespaced":true,"group":"autoscaling","version":"v1","kind":"Scale","verbs":["get","patch","update"]}',
  );
  t.is(
    lineOf('apps', 'v1', 'deployments/status'),
    '{"name":"deployments/status","singularName":"","namespaced":true,"kind":"Deployment","verbs":["get","patch","update"]}',
  );
  t.is(
    lineOf('authorization.k8s.io', 'v1', 'selfsubjectaccessreviews'),
    '{"name":"selfsubjectaccessreviews","singularName":"selfsubjectaccessreview","namespaced":false,"kind":"SelfSubjectAccessReview","verbs":["create"]}',
  );
});

test('storage version hashes are those of real clusters', (t) => {
  const hashes: [group: string, version: string, resource: string, hash: string][] = [
    ['', 'v1', 'configmaps', 'qFsyl6wFWjQ='],
    ['', 'v1', 'events', 'r2yiGXH7wu8='],
    ['events.k8s.io', 'v1', 'events', 'r2yiGXH7wu8='],
    ['autoscaling', 'v1', 'horizontalpodautoscalers', 'qwQve8ut294='],
    ['apps', 'v1', 'statefulsets', 'H+vl74LkKdo='],
    ['batch', 'v1', 'jobs', 'mudhfqk/qZY='],
    ['apiregistration.k8s.io', 'v1', 'apiservices', 'InPBPD7+PqM='],
    ['storage.k8s.io', 'v1', 'storageclasses', 'K+m6uJwbjGY='],
  ];
  for (const [group, version, resource, hash] of hashes) {
    t.true(lineOf(group, version, resource).includes(`"storageVersionHash":"${hash}"`), resource);
  }
  t.false(lineOf('', 'v1', 'bindings').includes('storageVersionHash'));
});

test('groups come in the order of Kubernetes, the preferred version first', (t) => {
  const list = apiGroupList();
  t.is(list.groups[0]?.name, 'apiregistration.k8s.io');
  t.is(list.groups.length, 20);
  const autoscaling = apiGroup('autoscaling')!;
  t.is(
    JSON.stringify(autoscaling),
    '{"kind":"APIGroup","apiVersion":"v1","name":"autoscaling","versions":[{"groupVersion":"autoscaling/v2","version":"v2"},{"groupVersion":"autoscaling/v1","version":"v1"}],"preferredVersion":{"groupVersion":"autoscaling/v2","version":"v2"}}',
  );
  t.is(apiGroup(''), undefined);
  t.is(apiGroup('example.com'), undefined);
});

test('lists of core say their kind only, others their apiVersion as well', (t) => {
  t.deepEqual(Object.keys(apiResourceList('', 'v1')!), ['kind', 'groupVersion', 'resources']);
  t.deepEqual(Object.keys(apiResourceList('apps', 'v1')!), ['kind', 'apiVersion', 'groupVersion', 'resources']);
  t.is(apiResourceList('apps', 'v1beta1'), undefined);
  t.is(apiVersions('10.0.0.1:6443').serverAddressByClientCIDRs[0]?.serverAddress, '10.0.0.1:6443');
});

test('aggregated discovery says the same as the lists', (t) => {
  const both = [...aggregatedDiscovery('api').items, ...aggregatedDiscovery('apis').items];
  const names = both.flatMap((group) =>
    (group.versions ?? []).flatMap(({ version, resources = [] }) =>
      resources.flatMap(({ resource, scope, verbs, subresources = [] }) => [
        [group.metadata?.name ?? '', version, resource, scope, verbs],
        ...subresources.map((entry) => [
          group.metadata?.name ?? '',
          version,
          `${resource}/${entry.subresource}`,
          scope,
          entry.verbs,
        ]),
      ]),
    ),
  );
  const groupVersions = new Map(
    resourceTypes().map(({ group, version }) => [`${group}/${version}`, { group, version }]),
  );
  const expected = [...groupVersions.values()].flatMap(({ group, version }) =>
    apiResourceList(group, version)!.resources.map(({ name, namespaced, verbs }) => [
      group,
      version,
      name,
      namespaced ? 'Namespaced' : 'Cluster',
      verbs,
    ]),
  );
  t.deepEqual(names, expected);
  t.is(aggregatedDiscovery('api').apiVersion, 'apidiscovery.k8s.io/v2');
  t.is(aggregatedDiscovery('apis', 'v2beta1').apiVersion, 'apidiscovery.k8s.io/v2beta1');
});

test('a kind of another group says so in aggregated discovery', (t) => {
  const pods = aggregatedDiscovery('api').items[0]?.versions?.[0]?.resources?.find(
    ({ resource }) => resource === 'pods',
  );
  t.deepEqual(pods?.responseKind, { group: '', version: '', kind: 'Pod' });
  const eviction = pods?.subresources?.find(({ subresource }) => subresource === 'eviction');
  t.deepEqual(eviction?.responseKind, { group: 'policy', version: 'v1', kind: 'Eviction' });
});
