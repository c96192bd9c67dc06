import { errors, type FieldError, fieldPath, forbiddenField, type ListMeta, notSupported } from '../../api/index.ts';
import { errorCode } from '../../base/index.ts';
import type { Store } from '../../store/index.ts';
import { decodeContinue, encodeContinue } from './continue-token.ts';
import type { StoredObject } from './encoded.ts';
import { awaitRevision, parseResourceVersion } from './resource-version.ts';
import { Selection } from './selection.ts';
import { prepareServed, servedForm } from './storage.ts';
import type { CollectionRequest, ListParameters, ListResult } from './types.ts';
import type { WatchCache } from './watch-cache.ts';

export interface ReadContext {
  cache: WatchCache;
  store: Store;
}

/** Keys read at once from the past when a selector may pass few of them. */
const MIN_CHUNK = 500;

type ListRequest = CollectionRequest & ListParameters;

/** One page (or all) of the objects selected, at one revision. */
interface Page {
  revision: number;
  objects: readonly StoredObject[];
  /** The first key after the page, if there is more. */
  next: string | undefined;
  /** How many keys are left after the page. */
  remaining: number;
}

/** Lists by the rules of Kubernetes' resourceVersion, resourceVersionMatch, limit and continue. */
export async function listObjects(context: ReadContext, request: ListRequest): Promise<ListResult> {
  const selection = new Selection(request);
  // As in Kubernetes, what is below 0 is none.
  const limit = Math.max(0, request.limit ?? 0);
  checkParameters(request);
  if (request.continue) {
    const token = decodeContinue(request.continue, selection.from);
    const page = await continued(context, selection, token.revision, token.start, limit);
    return resultOf(selection, page);
  }
  const revision = parseResourceVersion(request.resourceVersion);
  if (request.resourceVersionMatch === 'Exact') {
    const page = await pageAt(context, selection, revision!, selection.from, limit, errors.listExpired);
    return resultOf(selection, page);
  }
  await awaitRevision(context.cache, revision);
  // As in Kubernetes a list of "any" state is never cut.
  await prepareCurrent(context.cache, selection);
  const page = currentPage(context.cache, selection, selection.from, revision === 0 ? 0 : limit);
  return resultOf(selection, page);
}

async function resultOf(selection: Selection, page: Page): Promise<ListResult> {
  await prepareServed(selection.storage, page.objects);
  const metadata: ListMeta = { resourceVersion: String(page.revision) };
  if (page.next !== undefined) {
    metadata.continue = encodeContinue({ revision: page.revision, start: page.next }, selection.from);
    if (selection.unselective && page.remaining > 0) metadata.remainingItemCount = page.remaining;
  }
  return { metadata, items: page.objects.map((stored) => servedForm(selection.storage, stored)) };
}

function prepareCurrent(cache: WatchCache, selection: Selection): Promise<void> {
  return selection.prepare(() => cache.collection(selection.storage.prefix).range(selection.from, selection.end));
}

/** From what this peer has now. */
function currentPage(cache: WatchCache, selection: Selection, start: string, limit: number): Page {
  const { revision } = cache;
  const collection = cache.collection(selection.storage.prefix);
  if (limit === 0 && selection.everything) {
    return { revision, objects: collection.range(start, selection.end), next: undefined, remaining: 0 };
  }
  const keys = collection.keys(start, selection.end);
  const objects: StoredObject[] = [];
  for (let index = 0; index < keys.length; index++) {
    if (limit > 0 && objects.length === limit) {
      return { revision, objects, next: keys[index], remaining: keys.length - index };
    }
    const key = keys[index]!;
    if (!selection.covers(key)) continue;
    const stored = collection.get(key)!;
    if (selection.matches(stored)) objects.push(stored);
  }
  return { revision, objects, next: undefined, remaining: 0 };
}

async function continued(
  context: ReadContext,
  selection: Selection,
  revision: number | undefined,
  start: string,
  limit: number,
): Promise<Page> {
  if (revision === undefined) {
    await awaitRevision(context.cache, undefined);
    await prepareCurrent(context.cache, selection);
    return currentPage(context.cache, selection, start, limit);
  }
  const restart = encodeContinue({ revision: undefined, start }, selection.from);
  return pageAt(context, selection, revision, start, limit, () => errors.continueExpired(restart));
}

/** From the past, as far as the store still has it. */
async function pageAt(
  { cache, store }: ReadContext,
  selection: Selection,
  revision: number,
  start: string,
  limit: number,
  expired: () => Error,
): Promise<Page> {
  await awaitRevision(cache, revision);
  await prepareCurrent(cache, selection);
  if (revision === cache.revision) return currentPage(cache, selection, start, limit);
  const objects: StoredObject[] = [];
  const chunk = limit === 0 || selection.everything ? limit : Math.max(limit, MIN_CHUNK);
  for (let from = start; ; ) {
    const range = { key: from, end: selection.end, revision, limit: chunk, serializable: true };
    const { kvs, count, more } = await store.range(range).catch((error) => {
      throw errorCode(error) === 'COMPACTED' ? expired() : error;
    });
    const found = kvs.map((kv) => cache.objectOf(kv));
    await selection.prepare(() => found);
    for (let index = 0; index < kvs.length; index++) {
      const stored = found[index]!;
      if (limit > 0 && objects.length === limit) {
        return { revision, objects, next: stored.key, remaining: count - index };
      }
      if (selection.covers(stored.key) && selection.matches(stored)) objects.push(stored);
    }
    if (!more) return { revision, objects, next: undefined, remaining: 0 };
    from = `${kvs.at(-1)!.key}\0`;
    if (limit > 0 && objects.length === limit) return { revision, objects, next: from, remaining: count - kvs.length };
  }
}

function checkParameters(request: ListRequest): void {
  const { resourceVersion, resourceVersionMatch: match, continue: token, sendInitialEvents } = request;
  const problems: FieldError[] = [];
  const path = fieldPath('resourceVersionMatch');
  if (match) {
    if (token) problems.push(forbiddenField(path, 'resourceVersionMatch is forbidden when continue is provided'));
    if (!resourceVersion) {
      problems.push(forbiddenField(path, 'resourceVersionMatch is forbidden unless resourceVersion is provided'));
    }
    if (match !== 'Exact' && match !== 'NotOlderThan')
      problems.push(notSupported(path, match, ['Exact', 'NotOlderThan', '']));
    if (match === 'Exact' && resourceVersion === '0') {
      problems.push(forbiddenField(path, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
    }
  }
  if (sendInitialEvents)
    problems.push(forbiddenField(fieldPath('sendInitialEvents'), 'sendInitialEvents is forbidden for list'));
  if (problems.length > 0) throw errors.invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', problems);
  if (token && resourceVersion && resourceVersion !== '0') {
    throw errors.badRequest('specifying resource version is not allowed when using continue');
  }
}
