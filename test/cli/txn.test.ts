import test from 'ava';
import fc from 'fast-check';
import { keyFromText, keyToText, readableEntry } from '../../src/cli/key-text.ts';
import { parseTxn, readableTxn } from '../../src/cli/txn.ts';

test('keys are UTF-8 in the store, and text for people', (t) => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => keyToText(keyFromText(text)) === text));
  t.is(keyFromText('ü'), '\u00c3\u00bc');
});

test('a transaction of text becomes one of bytes', (t) => {
  const request = parseTxn(
    JSON.stringify({
      compare: [
        { key: 'ü', target: 'value', operator: '=', operand: 'ä' },
        { key: 'a', end: 'b', target: 'version', operator: '>', operand: 0 },
      ],
      then: [
        { type: 'put', key: 'k', value: 'v', lease: 7 },
        { type: 'txn', request: { else: [{ type: 'delete', key: 'a', end: 'b' }] } },
      ],
      else: [{ type: 'range', request: { key: 'a', limit: 3, keysOnly: true } }],
    }),
  );
  t.deepEqual(request, {
    compare: [
      { key: '\u00c3\u00bc', target: 'value', operator: '=', operand: Buffer.from('ä') },
      { key: 'a', end: 'b', target: 'version', operator: '>', operand: 0 },
    ],
    then: [
      { type: 'put', key: 'k', value: Buffer.from('v'), lease: 7 },
      { type: 'txn', request: { compare: [], then: [], else: [{ type: 'delete', key: 'a', end: 'b' }] } },
    ],
    else: [{ type: 'range', request: { key: 'a', limit: 3, keysOnly: true } }],
  });
  t.deepEqual(parseTxn('{}'), { compare: [], then: [], else: [] });
});

const mistakes: [json: string, text: RegExp][] = [
  ['', /Unexpected end of JSON/],
  ['[]', /it must be an object, not \[\]/],
  ['{"comparee":[]}', /unknown field "comparee" \(did you mean "compare"\?\)/],
  ['{"compare":{}}', /field "compare" must be a list, not \{\}/],
  ['{"compare":[{"key":"a"}]}', /field "compare\[0\].target" must be one of version, /],
  ['{"compare":[{"key":"a","target":"value","operator":"=","operand":1}]}', /"compare\[0\].operand" must be a text/],
  ['{"compare":[{"key":"a","target":"version","operator":"~","operand":1}]}', /"compare\[0\].operator" must be one of/],
  ['{"then":[7]}', /field "then\[0\].type" must be one of put, delete, range, txn, not undefined/],
  ['{"then":[null]}', /field "then\[0\].type" must be/],
  ['{"then":[{"type":"constructor"}]}', /field "then\[0\].type" must be/],
  ['{"then":[{"type":"put","key":"a"}]}', /field "then\[0\].value" is missing/],
  ['{"then":[{"type":"put","key":"","value":"v"}]}', /field "then\[0\].key" must be a text/],
  [
    '{"else":[{"type":"range","request":{"key":"a","keysOnly":1}}]}',
    /"else\[0\].request.keysOnly" must be true or false/,
  ],
];

for (const [json, text] of mistakes) {
  test(`what is wrong with a transaction is said: ${json}`, (t) => {
    const error = t.throws(() => parseTxn(json), { code: 'INVALID', message: text });
    t.true(error.message.startsWith("the transaction can't be read: "));
  });
}

test('an outcome is readable', (t) => {
  const kv = { key: '\u00c3\u00bc', value: Buffer.from('v'), createRevision: 1, modRevision: 2, version: 2, lease: 0 };
  t.like(readableEntry(kv), { key: 'ü', value: 'v', modRevision: 2 });
  const result = readableTxn({
    succeeded: true,
    revision: 5,
    results: [
      { type: 'put' },
      { type: 'delete', deleted: 2 },
      { type: 'range', result: { revision: 5, kvs: [kv], count: 1, more: false } },
      { type: 'txn', result: { succeeded: false, revision: 5, results: [] } },
    ],
  });
  t.deepEqual(result, {
    succeeded: true,
    revision: 5,
    results: [
      { type: 'put' },
      { type: 'delete', deleted: 2 },
      { type: 'range', count: 1, kvs: [readableEntry(kv)] },
      { type: 'txn', succeeded: false, revision: 5, results: [] },
    ],
  });
});
