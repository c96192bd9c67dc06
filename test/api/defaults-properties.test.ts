import test from 'ava';
import fc from 'fast-check';
import { apiVersionOf, applyDefaults, type KubernetesObject, resourceTypes } from '../../src/api/index.ts';
import { arbitraryKind } from './support/arbitrary-object.ts';

test('what is complete stays as it is, of every kind', (t) => {
  for (const type of resourceTypes()) {
    fc.assert(
      fc.property(arbitraryKind(apiVersionOf(type), type.kind, 4), (object) => {
        const once = { metadata: {}, ...object } as unknown as KubernetesObject;
        applyDefaults(once);
        const twice = structuredClone(once);
        applyDefaults(twice);
        t.deepEqual(twice, once, type.kind);
      }),
      { numRuns: 20 },
    );
  }
});
