import test from 'ava';
import fc from 'fast-check';
import fastJsonPatch from 'fast-json-patch';
import { applyJsonPatch, applyMergePatch, applyPatch, applyStrategicMergePatch, typeOf } from '../../src/api/index.ts';

type Json = Record<string, unknown>;

/** Throws if anything tries to change what is handed in. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.freeze(value);
    Object.values(value).forEach(frozen);
  }
  return value;
}

const key = fc.constantFrom('a', 'b', 'c', 'd/e', '~f', '__proto__', 'toString');
const { object } = fc.letrec<{ value: unknown; object: Json }>((tie) => ({
  object: fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('x', 'y', 1, 2, true, ''),
    tie('object'),
    fc.array(tie('value'), { maxLength: 3 }),
  ),
}));

test('a JSON patch that turns one object into another does so', (t) => {
  const plain = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd/e', '~f'), fc.jsonValue({ maxDepth: 3 }), {
    noNullPrototype: true,
  });
  fc.assert(
    fc.property(plain, plain, (from, to) => {
      // Another implementation makes the patch; JSON has no -0.
      const [before, after] = [from, to].map((value) => JSON.parse(JSON.stringify(value)) as Json) as [Json, Json];
      const patch = fastJsonPatch.compare(before, after);
      t.deepEqual(applyJsonPatch(frozen(structuredClone(before)), frozen(patch)), after);
    }),
  );
});

test('each operation of a JSON patch does what RFC 6902 says', (t) => {
  const start = (): Json => ({ list: [1, 2], map: { a: 1 }, 'x/y': 0 });
  const cases: [patch: Json[], result: Json][] = [
    [[{ op: 'add', path: '/list/-', value: 3 }], { ...start(), list: [1, 2, 3] }],
    [[{ op: 'add', path: '/list/0', value: 0 }], { ...start(), list: [0, 1, 2] }],
    [[{ op: 'add', path: '/map/a', value: null }], { ...start(), map: { a: null } }],
    [[{ op: 'remove', path: '/list/0' }], { ...start(), list: [2] }],
    [[{ op: 'replace', path: '/x~1y', value: 5 }], { ...start(), 'x/y': 5 }],
    [[{ op: 'move', from: '/map/a', path: '/list/1' }], { ...start(), map: {}, list: [1, 1, 2] }],
    [[{ op: 'move', from: '/map', path: '/map' }], start()],
    [[{ op: 'copy', from: '/map', path: '/new' }], { ...start(), new: { a: 1 } }],
    [[{ op: 'test', path: '/map', value: { a: 1 } }], start()],
    [[{ op: 'test', path: '/missing', value: null }], start()],
    [[{ op: 'replace', path: '', value: { a: 1 } }], { a: 1 }],
    [[{ op: 'add', path: '', value: { a: 1 } }], { a: 1 }],
  ];
  for (const [patch, result] of cases)
    t.deepEqual(applyJsonPatch(frozen(start()), patch), result, JSON.stringify(patch));
});

test('what is not a JSON patch is a bad request, what does not fit is refused', (t) => {
  const refused = (patch: unknown, code: number, text: RegExp): void => {
    const error = t.throws(() => applyJsonPatch(frozen({ list: [1], map: {} }), patch)) as unknown as {
      httpCode: number;
      status: object;
    };
    t.is(error.httpCode, code, JSON.stringify(patch).slice(0, 99));
    t.regex(JSON.stringify(error.status), text);
  };
  refused({}, 400, /array/);
  refused([1], 400, /operation 0/);
  refused([{ op: 'explode', path: '/a' }], 400, /unknown op/);
  refused([{ op: 'add', path: 'a' }], 400, /path must be a JSON pointer/);
  refused([{ op: 'copy', path: '/a' }], 400, /from must be a JSON pointer/);
  refused(
    Array.from({ length: 10_001 }, () => ({ op: 'test', path: '' })),
    413,
    /allowed maximum operations/,
  );
  refused([{ op: 'test', path: '/map', value: 1 }], 422, /testing value \/map failed: test failed/);
  refused([{ op: 'remove', path: '/nope' }], 422, /missing path/);
  refused([{ op: 'replace', path: '/list/1', value: 1 }], 422, /missing path/);
  refused([{ op: 'replace', path: '/list/01', value: 1 }], 422, /missing path/);
  refused([{ op: 'add', path: '/list/2', value: 1 }], 422, /invalid index/);
  refused([{ op: 'add', path: '/list/x', value: 1 }], 422, /invalid index/);
  refused([{ op: 'add', path: '/nope/x', value: 1 }], 422, /missing path/);
  refused([{ op: 'move', from: '/map', path: '/map/a' }], 422, /lies within/);
  refused([{ op: 'remove', path: '' }], 422, /whole document/);
  refused([{ op: 'replace', path: '', value: 1 }], 422, /not an object/);
  refused([{ op: 'add', path: '/toString/call', value: 1 }], 422, /missing path/);
});

test('no patch reaches a prototype', (t) => {
  const evil = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}') as Json;
  const type = typeOf('v1', 'ConfigMap')!;
  const merged = applyMergePatch(frozen({}), evil);
  const strategic = applyStrategicMergePatch(frozen({}), evil, type);
  const patched = applyJsonPatch(frozen({}), [{ op: 'add', path: '/__proto__', value: { polluted: 1 } }]);
  t.throws(() => applyJsonPatch(frozen({}), [{ op: 'add', path: '/constructor/prototype/polluted', value: 1 }]));
  for (const result of [merged, strategic, patched]) {
    t.true(Object.hasOwn(result, '__proto__'));
    t.is(Object.getPrototypeOf(result), Object.prototype);
  }
  t.is(({} as Json)['polluted'], undefined);
});

/** The merge patch from one object to another. */
function difference(from: unknown, to: Json): Json {
  const patch: Json = {};
  const put = (name: string, value: unknown): void => {
    Object.defineProperty(patch, name, { value, enumerable: true, writable: true, configurable: true });
  };
  const old = isObject(from) ? from : {};
  for (const name of Object.keys(old)) if (!Object.hasOwn(to, name)) put(name, null);
  for (const name of Object.keys(to)) {
    const before = Object.hasOwn(old, name) ? old[name] : undefined;
    const after = to[name];
    // An object can't take the place of another by a merge patch, nor an empty one that of nothing unsaid.
    put(name, isObject(after) ? difference(before, after) : after);
  }
  return patch;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

test('a merge patch that turns one object into another does so', (t) => {
  fc.assert(
    fc.property(object, object, (from, to) => {
      const patch = difference(from, to);
      t.deepEqual(applyMergePatch(frozen(structuredClone(from)), frozen(patch)), to);
      t.deepEqual(applyMergePatch(frozen(to), frozen({})), to);
    }),
  );
  t.throws(() => applyMergePatch({}, [1]), { message: /must be a JSON object/ });
});

test('without lists a strategic merge patch is a merge patch', (t) => {
  const type = typeOf('v1', 'ConfigMap')!;
  const flat = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('x', 'y', null), {
    noNullPrototype: true,
  });
  fc.assert(
    fc.property(flat, flat, (data, change) => {
      const current = {
        kind: 'ConfigMap',
        data: Object.fromEntries(Object.entries(data).filter(([, v]) => v !== null)),
      };
      const patch = frozen({ data: change });
      t.deepEqual(applyStrategicMergePatch(frozen(current), patch, type), applyMergePatch(current, patch));
    }),
  );
});

