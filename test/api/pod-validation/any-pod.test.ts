import test from 'ava';
import fc from 'fast-check';
import { applyDefaults, type KubernetesObject, validate, validateUpdate, warningsOf } from '../../../src/api/index.ts';
import { arbitraryKind } from '../support/arbitrary-object.ts';

const type = { group: '', kind: 'Pod', namespaced: true };

test('whatever two pods hold, each way of changing one into the other is judged', (t) => {
  const pods = arbitraryKind('v1', 'Pod', 6) as fc.Arbitrary<object>;
  fc.assert(
    fc.property(pods, pods, (a, b) => {
      const [pod, old] = [structuredClone(a), structuredClone(b)] as [KubernetesObject, KubernetesObject];
      for (const object of [pod, old]) {
        object.metadata ??= {};
        applyDefaults(object);
      }
      for (const subresource of [undefined, 'status', 'resize', 'ephemeralcontainers']) {
        for (const { field, detail } of validateUpdate(pod, old, type, subresource))
          t.is(typeof field + typeof detail, 'stringstring');
      }
      t.true(Array.isArray(validate(pod, type)));
      for (const warning of warningsOf(pod, undefined, type)) t.is(typeof warning, 'string');
    }),
    { numRuns: 300 },
  );
  t.pass();
});

test('a pod that may be created may stay as it is', (t) => {
  fc.assert(
    fc.property(arbitraryKind('v1', 'Pod', 3) as fc.Arbitrary<object>, (given) => {
      const pod = structuredClone(given) as KubernetesObject;
      pod.metadata = { ...pod.metadata, name: 'p', namespace: 'default' };
      applyDefaults(pod);
      const invalid = validate(pod, type).length > 0;
      const found = validateUpdate(pod, pod, type);
      t.true(invalid || found.length === 0, JSON.stringify(found));
    }),
    { numRuns: 300 },
  );
  t.pass();
});
