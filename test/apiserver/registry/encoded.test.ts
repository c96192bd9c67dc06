import test from 'ava';
import { DerivedMemory } from '../../../src/apiserver/registry/derived-memory.ts';
import { encodeValue, StoredObject } from '../../../src/apiserver/registry/encoded.ts';

const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { key: 'value' } };
const value = encodeValue(object);
const expected = { ...object, metadata: { name: 'c', resourceVersion: '7' } };

test('an object that is made to forget itself, for want of memory, still shows itself', (t) => {
  for (const limit of [0, value.length, value.length * 4, value.length * 5]) {
    const stored = new StoredObject('/c', value, 7, new DerivedMemory(limit));
    for (let round = 0; round < 3; round++) {
      t.deepEqual(JSON.parse(stored.json().toString()), expected, `JSON, ${limit} bytes`);
      t.deepEqual(stored.object, expected as typeof stored.object, `decoded, ${limit} bytes`);
    }
  }
});

test('what is derived is kept within the limit, but for the latest', (t) => {
  const memory = new DerivedMemory(1000);
  const all = Array.from({ length: 50 }, (_, index) => new StoredObject(`/${index}`, value, index + 1, memory));
  for (const stored of all) {
    stored.json();
    t.true(memory.bytes <= 1000);
    t.truthy(stored.object);
    t.true(memory.bytes <= 1000);
  }
});
