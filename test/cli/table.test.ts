import test from 'ava';
import fc from 'fast-check';
import { formatTable } from '../../src/cli/table.ts';

test('columns are as wide as their widest cell, three spaces apart', (t) => {
  const text = formatTable(
    ['NAME', 'ROLE', 'API'],
    [
      ['peer-1', '', 'a'],
      ['p', 'leader', ''],
    ],
  );
  t.deepEqual(text.split('\n'), ['NAME     ROLE     API', 'peer-1            a', 'p        leader']);
});

test('every cell begins below its heading', (t) => {
  const word = fc.stringMatching(/^[a-z]{1,8}$/);
  const rows = fc.integer({ min: 1, max: 5 }).chain((columns) => {
    const row = fc.array(word, { minLength: columns, maxLength: columns });
    return fc.tuple(row, fc.array(row, { maxLength: 5 }));
  });
  fc.assert(
    fc.property(rows, ([header, body]) => {
      const lines = formatTable(header, body).split('\n');
      const starts = (line: string): number[] => [...line.matchAll(/\S+/g)].map(({ index }) => index);
      return (
        lines.length === body.length + 1 &&
        lines.every((line) => String(starts(line)) === String(starts(lines[0] ?? '')))
      );
    }),
  );
  t.pass();
});
