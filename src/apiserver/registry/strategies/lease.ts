import type { UnstructuredObject } from '../../../api/index.ts';
import { deleteFence, putFence } from '../fence.ts';
import type { Strategy } from './strategy.ts';

interface LeaseFields {
  spec?: { holderIdentity?: string; leaseTransitions?: number };
}

/** Keeps each Lease's fence (see fence.ts) in step with who holds it. */
export const leaseStrategy: Strategy = {
  createsOnUpdate: true,
  requiresResourceVersion: true,

  accompany(next, old) {
    const { namespace = '', name = '' } = (next ?? old)!.metadata;
    if (next === undefined) return { operations: [deleteFence(namespace, name)] };
    const holder = holderOf(next);
    const before = old && holderOf(old);
    const same =
      before?.holderIdentity === holder.holderIdentity && before.leaseTransitions === holder.leaseTransitions;
    return same ? {} : { operations: [putFence({ namespace, name, ...holder })] };
  },
};

function holderOf(lease: UnstructuredObject): { holderIdentity: string; leaseTransitions: number } {
  const { spec = {} } = lease as LeaseFields;
  return { holderIdentity: spec.holderIdentity ?? '', leaseTransitions: spec.leaseTransitions ?? 0 };
}
