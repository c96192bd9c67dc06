import test from 'ava';
import { booleanParameter } from '../../src/api/index.ts';

test('a boolean parameter is true unless it says false, in any case, or 0', (t) => {
  const read = (query: string): boolean | undefined => booleanParameter(new URLSearchParams(query), 'watch');
  t.is(read(''), undefined);
  t.is(read('other=1'), undefined);
  for (const query of ['watch', 'watch=', 'watch=1', 'watch=true', 'watch=True', 'watch=TRUE', 'watch=yes'])
    t.true(read(query), query);
  for (const query of ['watch=0', 'watch=false', 'watch=False', 'watch=FALSE']) t.false(read(query), query);
  t.true(read('watch=True&watch=false'), 'the first one counts');
});
