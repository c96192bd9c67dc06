import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import test from 'ava';
import fc from 'fast-check';
import { prefixLinks } from '../../../src/apiserver/proxy/html-links.ts';

const PREFIX = '/api/v1/namespaces/n/pods/web/proxy';

async function through(page: string | Buffer, sizes: readonly number[] = []): Promise<string> {
  const bytes = Buffer.from(page as string, 'latin1');
  const chunks: Buffer[] = [];
  let at = 0;
  for (const size of sizes) {
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  chunks.push(bytes.subarray(at));
  const links = prefixLinks(PREFIX);
  Readable.from(chunks.filter(({ length }) => length > 0)).pipe(links);
  return (await buffer(links)).toString('latin1');
}

const rewritten: [page: string, result: string][] = [
  ['<a href="/x?y=1&amp;z">t</a>', `<a href="${PREFIX}/x?y=1&amp;z">t</a>`],
  ["<A CLASS=big HREF = '/x' >", `<A CLASS=big HREF = '${PREFIX}/x' >`],
  ['<img alt="1 > 0" src=/i.png>', `<img alt="1 > 0" src=${PREFIX}/i.png>`],
  ['<video poster="/p" src="/v">', `<video poster="${PREFIX}/p" src="${PREFIX}/v">`],
  ['<script src="/s.js"></script><a href="/x">', `<script src="${PREFIX}/s.js"></script><a href="${PREFIX}/x">`],
  ['1 < 2 <!doctype html><form action="/">', `1 < 2 <!doctype html><form action="${PREFIX}/">`],
];

const untouched = [
  '<a href="x">',
  '<a href="//elsewhere/x">',
  '<a href="https://elsewhere/x">',
  `<a href="${PREFIX}/x">`,
  '<a title="see href=/x" data-href="/x">',
  '<p src="/x">',
  '<!-- <a href="/x"> -->',
  '<script>let page = \'<a href="/x">\';</script>',
  '<textarea><a href="/x"></textarea>',
  '<a href="/x',
  'no \xe9 markup \xff at all',
];

test('links to paths of the server lead through the proxy', async (t) => {
  for (const [page, result] of rewritten) t.is(await through(page), result);
});

test('all else passes as it is', async (t) => {
  for (const page of untouched) t.is(await through(page), page);
});

test('however a page is cut into pieces, it becomes the same', async (t) => {
  const pieces = fc.constantFrom(
    ...rewritten.map(([page]) => page),
    ...untouched,
    '<',
    '</',
    '<!-',
    '"',
    '-->',
    '</script>',
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(pieces, { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 60 }),
      async (parts, sizes) => {
        const page = parts.join('');
        t.is(await through(page, sizes), await through(page));
      },
    ),
    { numRuns: 300 },
  );
});

test('a tag without an end is passed on, and takes no time to speak of', async (t) => {
  const page = '<a "'.repeat(200_000);
  t.is(await through(page, Array(100).fill(5_000)), page);
});
