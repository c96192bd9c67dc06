import test from 'ava';
import {
  apiVersionOf,
  findKind,
  findResource,
  resources,
  resourceTypes,
  storageType,
  typeOf,
} from '../../src/api/index.ts';

test('every served kind and every body of a subresource is described', (t) => {
  for (const type of resourceTypes()) {
    t.truthy(typeOf(apiVersionOf(type), type.kind), `${type.resource} ${type.kind}`);
    for (const { name, group, version, kind } of type.subresources) {
      t.truthy(typeOf(apiVersionOf({ group, version }), kind), `${type.resource}/${name} ${kind}`);
    }
    if (type.verbs.includes('list')) t.truthy(typeOf(apiVersionOf(type), `${type.kind}List`), type.kind);
  }
  t.is(resourceTypes().length, 66);
});

test('kinds are found by path and by object', (t) => {
  for (const type of resourceTypes()) {
    t.is(findResource(type.group, type.version, type.resource), type);
    t.is(findKind(apiVersionOf(type), type.kind), type);
  }
  t.is(findResource('', 'v1', 'deployments'), undefined);
  t.is(findResource('apps', 'v1beta1', 'deployments'), undefined);
  t.is(findKind('apps/v1', 'Pod'), undefined);
  t.is(findKind('v1', '__proto__'), undefined);
});

test('the kinds that components use are served as they think', (t) => {
  for (const reference of Object.values(resources)) {
    const type = findResource(reference.group, reference.version, reference.resource);
    t.like(type, { kind: reference.kind, namespaced: reference.namespaced });
  }
});

test('kinds with a status have its subresource', (t) => {
  const without = new Set(['componentstatuses', 'endpoints', 'customresourcedefinitions']);
  for (const type of resourceTypes()) {
    const hasStatus = typeOf(apiVersionOf(type), type.kind)!.fields.has('status');
    const isStored = type.verbs.includes('watch');
    if (!isStored || without.has(type.resource)) continue;
    t.is(
      type.subresources.some(({ name }) => name === 'status'),
      hasStatus,
      type.resource,
    );
  }
});

test('events and autoscalers have one storage each', (t) => {
  const stored = (group: string, version: string, resource: string): string =>
    apiVersionOf(storageType(findResource(group, version, resource)!));
  t.is(stored('events.k8s.io', 'v1', 'events'), 'v1');
  t.is(stored('', 'v1', 'events'), 'v1');
  t.is(stored('autoscaling', 'v1', 'horizontalpodautoscalers'), 'autoscaling/v2');
  t.is(stored('apps', 'v1', 'deployments'), 'apps/v1');
});
