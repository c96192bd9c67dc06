import { badRequest } from './errors.ts';

/** The right under which a write is made: as the Lease object said when its holder took it. */
export interface Fence {
  namespace: string;
  name: string;
  holderIdentity: string;
  leaseTransitions: number;
}

/** The HTTP header that carries a fence: `namespace/name;holderIdentity;leaseTransitions`, each part URI-encoded. */
export const FENCE_HEADER = 'keelson-fence';

export function formatFence({ namespace, name, holderIdentity, leaseTransitions }: Fence): string {
  const encode = encodeURIComponent;
  return `${encode(namespace)}/${encode(name)};${encode(holderIdentity)};${leaseTransitions}`;
}

/** Reads the header; undefined when it is absent. Throws ApiError 400 when it makes no sense. */
export function parseFence(header: string | undefined): Fence | undefined {
  if (header === undefined) return undefined;
  const match = /^([^/;]+)\/([^/;]+);([^;]*);(\d{1,15})$/.exec(header);
  try {
    const [namespace, name, holderIdentity] = (match ?? []).slice(1, 4).map(decodeURIComponent);
    if (namespace !== undefined && name !== undefined && holderIdentity !== undefined) {
      return { namespace, name, holderIdentity, leaseTransitions: Number(match?.[4]) };
    }
  } catch {
    // Broken URI encoding.
  }
  throw badRequest(`header ${FENCE_HEADER} must read namespace/name;holderIdentity;leaseTransitions`);
}
