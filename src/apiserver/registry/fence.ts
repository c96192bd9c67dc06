import { errors } from '../../api/index.ts';
import type { Fence } from '../../client/index.ts';
import type { Operation } from '../../store/index.ts';
import type { GroupResource, Guard } from './types.ts';

/*
 * Who holds a Lease, under a key of its own that changes only when the holder does, not with each renewal. A write made under
 * a Lease compares this key in its own transaction: once another holds the Lease, no write of the former holder can succeed,
 * however late it arrives.
 */

function fenceKey(namespace: string, name: string): string {
  return `/keelson/fences/${namespace}/${name}`;
}

function fenceValue(holderIdentity: string, leaseTransitions: number): Buffer {
  return Buffer.from(`${holderIdentity}/${leaseTransitions}`);
}

/** Part of a transaction that changes a Lease's holder or transitions. */
export function putFence({ namespace, name, holderIdentity, leaseTransitions }: Fence): Operation {
  return { type: 'put', key: fenceKey(namespace, name), value: fenceValue(holderIdentity, leaseTransitions) };
}

/** Part of a transaction that deletes a Lease: nobody holds it, and nobody may write under it. */
export function deleteFence(namespace: string, name: string): Operation {
  return { type: 'delete', key: fenceKey(namespace, name) };
}

/** Lets a write on `type` happen only while the fence stands. */
export function fenceGuard(fence: Fence, type: GroupResource, name: string): Guard {
  const { namespace, name: lease, holderIdentity, leaseTransitions } = fence;
  return {
    compare: {
      key: fenceKey(namespace, lease),
      target: 'value',
      operator: '=',
      operand: fenceValue(holderIdentity, leaseTransitions),
    },
    refusal() {
      const error = errors.conflict(type, name, `${holderIdentity} no longer holds the lease ${namespace}/${lease}`);
      error.status.details = {
        ...error.status.details,
        causes: [{ reason: 'FencingLost', message: `transition ${leaseTransitions} of the lease is over` }],
      };
      return error;
    },
  };
}