const deployment = typeOf('apps/v1', 'Deployment')!;
const pod = typeOf('v1', 'Pod')!;

const containers = (...list: Json[]): Json => ({ spec: { template: { spec: { containers: list } } } });
const patchPod = (spec: Json, patch: Json): Json =>
  applyStrategicMergePatch(frozen({ spec }), frozen({ spec: patch }), pod)['spec'] as Json;

test('lists are merged by their merge keys', (t) => {
  const before = containers({ name: 'a', image: '1', args: ['x'] }, { name: 'b', image: '1' });
  const after = applyStrategicMergePatch(
    frozen(before),
    containers({ name: 'a', image: '2' }, { name: 'c' }),
    deployment,
  );
  t.deepEqual(after, containers({ name: 'a', image: '2', args: ['x'] }, { name: 'c' }, { name: 'b', image: '1' }));
  // Lists without a merge key are replaced.
  t.deepEqual(
    applyStrategicMergePatch(frozen(before), containers({ name: 'a', args: ['y'] }), deployment),
    containers({ name: 'a', image: '1', args: ['y'] }, { name: 'b', image: '1' }),
  );
});

test('directives delete, replace and retain', (t) => {
  const list = [{ name: 'a' }, { name: 'b' }, { name: 'c' }];
  t.deepEqual(patchPod({ containers: list }, { containers: [{ name: 'b', $patch: 'delete' }] }), {
    containers: [{ name: 'a' }, { name: 'c' }],
  });
  t.deepEqual(patchPod({ containers: list }, { containers: [{ name: 'd' }, { $patch: 'replace' }] }), {
    containers: [{ name: 'd' }],
  });
  t.deepEqual(patchPod({ nodeSelector: { a: '1' } }, { nodeSelector: { b: '2', $patch: 'replace' } }), {
    nodeSelector: { b: '2' },
  });
  t.deepEqual(patchPod({ nodeSelector: { a: '1' } }, { nodeSelector: { $patch: 'delete' } }), { nodeSelector: {} });
  t.deepEqual(patchPod({ nodeSelector: { a: '1' } }, { nodeSelector: { $patch: 'merge', b: '2' } }), {
    nodeSelector: { a: '1', b: '2' },
  });
  const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } };
  t.deepEqual(
    applyStrategicMergePatch(
      frozen({ spec: { strategy } }),
      { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } },
      deployment,
    ),
    { spec: { strategy: { type: 'Recreate' } } },
  );
  // Where there is nothing to merge into, directives vanish.
  t.deepEqual(
    patchPod(
      {},
      {
        containers: [
          { name: 'a', env: null },
          { name: 'b', $patch: 'delete' },
        ],
      },
    ),
    {
      containers: [{ name: 'a' }],
    },
  );
});

