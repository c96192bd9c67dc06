import test from 'ava';
import fc from 'fast-check';
import {
  checkConfigKey,
  checkDns1035Label,
  checkDns1123Label,
  checkDns1123Subdomain,
  checkEnvironmentName,
  checkHttpHeaderName,
  checkLabelValue,
  checkPathSegment,
  checkPercent,
  checkPortName,
  checkPortNumber,
  checkQualifiedName,
  generateName,
  isDns1123Label,
  isDns1123Subdomain,
  randomSuffix,
  suffixAlphabet,
} from '../../src/api/index.ts';
import { seededRandom } from '../../src/base/index.ts';

type Check = (value: string) => string[];

const accepted: [check: Check, values: string[]][] = [
  [checkDns1123Label, ['a', '0', 'my-name', '1-2', 'x'.repeat(63)]],
  [checkDns1123Subdomain, ['a.b', 'example.com', '1.2.3', `${'a.'.repeat(126)}b`]],
  [checkDns1035Label, ['a', 'web-1']],
  [checkQualifiedName, ['a', 'A.b_c-1', 'example.com/name']],
  [checkLabelValue, ['', 'a', 'A_b.c', '1']],
  [checkEnvironmentName, ['A', '1A', 'a-b.c', 'a b']],
  [checkConfigKey, ['a', '.hidden', 'UPPER_case.conf', '-']],
  [checkPortName, ['http', 'a-1', '9a']],
  [checkHttpHeaderName, ['X-Header']],
  [checkPercent, ['0%', '100%']],
  [checkPathSegment, ['a b', '...']],
];

const refused: [check: Check, values: string[]][] = [
  [checkDns1123Label, ['', 'A', 'a.b', '-a', 'a-', 'a_b', 'x'.repeat(64), 'a\nb', 'a\n']],
  [checkDns1123Subdomain, ['', 'a..b', '.a', 'A.b', `${'a.'.repeat(127)}b`]],
  [checkDns1035Label, ['', '1a', 'a.b', 'A', 'x'.repeat(64)]],
  [checkQualifiedName, ['', '/a', 'a/', 'a/b/c', 'A_/b', 'x'.repeat(64), '-a']],
  [checkLabelValue, ['-a', 'a b', 'x'.repeat(64)]],
  [checkEnvironmentName, ['', 'a=b', 'ä', 'a\tb']],
  [checkConfigKey, ['', '.', '..', '..a', 'a/b', 'x'.repeat(254)]],
  [checkPortName, ['', '80', 'a--b', '-a', 'a-', 'A', 'x'.repeat(16)]],
  [checkHttpHeaderName, ['', 'a b']],
  [checkPercent, ['1', '%', '-1%', '1.5%']],
  [checkPathSegment, ['.', '..', 'a/b', 'a%b']],
];

test('valid names are accepted', (t) => {
  for (const [check, values] of accepted)
    for (const value of values) t.deepEqual(check(value), [], `${check.name} ${value}`);
});

test('invalid names are refused with a reason', (t) => {
  for (const [check, values] of refused)
    for (const value of values) t.not(check(value).length, 0, `${check.name} ${value}`);
});

test('the reasons are worded as in Kubernetes', (t) => {
  t.deepEqual(checkDns1123Subdomain('My_App'), [
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ]);
  t.deepEqual(checkDns1123Label('a.b'), ['must not contain dots']);
  t.deepEqual(checkPortNumber(70000), ['must be between 1 and 65535, inclusive']);
  t.regex(
    checkQualifiedName('-x')[0]!,
    /^name part must consist of .*\(e\.g\. 'MyName', {2}or 'my\.name', {2}or '123-abc', /,
  );
});

test('the quick checks agree with the ones that explain', (t) => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-zA-Z0-9.\-_]{0,70}$/), (value) => {
      t.is(isDns1123Label(value), checkDns1123Label(value).length === 0);
      t.is(isDns1123Subdomain(value), checkDns1123Subdomain(value).length === 0);
    }),
  );
});

test('generated names fit a label and end in five characters of the alphabet', (t) => {
  fc.assert(
    fc.property(fc.integer(), fc.stringMatching(/^[a-z][a-z0-9]{0,100}-$/), (seed, base) => {
      const name = generateName(base, seededRandom(seed));
      t.true(name.length <= 63);
      t.true(name.startsWith(base.slice(0, 58)));
      t.regex(name.slice(-5), new RegExp(`^[${suffixAlphabet}]{5}$`));
    }),
  );
  t.is(suffixAlphabet.length, 27);
});

test('a seed gives the same suffix again, another seed another', (t) => {
  t.is(randomSuffix(seededRandom(7)), randomSuffix(seededRandom(7)));
  t.not(randomSuffix(seededRandom(7), 10), randomSuffix(seededRandom(8), 10));
});
