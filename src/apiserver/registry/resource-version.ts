import { errors, fieldErrorText, fieldPath, invalidValue } from '../../api/index.ts';
import type { WatchCache } from './watch-cache.ts';

/** How long a read waits for a revision that this peer hasn't seen yet, as Kubernetes does. */
const WAIT_MS = 3_000;

/** Undefined for none; 400 for what isn't a revision. */
export function parseResourceVersion(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const isNumber = /^\d+$/.test(text);
  if (isNumber && Number.isSafeInteger(Number(text))) return Number(text);
  const why = `strconv.ParseUint: parsing ${JSON.stringify(text)}: ${isNumber ? 'value out of range' : 'invalid syntax'}`;
  throw errors.badRequest(fieldErrorText(invalidValue(fieldPath('resourceVersion'), text, why)));
}

/**
 * Waits until the cache may answer a read: of the most recent state (`revision` undefined), of any (0), or of one not
 * older than `revision`.
 */
export async function awaitRevision(cache: WatchCache, revision: number | undefined): Promise<void> {
  if (revision === undefined) return cache.fresh();
  await cache.ready();
  if (revision === 0 || (await cache.reached(revision, WAIT_MS))) return;
  throw errors.tooLargeResourceVersion(revision, cache.revision);
}
