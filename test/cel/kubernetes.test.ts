import test from 'ava';
import {
  type AccessQuestion,
  authorizerType,
  authorizerValue,
  CompileError,
  celTypes,
  compile,
  EvaluationError,
  fromJson,
  schemaType,
  WrongResultError,
} from '../../src/cel/index.ts';

/** What Kubernetes' pages about expressions say of them, and the like. */
const object = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'prod', labels: { app: 'web', 'example.com/tier': 'front' } },
  spec: {
    replicas: 5,
    strategy: { rollingUpdate: { maxSurge: '25%' } },
    ratio: 0.5,
    template: {
      spec: {
        containers: [
          { name: 'a', image: 'registry.example.com/a:1', ports: [{ containerPort: 80 }, { containerPort: 443 }] },
          { name: 'b', image: 'registry.example.com/b:1', resources: { limits: { memory: '1Gi', cpu: '500m' } } },
        ],
      },
    },
  },
};

const holds: readonly string[] = [
  'object.spec.replicas <= 5',
  'object.spec.replicas + 1 == 6',
  'object.spec.ratio < 1',
  "object.metadata.labels['app'] == 'web'",
  "'app' in object.metadata.labels",
  'has(object.spec.template.spec.containers[0].ports)',
  '!has(object.spec.template.spec.containers[1].ports)',
  "object.spec.template.spec.containers.all(c, c.image.startsWith('registry.example.com/'))",
  "object.spec.template.spec.containers.exists_one(c, c.name == 'a')",
  "object.spec.template.spec.containers.map(c, c.name) == ['a', 'b']",
  "object.spec.template.spec.containers.filter(c, has(c.resources))[0].name == 'b'",
  'object.?spec.?template.?metadata.hasValue() == false',
  "object.?metadata.?labels[?'missing'].orValue('none') == 'none'",
  "object.metadata.?labels['app'].optMap(v, v + '!').value() == 'web!'",
  'object.spec.template.spec.containers.all(i, c, i < 2 && c.name != "")',
  "object.metadata.labels.transformMap(k, v, k.startsWith('example.com/'), v.upperAscii()) == {'example.com/tier': 'FRONT'}",
  "cel.bind(names, object.spec.template.spec.containers.map(c, c.name), names.size() == 2 && 'a' in names)",
  "quantity(object.spec.template.spec.containers[1].resources.limits.memory).isGreaterThan(quantity('512Mi'))",
  "quantity('500m').add(quantity('1.5')).compareTo(quantity('2')) == 0",
  "quantity('50k').asInteger() == 50000 && quantity('50Mi').sub(20).isInteger()",
  "isQuantity('20M') && !isQuantity('20Q') && quantity('-1').sign() == -1",
  '[1, 2, 2, 3].isSorted() && ![2, 1].isSorted() && [1, 3].sum() == 4 && [1.5, 2.0].sum() == 3.5',
  "['a', 'b', 'b'].indexOf('b') == 1 && ['a', 'b', 'b'].lastIndexOf('b') == 2 && [3, 1].min() == 1 && [3, 1].max() == 3",
  "[duration('1m'), duration('1s')].sum() == duration('61s')",
  "'abc 123'.find('[0-9]+') == '123' && '1 2 3'.findAll('[0-9]', 2) == ['1', '2'] && 'abc'.find('x') == ''",
  "'ABC'.matches('^[A-Z]+$')",
  "url('https://example.com:80/path?k=a&k=b').getHost() == 'example.com:80'",
  "url('https://[::1]:80/').getHostname() == '::1' && url('https://example.com:80/').getPort() == '80'",
  "url('https://example.com/a%20b?k=a&k=b').getQuery()['k'] == ['a', 'b']",
  "url('https://example.com/a%20b').getEscapedPath() == '/a%20b' && isURL('/absolute') && !isURL('../relative')",
  "ip('192.168.0.1').family() == 4 && ip('::1').isLoopback() && isIP('::1') && !isIP('::ffff:1.2.3.4')",
  "ip.isCanonical('2001:db8::abcd') && !ip.isCanonical('2001:DB8::ABCD') && string(ip('2001:0DB8::1')) == '2001:db8::1'",
  "cidr('192.168.0.0/24').containsIP('192.168.0.7') && !cidr('192.168.0.0/24').containsIP(ip('10.0.0.1'))",
  "cidr('10.0.0.0/8').containsCIDR(cidr('10.1.0.0/16')) && cidr('10.1.2.3/8').masked() == cidr('10.0.0.0/8')",
  "cidr('::1/24').prefixLength() == 24 && cidr('10.0.0.1/8').ip().family() == 4 && isCIDR('1.2.3.4/32')",
  "!format.dns1123Label().validate('my-label-name').hasValue()",
  "format.dns1123Label().validate('Not.A.Label').value()[0].contains('RFC 1123')",
  "format.named('uuid').value().validate('123e4567-e89b-12d3-a456-426614174000') == optional.none()",
  "semver('1.2.3').isLessThan(semver('1.2.10')) && semver('1.0.0-alpha.1').isLessThan(semver('1.0.0')) && isSemver('v1.0', true)",
  "semver('1.2.3').major() == 1 && semver('v01.2', true).minor() == 2 && !isSemver('1.2')",
  'sets.contains([1, 2, 3], [2]) && sets.equivalent([1, 1], [1]) && !sets.intersects([1], [2])',
  "'tacocat'.charAt(3) == 'o' && 'tacocat'.substring(4) == 'cat' && ' x '.trim() == 'x' && 'hello'.reverse() == 'olleh'",
  "'a,b,c'.split(',', 2) == ['a', 'b,c'] && ['a', 'b'].join('-') == 'a-b' && 'aaa'.replace('a', 'b', 2) == 'bba'",
  "'%s has %d of %.1f'.format([dyn('x'), 3, 2.25]) == 'x has 3 of 2.2'",
  "timestamp('2024-01-01T00:00:00Z') < timestamp('2024-01-01T00:00:01Z')",
  "timestamp('2024-06-01T00:00:00Z').getHours('Europe/Berlin') == 2",
  "duration('90m').getHours() == 1 && string(duration('90m')) == '5400s'",
  'type(object.spec.replicas) == int && type(object) == map && type([]) == list',
  'object.spec.replicas == 5.0 || true',
  '[1, 2, 3].transformList(i, v, i > 0, v * 2) == [4, 6]',
  '[1, 2].exists(x, x == 1 || object.nothing == 3)',
];

