import { isDeepStrictEqual } from 'node:util';
import type { discoveryv1 } from '../../api/index.ts';

type Slice = discoveryv1.EndpointSlice;

const MAX_PER_SLICE = 100;

/** Endpoints that share their ports. */
export interface EndpointGroup {
  ports: discoveryv1.EndpointPort[];
  endpoints: discoveryv1.Endpoint[];
}

/** What is to be written so that the slices hold exactly the wanted endpoints. */
export interface SlicePlan {
  create: Pick<Slice, 'endpoints' | 'ports'>[];
  update: Slice[];
  delete: Slice[];
}

/**
 * Each endpoint stays in its slice, and new ones fill up slices that have room, so that one pod's
 * change is one small slice's change for everybody who watches. One slice is left where there are no endpoints at all: it
 * says so.
 */
export function planSlices(existing: readonly Slice[], wanted: readonly EndpointGroup[]): SlicePlan {
  const plan: SlicePlan = { create: [], update: [], delete: [] };
  const unused = new Set(existing);
  for (const { ports, endpoints } of wanted) {
    const slices = existing.filter((slice) => isDeepStrictEqual(slice.ports ?? [], ports));
    const missing = new Map(endpoints.map((endpoint) => [identityOf(endpoint), endpoint]));
    const contents = slices.map((slice) => ({ slice, endpoints: takeFrom(missing, slice) }));
    const rest = [...missing.values()];
    // The fullest first, so that the emptiest may become empty.
    for (const content of contents.toSorted((a, b) => b.endpoints.length - a.endpoints.length)) {
      content.endpoints.push(...rest.splice(0, MAX_PER_SLICE - content.endpoints.length));
    }
    for (const { slice, endpoints } of contents) {
      if (endpoints.length === 0) continue;
      unused.delete(slice);
      if (!isDeepStrictEqual(slice.endpoints, endpoints)) plan.update.push({ ...slice, endpoints });
    }
    while (rest.length > 0) plan.create.push({ ports, endpoints: rest.splice(0, MAX_PER_SLICE) });
  }
  if (unused.size === existing.length && plan.create.length === 0) keepOneEmpty(plan, unused);
  plan.delete.push(...unused);
  return plan;
}

function keepOneEmpty(plan: SlicePlan, unused: Set<Slice>): void {
  const [kept] = [...unused].toSorted((a, b) => a.endpoints.length - b.endpoints.length);
  if (kept === undefined) {
    plan.create.push({ ports: [], endpoints: [] });
    return;
  }
  unused.delete(kept);
  if (kept.endpoints.length > 0) plan.update.push({ ...kept, ports: [], endpoints: [] });
}

/** The wanted endpoints that a slice holds already, as they are to be now. */
function takeFrom(missing: Map<string, discoveryv1.Endpoint>, { endpoints }: Slice): discoveryv1.Endpoint[] {
  return (endpoints ?? []).flatMap((endpoint) => {
    const identity = identityOf(endpoint);
    const found = missing.get(identity);
    missing.delete(identity);
    return found === undefined ? [] : [found];
  });
}

function identityOf({ targetRef, addresses }: discoveryv1.Endpoint): string {
  return targetRef?.uid ?? addresses.join();
}
