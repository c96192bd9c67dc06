import test from 'ava';
import fc from 'fast-check';
import { formatFence, parseFence } from '../../src/api/index.ts';

test('what is formatted is read back, whatever the names', (t) => {
  const name = fc.string({ minLength: 1, unit: 'grapheme' });
  fc.assert(
    fc.property(
      name,
      name,
      fc.string({ unit: 'grapheme' }),
      fc.nat(),
      (namespace, lease, holderIdentity, leaseTransitions) => {
        const fence = { namespace, name: lease, holderIdentity, leaseTransitions };
        t.deepEqual(parseFence(formatFence(fence)), fence);
      },
    ),
  );
});

test('no header is no fence; nonsense is refused', (t) => {
  t.is(parseFence(undefined), undefined);
  for (const header of ['', 'a', 'a/b', 'a/b;c', 'a/b;c;x', '/b;c;1', 'a/b;%;1', `a/b;c;${'9'.repeat(20)}`]) {
    t.throws(() => parseFence(header), { message: /keelson-fence must read/ });
  }
});
