import test from 'ava';
import fc from 'fast-check';
import {
  bindFieldSelector,
  everything,
  type LabelOperator,
  LabelSelector,
  nothing,
  parseFieldSelector,
  parseLabelSelector,
  selectableFields,
  selectorFromLabels,
  selectorFromObject,
} from '../../src/api/index.ts';

const labels = { app: 'web', tier: 'front', size: '5', empty: '' };

test('selectors match as in Kubernetes', (t) => {
  const cases: [text: string, matches: boolean][] = [
    ['', true],
    ['app=web', true],
    ['app==web', true],
    ['app=db', false],
    ['app!=db', true],
    ['missing!=db', true],
    ['app', true],
    ['!app', false],
    ['!missing', true],
    ['app in (web, db)', true],
    ['app in (db)', false],
    ['app notin (db)', true],
    ['missing notin (db)', true],
    ['missing in (db)', false],
    ['size>4', true],
    ['size>5', false],
    ['size < 6', true],
    ['app>1', false],
    ['missing<1', false],
    ['empty=', true],
    ['empty in ()', true],
    ['app=web,tier in (front,back),!missing', true],
    ['app=web , tier=back', false],
    ['in in (a)', false],
    ['example.com/x=1', false],
    ['toString', false],
    ['constructor!=x', true],
  ];
  for (const [text, expected] of cases) t.is(parseLabelSelector(text).matches(labels), expected, text);
  t.true(parseLabelSelector('!a').matches(undefined));
});

test('malformed selectors are a bad request that says where', (t) => {
  const cases = [
    ',',
    'a,',
    'a,,b',
    '=a',
    'a=b=c',
    'a in b',
    'a in (b',
    'a in (b;',
    '!',
    'a!b',
    '(a)',
    'a=(b)',
    'a>b',
    '-a',
    'a=-b',
    'a/b/c',
    '!a=b',
    'a in',
  ];
  for (const text of cases) {
    const error = t.throws(() => parseLabelSelector(text), undefined, text);
    t.like(error, { code: 'API_BAD_REQUEST' });
    t.regex(error!.message, /^unable to parse requirement: /);
  }
});

const key = fc.stringMatching(/^[a-z]{1,3}$/);
const value = fc.stringMatching(/^[a-z0-9]{0,2}$/);
const requirement = fc
  .tuple(
    key,
    fc.constantFrom<LabelOperator>('=', '==', '!=', 'in', 'notin', 'exists', '!', '>', '<'),
    fc.uniqueArray(value, { minLength: 1, maxLength: 3 }),
    fc.nat(99),
  )
  .map(([key, operator, values, bound]) => {
    if (operator === 'exists' || operator === '!') return { key, operator, values: [] };
    if (operator === '>' || operator === '<') return { key, operator, values: [String(bound)] };
    return { key, operator, values: operator === 'in' || operator === 'notin' ? values : [values[0]!] };
  });

test("a selector's text parses back to the same selector", (t) => {
  fc.assert(
    fc.property(fc.array(requirement, { maxLength: 4 }), fc.dictionary(key, value), (requirements, someLabels) => {
      const selector = new LabelSelector(requirements);
      const parsed = parseLabelSelector(selector.toString());
      t.is(parsed.toString(), selector.toString());
      t.is(parsed.matches(someLabels), selector.matches(someLabels));
    }),
  );
});

test('no text crashes the parser', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'ab!=<>(), in') }), (text) => {
      try {
        parseLabelSelector(text);
      } catch (error) {
        t.like(error, { code: 'API_BAD_REQUEST' });
      }
    }),
  );
  t.pass();
});

