import type { RequestInfo } from '../request-info.ts';

/** How much of a server a request takes. */
export interface Work {
  /** At how many requests' worth of work the server is while it works at this one. */
  seats: number;
  /** Seats times milliseconds of work that is left when the request is answered. */
  seatMsAfter?: number;
  /** Milliseconds after which the seats are given back, be it over or not. */
  limitMs?: number;
}

export interface Counts {
  /** Objects that a list would have to look at. */
  objects(info: RequestInfo): number;
  /** Clients that are told of a write. */
  watches(info: RequestInfo): number;
}

/** Objects of a list that make it one seat wider; watches that make a write so, and what telling each costs: as in Kubernetes. */
const OBJECTS_PER_SEAT = 100;
const WATCHES_PER_SEAT = 10;
const EVENT_MS = 5;
/** A watch that has not begun by then, as nobody reads what it is told, is nobody else's burden. */
const WATCH_BEGINS_MS = 60_000;

const one: Work = { seats: 1 };
const mutating = new Set(['create', 'update', 'patch', 'delete']);

/** What Kubernetes reckons: a list for its objects, a write for those who watch, any other request one seat. */
export function workOf(info: RequestInfo, query: URLSearchParams, counts: Counts): Work {
  if (!info.isResource) return one;
  if (info.verb === 'list') return { seats: listSeats(counts.objects(info), Number(query.get('limit') ?? 0)) };
  if (info.verb === 'watch') return { seats: 1, limitMs: WATCH_BEGINS_MS };
  if (!mutating.has(info.verb) || tellsNobody(info)) return one;
  const watches = counts.watches(info);
  if (watches < WATCHES_PER_SEAT) return one;
  const seats = Math.ceil(watches / WATCHES_PER_SEAT);
  return { seats, seatMsAfter: seats * EVENT_MS };
}

function listSeats(objects: number, limit: number): number {
  return Math.max(1, Math.ceil((limit > 0 ? Math.min(objects, limit) : objects) / OBJECTS_PER_SEAT));
}

/** Leases are watched by few and renewed often; tokens are not kept. */
function tellsNobody({ group, resource, subresource }: RequestInfo): boolean {
  if (group === 'coordination.k8s.io' && resource === 'leases') return true;
  return group === '' && resource === 'serviceaccounts' && subresource === 'token';
}
