import test from 'ava';
import fc from 'fast-check';
import { suggestion } from '../../src/peer/suggestion.ts';

const known = ['peerId', 'nodeName', 'dataDir', 'members', 'podCIDR', 'pki', 'id', 'host'];

test('one wrong, missing, added or swapped letter is recognised', (t) => {
  fc.assert(
    fc.property(
      fc.constantFrom(...known.filter((name) => name.length > 3)),
      fc.nat(),
      fc.constantFrom('replace', 'drop', 'add', 'swap'),
      (name, at, kind) => {
        const i = at % (name.length - 1);
        const typo = {
          replace: `${name.slice(0, i)}#${name.slice(i + 1)}`,
          drop: name.slice(0, i) + name.slice(i + 1),
          add: `${name.slice(0, i)}#${name.slice(i)}`,
          swap: name.slice(0, i) + name[i + 1] + name[i] + name.slice(i + 2),
        }[kind];
        return suggestion(typo, known) === ` (did you mean "${name}"?)`;
      },
    ),
  );
  t.pass();
});

test('case does not matter, and the nearest name wins', (t) => {
  t.is(suggestion('PeerID', known), ' (did you mean "peerId"?)');
  t.is(suggestion('hosts', ['ghosts', 'host', 'hotel']), ' (did you mean "ghosts"?)');
});

test('nothing is suggested for what is too different', (t) => {
  t.is(suggestion('frobnicate', known), '');
  t.is(suggestion('x', known), '', 'two letters are too much of a short word');
  t.is(suggestion('anything', []), '');
});