test('objects become selectors: none selects nothing, an empty one everything', (t) => {
  t.is(selectorFromObject(undefined), nothing);
  t.false(nothing.matches(labels));
  t.false(nothing.empty);
  t.is(selectorFromObject({}), everything);
  t.true(everything.empty);
  const selector = selectorFromObject({
    matchLabels: { app: 'web' },
    matchExpressions: [
      { key: 'tier', operator: 'In', values: ['front', 'back'] },
      { key: 'tier', operator: 'NotIn', values: ['back'] },
      { key: 'app', operator: 'Exists' },
      { key: 'missing', operator: 'DoesNotExist' },
    ],
  });
  t.true(selector.matches(labels));
  t.false(selector.matches({ app: 'web' }));
  t.is(selector.toString(), 'app=web,app,!missing,tier in (back,front),tier notin (back)');
  t.throws(() => selectorFromObject({ matchExpressions: [{ key: 'a', operator: 'Near' }] }), {
    message: '"Near" is not a valid label selector operator',
  });
  t.throws(() => selectorFromObject({ matchExpressions: [{ key: 'a', operator: 'In' }] }), {
    message: /values set can't be empty/,
  });
  t.throws(() => selectorFromObject({ matchExpressions: [{ key: '', operator: 'Exists', values: ['x'] }] }), {
    message: /^\[key: Invalid value: "".*values: Invalid value: \["x"\]: values set must be empty/,
  });
  t.true(selectorFromLabels({ app: 'web' }).matches(labels));
});

const pod = {
  metadata: { name: 'a', namespace: 'default' },
  spec: { nodeName: 'n1' },
  status: { phase: 'Running' },
};
const podType = { group: '', kind: 'Pod' };

test('field selectors match the fields of their kind', (t) => {
  const cases: [text: string, matches: boolean][] = [
    ['', true],
    ['metadata.name=a', true],
    ['metadata.name==b', false],
    ['status.phase!=Failed,spec.nodeName=n1', true],
    ['spec.host=n1', true],
    ['spec.hostNetwork=false', true],
    ['spec.schedulerName=', true],
    ['status.nominatedNodeName!=', false],
  ];
  for (const [text, expected] of cases) {
    t.is(bindFieldSelector(podType, parseFieldSelector(text)).matchesObject(pod), expected, text);
  }
  const selector = parseFieldSelector('a=1,b!=2');
  t.true(selector.matches((field) => (field === 'a' ? '1' : '')));
  t.is(selector.exactValue('a'), '1');
  t.is(selector.exactValue('b'), undefined);
});

test('unknown fields are a bad request', (t) => {
  t.throws(() => bindFieldSelector(podType, parseFieldSelector('spec.foo=1')), {
    message: 'field label not supported: spec.foo',
  });
  t.throws(() => bindFieldSelector({ group: 'apps', kind: 'Deployment' }, parseFieldSelector('spec.foo=1')), {
    message: '"spec.foo" is not a known field selector: only "metadata.name", "metadata.namespace"',
  });
});

test('values are escaped with a backslash', (t) => {
  const selector = parseFieldSelector(String.raw`a=x\,y\=z\\,b=2`);
  t.deepEqual(
    selector.requirements.map(({ value }) => value),
    [String.raw`x,y=z\ `.trim(), '2'],
  );
  t.is(parseFieldSelector(selector.toString()).toString(), selector.toString());
  for (const text of ['a', 'a=b=c', String.raw`a=\x`, 'a,b=1', 'a=1\\']) {
    t.like(
      t.throws(() => parseFieldSelector(text)),
      { code: 'API_BAD_REQUEST' },
      text,
    );
  }
});

test('the fields that an object can be selected by, with their values', (t) => {
  t.like(selectableFields(podType, pod), { 'metadata.name': 'a', 'spec.nodeName': 'n1', 'status.podIP': '' });
  t.deepEqual(selectableFields({ group: '', kind: 'ConfigMap' }, pod), {
    'metadata.name': 'a',
    'metadata.namespace': 'default',
  });
  const event = { source: { component: 'kubelet' }, involvedObject: { name: 'a' } };
  t.like(selectableFields({ group: '', kind: 'Event' }, event), { source: 'kubelet', 'involvedObject.name': 'a' });
});