test('expressions as Kubernetes has them', (t) => {
  for (const expression of holds) {
    const program = compile(expression, { variables: { object: celTypes.dyn } });
    t.true(program.evaluate({ object: fromJson(object) }), expression);
  }
});

const wrong: readonly [expression: string, message: string][] = [
  ['object.missing', 'no such key: missing'],
  ["object['missing']", 'no such key: missing'],
  ['object.spec.template.spec.containers[2].name', 'index out of bounds: 2'],
  ['1 / (object.spec.replicas - 5)', 'division by zero'],
  ["object.spec.replicas + 'a'", 'no such overload'],
  ['9223372036854775807 + object.spec.replicas', 'integer overflow'],
  ['object.?missing.value()', 'optional.none() dereference'],
  ["url('a b')", 'URL parse error during conversion from string: parse "a b": invalid URI for request'],
];

test('what goes wrong is told in Kubernetes’ words', (t) => {
  for (const [expression, message] of wrong) {
    const program = compile(expression, { variables: { object: celTypes.dyn } });
    t.throws(
      () => program.evaluate({ object: fromJson(object) }),
      { instanceOf: EvaluationError, message },
      expression,
    );
  }
});

const schema = {
  type: 'object',
  properties: {
    minReplicas: { type: 'integer' },
    replicas: { type: 'integer' },
    weight: { type: 'number' },
    name: { type: 'string' },
    since: { type: 'string', format: 'date-time' },
    data: { type: 'string', format: 'byte' },
    any: { 'x-kubernetes-int-or-string': true },
    'x-y.z': { type: 'string' },
    namespace: { type: 'string' },
    tags: { type: 'object', additionalProperties: { type: 'string' } },
    items: { type: 'array', items: { type: 'object', properties: { key: { type: 'string' } } } },
    open: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  },
} as const;

const self = {
  minReplicas: 1,
  replicas: 3,
  weight: 2,
  name: 'x',
  since: '2024-01-01T00:00:00Z',
  data: 'aGk=',
  any: '50%',
  'x-y.z': 'escaped',
  namespace: 'ns',
  tags: { a: 'b' },
  items: [{ key: 'k' }],
  open: { deep: [1] },
};

test('a schema gives types', (t) => {
  const type = schemaType(schema);
  const variables = { self: type, oldSelf: celTypes.optional(type) };
  const rules = [
    'self.minReplicas <= self.replicas',
    'self.weight > 1.5',
    'self.since < timestamp("2025-01-01T00:00:00Z")',
    'self.data == b"hi"',
    'type(self.any) == string',
    'self.x__dash__y__dot__z == "escaped" && self.__namespace__ == "ns"',
    'self.tags.all(k, self.tags[k] == "b")',
    'self.items.all(i, i.key == "k")',
    'self.open.deep[0] == 1',
    '!has(oldSelf.name) && oldSelf.?name.orValue("new") == "new"',
    '"%s".format([self.replicas]) == "3"',
  ];
  for (const rule of rules) {
    const program = compile(rule, { variables, result: [celTypes.bool] });
    const oldSelf = compile('optional.none()', { variables: {} }).evaluate({});
    t.true(program.evaluate({ self: fromJson(self, type), oldSelf }), rule);
  }
});

