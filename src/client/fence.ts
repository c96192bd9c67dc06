import type { Fence } from './types.ts';

/** The HTTP header that carries a fence: `namespace/name;holderIdentity;leaseTransitions`, each part URI-encoded. */
export const FENCE_HEADER = 'keelson-fence';

export function formatFence({ namespace, name, holderIdentity, leaseTransitions }: Fence): string {
  const encode = encodeURIComponent;
  return `${encode(namespace)}/${encode(name)};${encode(holderIdentity)};${leaseTransitions}`;
}
