import test from 'ava';
import fc from 'fast-check';
import type { Encoded, EncodedEvent } from '../../../src/apiserver/registry/index.ts';
import { at, configMap, configMaps, createFixture, fields, laggingStore, registryOn } from './harness.ts';

const colors = ['red', 'blue'] as const;
const selectors = ['', 'color=red', 'color!=red', 'color in (red,blue)', 'mark'] as const;
const names = ['a', 'b', 'c'] as const;

type Step =
  | { do: 'put'; name: string; color: string; mark: boolean }
  | { do: 'delete'; name: string }
  | { do: 'watch'; selector: string; peer: number }
  | { do: 'resume'; which: number; peer: number }
  | { do: 'catchUp' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('put' as const),
      name: fc.constantFrom(...names),
      color: fc.constantFrom(...colors),
      mark: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), name: fc.constantFrom(...names) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('watch' as const),
      selector: fc.constantFrom(...selectors),
      peer: fc.nat(1),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('resume' as const), which: fc.nat(9), peer: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'catchUp' as const }) },
);

/** A reader as an informer is one: what it holds must be what a list with its selector shows. */
class Reader {
  readonly selector: string;
  readonly held = new Map<string, unknown>();
  readonly problems: string[] = [];
  version = 0;
  stop = (): void => {};

  constructor(selector: string) {
    this.selector = selector;
  }

  take = ({ type, encoded }: EncodedEvent): boolean => {
    const { name = '', resourceVersion } = encoded.object.metadata;
    const version = Number(resourceVersion);
    if (type === 'BOOKMARK') {
      // Only now the reader knows as of when the state is that it was told.
      this.version = version;
      return true;
    }
    // The state comes by name; after it versions only grow.
    if (this.version >= version && type !== 'ADDED')
      this.problems.push(`${type} ${name} at ${version} after ${this.version}`);
    if ((type === 'ADDED') === this.held.has(name))
      this.problems.push(`${type} ${name}, which is ${this.held.has(name) ? '' : 'not '}there`);
    this.version = Math.max(this.version, version);
    if (type === 'DELETED') this.held.delete(name);
    else this.held.set(name, encoded.object);
    return true;
  };
}

const byName = (items: readonly Encoded[]) => new Map(items.map(({ object }) => [object.metadata.name, object]));

test('a reader that lists by watching, or resumes, holds what a list shows', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 80 }), async (steps) => {
      const { registry, store, clock } = await createFixture(t);
      const lagging = laggingStore(store);
      const peers = [registry, registryOn(t, lagging, clock)];
      await peers[1]!.ready();
      const readers: Reader[] = [];
      const start = async (reader: Reader, peer: number, resourceVersion?: string): Promise<void> => {
        const request = { ...at(configMaps), labelSelector: reader.selector, onEvent: reader.take, onEnd() {} };
        const initial = { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', allowBookmarks: true };
        const handle = await peers[peer]!.watch({ ...request, ...(resourceVersion ? { resourceVersion } : initial) });
        reader.stop = () => handle.stop();
      };
      for (const action of steps) {
        if (action.do === 'put') {
          const labels = { color: action.color, ...(action.mark ? { mark: 'yes' } : {}) };
          const object = configMap(action.name, { n: String(Math.random()) }, labels);
          await registry
            .update({ ...at(configMaps), name: action.name, object })
            .catch(() => registry.create({ ...at(configMaps), object }));
        } else if (action.do === 'delete') {
          await registry.delete({ ...at(configMaps), name: action.name }).catch(() => {});
        } else if (action.do === 'catchUp') {
          lagging.catchUp();
        } else if (action.do === 'watch') {
          const reader = new Reader(action.selector);
          readers.push(reader);
          await start(reader, action.peer);
        } else {
          // An interruption: goes on at any peer from the last version seen.
          const reader = readers[action.which % Math.max(1, readers.length)];
          if (reader === undefined || reader.version === 0) continue;
          reader.stop();
          await start(reader, action.peer, String(reader.version));
        }
      }
      lagging.catchUp();
      for (const reader of readers) {
        const { items } = await registry.list({ ...at(configMaps), labelSelector: reader.selector });
        t.deepEqual(reader.problems, []);
        t.deepEqual(new Map([...reader.held].sort()), new Map([...byName(items)].sort()) as never);
        for (const object of reader.held.values()) t.truthy(fields({ object: object as never }).metadata.uid);
        reader.stop();
      }
    }),
    { numRuns: 60 },
  );
});