test('of an object’s metadata only its name can be looked at', (t) => {
  const type = schemaType({
    type: 'object',
    'x-kubernetes-embedded-resource': true,
    properties: { metadata: { type: 'object' }, spec: { type: 'object', properties: { size: { type: 'integer' } } } },
  });
  const self = fromJson(
    { apiVersion: 'x/v1', kind: 'X', metadata: { name: 'a', labels: {} }, spec: { size: 1 } },
    type,
  );
  const run = (rule: string) => compile(rule, { variables: { self: type } }).evaluate({ self });
  t.true(run("self.metadata.name == 'a' && self.kind == 'X' && self.spec.size == 1"));
  t.throws(() => run('self.metadata.labels'), { message: /undefined field 'labels'/ });
});

test('the order of sets and of lists with keys means nothing', (t) => {
  const tags = { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' };
  const port = { type: 'object', properties: { name: { type: 'string' }, number: { type: 'integer' } } };
  const keyed = { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] };
  const type = schemaType({
    type: 'object',
    properties: {
      tags,
      ports: { type: 'array', items: port, ...keyed },
      plain: { type: 'array', items: { type: 'string' } },
    },
  });
  const ports = [
    { name: 'a', number: 1 },
    { name: 'b', number: 2 },
  ];
  const values = {
    self: fromJson({ tags: ['a', 'b'], ports, plain: ['a', 'b'] }, type),
    oldSelf: fromJson({ tags: ['b', 'a'], ports: ports.toReversed(), plain: ['b', 'a'] }, type),
  };
  const run = (rule: string) => compile(rule, { variables: { self: type, oldSelf: type } }).evaluate(values);
  t.true(run('self.tags == oldSelf.tags && self.ports == oldSelf.ports && self.plain != oldSelf.plain'));
  t.true(run("self.tags + ['b', 'c'] == ['c', 'b', 'a']"));
  t.true(run('(self.ports + oldSelf.ports).size() == 2 && (self.plain + oldSelf.plain).size() == 4'));
});

test('a rule that can’t be is refused with place and reason', (t) => {
  const variables = { self: schemaType(schema) };
  const refused: readonly [rule: string, message: string][] = [
    ['self.foo > 1', "ERROR: <input>:1:5: undefined field 'foo'\n | self.foo > 1\n | ....^"],
    [
      'self.replicas > "a"',
      "ERROR: <input>:1:15: found no matching overload for '_>_' applied to '(int, string)'\n | self.replicas > \"a\"\n | ..............^",
    ],
    ['oldSelf.x', "ERROR: <input>:1:1: undeclared reference to 'oldSelf' (in container '')\n | oldSelf.x\n | ^"],
    [
      "[1, 'a'].size() > 0",
      "ERROR: <input>:1:5: expected type 'int' but found 'string'\n | [1, 'a'].size() > 0\n | ....^",
    ],
    [
      'self.name.foo',
      "ERROR: <input>:1:10: type 'string' does not support field selection\n | self.name.foo\n | .........^",
    ],
    [
      'self.replicas.all(x, true)',
      "ERROR: <input>:1:5: expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)\n | self.replicas.all(x, true)\n | ....^",
    ],
    [
      '1 +',
      "ERROR: <input>:1:4: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | 1 +\n | ...^",
    ],
  ];
  for (const [rule, message] of refused) {
    t.throws(() => compile(rule, { variables }), { instanceOf: CompileError, message }, rule);
  }
  t.throws(() => compile('self.replicas', { variables, result: [celTypes.bool] }), {
    instanceOf: WrongResultError,
    message: 'must evaluate to bool',
  });
});

test('the authorizer is asked what the expression says', (t) => {
  const asked: AccessQuestion[] = [];
  const authorizer = authorizerValue((question) => {
    asked.push(question);
    return { allowed: question.verb === 'get', reason: 'because', error: '' };
  });
  const run = (expression: string) =>
    compile(expression, { variables: { authorizer: authorizerType } }).evaluate({ authorizer });
  t.true(run("authorizer.group('apps').resource('deployments').namespace('a').name('b').check('get').allowed()"));
  t.false(run("authorizer.path('/healthz').check('post').allowed()"));
  t.is(run("authorizer.serviceAccount('ns', 'sa').group('').resource('pods').check('list').reason()"), 'because');
  t.like(asked[0], { group: 'apps', resource: 'deployments', namespace: 'a', name: 'b', verb: 'get' });
  t.like(asked[1], { path: '/healthz', verb: 'post' });
  t.deepEqual(asked[2]?.serviceAccount, { namespace: 'ns', name: 'sa' });
  t.throws(() => run("authorizer.path(' ').check('get').allowed()"), { message: 'path must not be empty' });
});