test('lists of scalars are merged as sets', (t) => {
  const patch = (finalizers: Json): Json =>
    (
      applyStrategicMergePatch(frozen({ metadata: { finalizers: ['a', 'b'] } }), { metadata: finalizers }, pod) as {
        metadata: Json;
      }
    ).metadata;
  t.deepEqual(patch({ finalizers: ['c', 'a'] }), { finalizers: ['c', 'a', 'b'] });
  t.deepEqual(patch({ '$deleteFromPrimitiveList/finalizers': ['a'] }), { finalizers: ['b'] });
  t.deepEqual(patch({ '$deleteFromPrimitiveList/finalizers': ['a'], finalizers: ['c'] }), { finalizers: ['c', 'b'] });
});

test('an order given for a list is kept, and the rest stays near its neighbours', (t) => {
  const names = (...list: string[]): Json[] => list.map((name) => ({ name }));
  const order = (...list: string[]): Json => ({ '$setElementOrder/containers': names(...list) });
  const live = { containers: names('a', 'server', 'b', 'c') };
  t.deepEqual(patchPod(live, order('c', 'b', 'a')), { containers: names('server', 'c', 'b', 'a') });
  t.deepEqual(patchPod(live, { ...order('a', 'new', 'b', 'c'), containers: names('new') }), {
    containers: names('a', 'new', 'server', 'b', 'c'),
  });
  t.deepEqual(patchPod(live, { ...order('a', 'c'), containers: [{ name: 'b', $patch: 'delete' }] }), {
    containers: names('a', 'server', 'c'),
  });
  t.deepEqual(patchPod({}, { ...order('a', 'b'), containers: names('a', 'b') }), { containers: names('a', 'b') });
  t.deepEqual(patchPod({}, order('a')), {});
  t.throws(() => patchPod(live, { ...order('a', 'b'), containers: names('b', 'a') }), { message: /doesn't match/ });
});

test('the order of merged items is that of the patch, then of the live list', (t) => {
  const names = fc.uniqueArray(fc.constantFrom(...'abcdefgh'), { maxLength: 8 });
  fc.assert(
    fc.property(names, names, (live, wanted) => {
      const items = (list: string[]): Json[] => list.map((name) => ({ name }));
      const merged = patchPod({ containers: items(live) }, { containers: items(wanted) });
      const result = (merged['containers'] as { name: string }[]).map(({ name }) => name);
      t.deepEqual(result.toSorted(), [...new Set([...live, ...wanted])].sort());
      t.deepEqual(
        result.filter((name) => wanted.includes(name)),
        wanted,
      );
      const rest = live.filter((name) => !wanted.includes(name));
      t.deepEqual(
        result.filter((name) => !wanted.includes(name)),
        rest,
      );
    }),
  );
});

test('a strategic merge patch applied twice is applied once', (t) => {
  const container = fc.record(
    { name: fc.constantFrom('a', 'b', 'c'), image: fc.constantFrom('1', '2'), args: fc.constant(['x']) },
    { requiredKeys: ['name'] },
  );
  const list = fc.uniqueArray(container, { selector: ({ name }) => name, maxLength: 3 });
  fc.assert(
    fc.property(list, list, (live, change) => {
      const once = patchPod({ containers: live }, { containers: change });
      t.deepEqual(patchPod(once, { containers: change }), once);
    }),
  );
});

test('malformed strategic merge patches are a bad request', (t) => {
  const bad: Json[] = [
    { $patch: 'explode' },
    { spec: { containers: [{ image: 'x' }] } },
    { spec: { containers: [{ name: 'a', $patch: 'explode' }] } },
    { spec: { '$setElementOrder/containers': 'a' } },
    { spec: { '$setElementOrder/nodeName': ['a'] } },
    { spec: { '$deleteFromPrimitiveList/containers': {} } },
    { spec: { $retainKeys: ['nodeName'], hostname: 'x' } },
  ];
  for (const patch of bad) {
    const error = t.throws(() => applyStrategicMergePatch({ spec: { containers: [{ name: 'a' }] } }, patch, pod));
    t.like(error, { code: 'API_BAD_REQUEST' }, JSON.stringify(patch));
  }
  t.throws(() => applyStrategicMergePatch({}, 'x', pod), { message: /must be a JSON object/ });
});

test('applyPatch chooses by kind', (t) => {
  const current = frozen({ spec: { containers: [{ name: 'a' }] } });
  const list = [{ name: 'b' }];
  t.deepEqual(applyPatch('merge', current, { spec: { containers: list } }, pod), { spec: { containers: list } });
  t.deepEqual(applyPatch('strategic', current, { spec: { containers: list } }, pod), {
    spec: { containers: [{ name: 'b' }, { name: 'a' }] },
  });
  t.deepEqual(applyPatch('json', current, [{ op: 'remove', path: '/spec' }], pod), {});
});
