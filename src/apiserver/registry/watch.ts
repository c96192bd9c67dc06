import { errors, fieldPath, forbiddenField } from '../../api/index.ts';
import { type Clock, errorCode, type Random } from '../../base/index.ts';
import type { Store, WatchBatch, WatchHandle } from '../../store/index.ts';
import { ObjectChange } from './history.ts';
import { awaitRevision, parseResourceVersion } from './resource-version.ts';
import { Selection } from './selection.ts';
import { prepareServed } from './storage.ts';
import type { CollectionRequest, WatchParameters } from './types.ts';
import type { WatchCache } from './watch-cache.ts';
import { Watcher } from './watcher.ts';

export interface WatchContext {
  cache: WatchCache;
  store: Store;
  clock: Clock;
  random: Random;
}

type WatchRequest = CollectionRequest & WatchParameters;

/**
 * Starts a watch. Where it begins, as in Kubernetes:
 *
 *   resourceVersion   sendInitialEvents   first comes
 *   none              –                   the most recent state
 *   0                 –                   the state as this peer has it
 *   N                 –                   every change after N
 *   none, 0, N        true                the state (most recent, any, not older than N), and a bookmark that ends it
 *   none, 0           false               the next change
 */
export async function startWatch(context: WatchContext, request: WatchRequest): Promise<{ stop(): void }> {
  checkParameters(request);
  const selection = new Selection(request);
  const revision = parseResourceVersion(request.resourceVersion);
  const { sendInitialEvents: initial } = request;
  const withState = initial ?? !revision;
  if (withState || !revision) return fromState(context, request, selection, revision, withState);
  return fromRevision(context, request, selection, revision);
}

async function fromState(
  context: WatchContext,
  request: WatchRequest,
  selection: Selection,
  revision: number | undefined,
  withState: boolean,
): Promise<{ stop(): void }> {
  const { cache } = context;
  await awaitRevision(cache, withState ? revision : undefined);
  const collection = cache.collection(selection.storage.prefix);
  // From here to `listen` nothing waits, so nothing is missed or told twice.
  const watcher = watcherOf(context, request, selection, cache.revision, () => collection.unlisten(watcher));
  collection.listen(watcher);
  const { revision: at } = cache;
  const there = withState ? collection.range(selection.from, selection.end) : [];
  if (selection.storage.webhook !== undefined) await watcher.converting(prepareServed(selection.storage, there));
  const state = there.filter((stored) => selection.covers(stored.key) && selection.matches(stored));
  const marksEnd = request.sendInitialEvents === true && request.allowBookmarks === true;
  watcher.begin(state, [], marksEnd ? at : undefined);
  return watcher;
}

async function fromRevision(
  context: WatchContext,
  request: WatchRequest,
  selection: Selection,
  revision: number,
): Promise<{ stop(): void }> {
  const { cache, store } = context;
  await cache.ready();
  // A client of another peer may be ahead of this one for a moment.
  if (revision > cache.revision) await cache.fresh();
  const collection = cache.collection(selection.storage.prefix);
  if (revision >= collection.history.floor) {
    const watcher = watcherOf(context, request, selection, revision, () => collection.unlisten(watcher));
    collection.listen(watcher);
    watcher.begin([], collection.history.after(revision), undefined);
    return watcher;
  }
  const { compactRevision } = await store.status();
  if (revision + 1 < compactRevision) throw errors.tooOldResourceVersion(revision, compactRevision);
  return fromStoreHistory(context, request, selection, revision);
}

/** For a reader that was away for long: a watch of the store of its own, which goes further back than the cache. */
function fromStoreHistory(
  context: WatchContext,
  request: WatchRequest,
  selection: Selection,
  revision: number,
): { stop(): void } {
  const { cache, store } = context;
  let handle: WatchHandle | undefined;
  const close = (): void => handle?.cancel();
  const watcher = watcherOf(context, request, selection, revision, close, () => handle?.revision ?? revision);
  watcher.begin([], [], undefined);
  handle = store.watch({
    key: selection.from,
    end: selection.end,
    fromRevision: revision + 1,
    previous: true,
    listener({ revision: at, events }: WatchBatch) {
      for (const { type, kv, previous } of events) {
        const current = type === 'put' ? cache.objectOf(kv) : undefined;
        watcher.onChange(new ObjectChange(at, kv.key, current, previous && cache.objectOf(previous)));
      }
    },
    onEnd(error) {
      const compacted = errorCode(error) === 'COMPACTED';
      watcher.end(compacted ? errors.tooOldResourceVersion(revision, cache.revision).status : undefined);
    },
  });
  if (watcher.over) handle.cancel();
  return watcher;
}

function watcherOf(
  { cache, clock, random }: WatchContext,
  request: WatchRequest,
  selection: Selection,
  after: number,
  closed: () => void,
  revision = () => cache.revision,
): Watcher {
  return new Watcher({
    type: request.type,
    selection,
    parameters: request,
    after,
    clock,
    jitter: random.next(),
    revision,
    closed,
  });
}

function checkParameters({ sendInitialEvents, resourceVersionMatch }: WatchRequest): void {
  const wrong = (field: string, detail: string) =>
    errors.invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [forbiddenField(fieldPath(field), detail)]);
  if (sendInitialEvents !== undefined && resourceVersionMatch !== 'NotOlderThan') {
    throw wrong('sendInitialEvents', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
  }
  if (sendInitialEvents === undefined && resourceVersionMatch) {
    throw wrong(
      'resourceVersionMatch',
      'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    );
  }
}
