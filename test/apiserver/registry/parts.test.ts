import test from 'ava';
import fc from 'fast-check';
import { clonePlain, resourceTypes } from '../../../src/api/index.ts';
import { Collection } from '../../../src/apiserver/registry/collection.ts';
import { decodeContinue, encodeContinue } from '../../../src/apiserver/registry/continue-token.ts';
import { DerivedMemory } from '../../../src/apiserver/registry/derived-memory.ts';
import { encodeValue, StoredObject } from '../../../src/apiserver/registry/encoded.ts';
import { ChangeHistory, ObjectChange } from '../../../src/apiserver/registry/history.ts';
import { equalJson, freezeJson } from '../../../src/apiserver/registry/json.ts';
import { collectionPrefix, collectionPrefixOf, objectKey } from '../../../src/apiserver/registry/keys.ts';

const memory = new DerivedMemory(1_000_000);
const stored = (key: string, revision: number, size = 10) =>
  new StoredObject(
    key,
    Buffer.from(`{"kind":"X","apiVersion":"v1","metadata":{"name":"${'x'.repeat(size)}"}}`),
    revision,
    memory,
  );

test('every key tells the resource that it belongs to', (t) => {
  for (const type of resourceTypes()) {
    const prefix = collectionPrefix(type);
    for (const namespace of [undefined, 'default']) t.is(collectionPrefixOf(objectKey(prefix, namespace, 'a')), prefix);
  }
  t.is(collectionPrefixOf('/registry/odd'), undefined);
  t.is(collectionPrefixOf('/registry/apps/odd'), undefined);
});

test('two resources never share a prefix', (t) => {
  const prefixes = new Set(resourceTypes().map((type) => collectionPrefix(type)));
  const names = new Set(resourceTypes().map(({ group, resource }) => `${group}/${resource}`));
  t.is(prefixes.size, names.size);
});

test('JSON is copied, compared and frozen', (t) => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      const copy = clonePlain(a);
      t.deepEqual(copy, a);
      t.true(equalJson(copy, a));
      t.is(equalJson(a, b), equalJson(b, a));
      // JSON can't tell -0 from 0, and neither need we.
      const text = (value: unknown) =>
        JSON.stringify(value, (_, item) =>
          item && typeof item === 'object' && !Array.isArray(item)
            ? Object.fromEntries(Object.entries(item).sort(([x], [y]) => (x < y ? -1 : 1)))
            : item,
        );
      t.is(equalJson(a, b), text(a) === text(b));
      freezeJson(copy);
      if (typeof copy === 'object' && copy !== null) t.true(Object.isFrozen(copy));
    }),
  );
  t.true(equalJson({ a: 1, b: undefined }, { a: 1 }));
  // Names that every object's prototype has are names like others.
  for (const name of ['toString', '__proto__', 'constructor']) {
    const named = JSON.parse(`{"${name}":{}}`);
    t.false(equalJson(named, {}));
    t.false(equalJson({}, named));
    t.true(equalJson(named, clonePlain(named)));
  }
  const tricky = JSON.parse('{"__proto__":{"x":1}}');
  t.deepEqual(Object.keys(clonePlain(tricky)), ['__proto__']);
});

test('a stored value has no version of its own, and shows the one it is given', (t) => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.string()), fc.nat(), (data, revision) => {
      const object = { data, apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', resourceVersion: '7' } };
      const value = encodeValue(object);
      t.false(value.includes('resourceVersion":"7"'));
      const read = new StoredObject('k', value, revision, memory);
      const expected = { ...object, metadata: { name: 'a', resourceVersion: String(revision) } };
      t.deepEqual(read.object, expected as never);
      t.deepEqual(JSON.parse(read.json().toString()), expected);
      t.deepEqual(JSON.parse(read.jsonWithin('[', ']').toString()), [expected]);
      t.is(read.json(), read.json());
    }),
  );
  const bare = new StoredObject('k', Buffer.from('{"kind":"X","apiVersion":"v1","metadata":{}}'), 3, memory);
  t.deepEqual(JSON.parse(bare.json().toString()).metadata, { resourceVersion: '3' });
});

test('what is derived from stored bytes is bounded, and made again when it is asked for', (t) => {
  const small = new DerivedMemory(2_000);
  const all = Array.from({ length: 5_000 }, (_, i) => new StoredObject(`k${i}`, stored('', 0).value, i, small));
  for (const object of all) {
    t.is(object.object.kind, 'X');
    if (object.revision % 2 === 0) object.json();
    t.true(small.bytes <= 2_000);
  }
  t.is(all.slice(0, 4_900).filter(({ decoded }) => decoded).length, 0);
  t.true(all.at(-1)!.decoded);
  t.is(all[0]!.object.metadata.resourceVersion, '0');
});

test('history holds every change after its floor, and not more than its bounds', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3_000 }),
      fc.integer({ min: 10, max: 9_000 }),
      (steps, size) => {
        const history = new ChangeHistory(5);
        const all: ObjectChange[] = [];
        let revision = 5;
        for (const step of steps) {
          revision += step;
          const change = new ObjectChange(revision, 'k', stored('k', revision, size), undefined);
          all.push(change);
          history.push(change);
        }
        const { floor } = history;
        t.deepEqual(
          history.after(floor).map((change) => change.revision),
          all.filter((change) => change.revision > floor).map((change) => change.revision),
        );
        const middle = Math.max(floor, Math.floor((floor + revision) / 2));
        t.true(history.after(middle).every((change) => change.revision > middle));
        t.is(history.after(revision).length, 0);
        t.true(history.after(floor).length <= 1_000);
        t.true(history.after(floor).reduce((sum, { current }) => sum + current!.value.length, 0) <= 2 * 1024 * 1024);
      },
    ),
    { numRuns: 30 },
  );
});

test('a collection is sorted whatever comes and goes', (t) => {
  const name = fc.stringMatching(/^[a-c]{1,3}$/);
  fc.assert(
    fc.property(fc.array(fc.tuple(name, fc.boolean()), { maxLength: 100 }), name, name, (steps, from, end) => {
      const collection = new Collection(0);
      const model = new Set<string>();
      let changes = 0;
      collection.listen({ onChange: () => changes++, onReset() {} });
      let expected = 0;
      steps.forEach(([key, put], revision) => {
        if (put || model.has(key)) expected++;
        collection.apply(key, put ? stored(key, revision) : undefined, revision);
        if (put) model.add(key);
        else model.delete(key);
      });
      t.is(changes, expected);
      t.is(collection.size, model.size);
      t.deepEqual(
        collection.range(from, end).map(({ key }) => key),
        [...model].filter((key) => key >= from && key < end).sort(),
      );
    }),
  );
});

test('a continue token comes back as it was, and others are refused', (t) => {
  const prefix = '/registry/pods/';
  fc.assert(
    fc.property(
      fc.option(fc.integer({ min: 1 }), { nil: undefined }),
      fc.stringMatching(/^[a-z0-9/.-]{1,50}$/),
      (revision, rest) => {
        const token = { revision, start: `${prefix}${rest}\0` };
        t.deepEqual(decodeContinue(encodeContinue(token, prefix), prefix), token);
      },
    ),
  );
  fc.assert(
    fc.property(fc.string(), (text) => {
      t.throws(() => decodeContinue(text, prefix), { code: 'API_BAD_REQUEST' });
    }),
  );
});
