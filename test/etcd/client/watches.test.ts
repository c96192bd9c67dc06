import test from 'ava';
import type { EventSource, EventSourceOptions } from '../../../src/etcd/client/event-source.ts';
import { Watches } from '../../../src/etcd/client/watches.ts';
import { CompactedError } from '../../../src/store/index.ts';

type Options = Pick<EventSourceOptions, 'from' | 'previous' | 'onBatch' | 'onEnd'>;

test('what is compacted ends only watches that need it, though they shared a source', (t) => {
  const sources: Options[] = [];
  const watches = new Watches(
    (options) => {
      sources.push(options);
      return { revision: options.from - 1, close() {} } as EventSource;
    },
    () => 100,
  );
  const ended: string[] = [];
  const seen: number[] = [];
  const watch = (name: string, fromRevision: number): void => {
    const onEnd = (error: Error): void => void ended.push(`${name}: ${error.message}`);
    watches.watch({ key: 'a', end: 'b', fromRevision, listener: ({ revision }) => seen.push(revision), onEnd });
  };
  watch('now', 101);
  watch('ahead', 300);
  t.deepEqual(
    sources.map(({ from }) => from),
    [101],
  );
  sources[0]!.onEnd(new CompactedError(260));
  t.is(ended.length, 1);
  t.regex(ended[0]!, /^now: .*260/);
  t.is(sources[1]!.from, 300);
  const kv = { key: 'a', value: new Uint8Array(), createRevision: 300, modRevision: 300, version: 1, lease: 0 };
  sources[1]!.onBatch({ revision: 300, events: [{ type: 'put', kv }] });
  t.deepEqual(seen, [300]);
  watches.close();
});
