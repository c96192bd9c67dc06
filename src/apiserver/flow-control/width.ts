import type { RequestInfo } from '../request-info.ts';

/** Objects of a list that make it one seat wider, as in Kubernetes. */
const OBJECTS_PER_SEAT = 100;

/** How many seats a request takes: a list as many as its objects are worth, any other one. */
export function widthOf(info: RequestInfo, query: URLSearchParams, count: (info: RequestInfo) => number): number {
  if (info.verb !== 'list' || !info.isResource) return 1;
  let objects = count(info);
  const limit = Number(query.get('limit') ?? 0);
  if (limit > 0) objects = Math.min(objects, limit);
  return Math.max(1, Math.ceil(objects / OBJECTS_PER_SEAT));
}
