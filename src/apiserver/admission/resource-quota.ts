import {
  addQuantities,
  addUsage,
  compareQuantities,
  countsFor,
  errors,
  formatQuantity,
  inScopes,
  missingForQuota,
  parseQuantities,
  type Quantities,
  quotaUsage,
  subtractQuantities,
  type UnstructuredObject,
  type v1,
} from '../../api/index.ts';
import { encodeValue } from '../registry/encoded.ts';
import type { StateReader, StoredState } from '../registry/types.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './types.ts';

const resourceQuotas = { group: '', resource: 'resourcequotas' };

/**
 * Refuses what would exceed a ResourceQuota of the namespace. What is let in is added to the quota's status in the same
 * transaction that writes the object, so that no two writes can both take what is left.
 */
export function resourceQuota(state: StateReader): AdmissionPlugin {
  return {
    name: 'ResourceQuota',
    validate(attributes) {
      const { operation, subresource, namespace, object } = attributes;
      if (operation === 'DELETE' || subresource !== undefined || namespace === undefined || object === undefined)
        return;
      for (const stored of state.all(resourceQuotas, namespace)) charge(stored, attributes, object);
    },
  };
}

function charge(stored: StoredState, attributes: AdmissionAttributes, object: UnstructuredObject): void {
  const { type, name, old } = attributes;
  const quota = stored.object as v1.ResourceQuota;
  const quotaName = quota.metadata.name;
  const limits = Object.keys(quota.spec?.hard ?? {}).filter((limit) => countsFor(type, limit));
  if (limits.length === 0 || !inScopes(quota, type, object)) return;
  const refuse = (text: string): Error => errors.forbidden(type, name, text);
  const hard = parseQuantities(quota.status?.hard);
  const used = parseQuantities(quota.status?.used);
  const missing = old === undefined ? missingForQuota(type, object, limits) : [];
  if (missing.length > 0) throw refuse(`failed quota: ${quotaName}: must specify ${missing.join('; ')}`);
  const unknown = limits.filter((limit) => hard.has(limit) && !used.has(limit)).sort();
  if (unknown.length > 0) throw refuse(`status unknown for quota: ${quotaName}, resources: ${unknown.join(',')}`);

  const added = addedUsage(attributes, object, quota, hard);
  const exceeded = [...added.keys()]
    .filter((limit) => compareQuantities(addQuantities(used.get(limit)!, added.get(limit)!), hard.get(limit)!) > 0)
    .sort();
  if (exceeded.length > 0) {
    const show = (amounts: Quantities): string =>
      exceeded.map((limit) => `${limit}=${formatQuantity(amounts.get(limit)!)}`).join(',');
    throw refuse(
      `exceeded quota: ${quotaName}, requested: ${show(added)}, used: ${show(used)}, limited: ${show(hard)}`,
    );
  }
  // What isn't counted yet limits nothing; but the quota is written all the same, so that who counts just now starts over.
  const uncounted = limits.some((limit) => !hard.has(limit));
  if (added.size === 0 && !uncounted) return;
  addUsage(used, added);
  attributes.operations.push({ type: 'put', key: stored.key, value: encodeValue(withUsed(quota, used)) });
  attributes.guards.push({
    compare: { key: stored.key, target: 'modRevision', operator: '=', operand: stored.revision },
    refusal: () => undefined,
  });
}

function withUsed(quota: v1.ResourceQuota, used: Quantities): v1.ResourceQuota {
  if (used.size === 0) return quota;
  const amounts = Object.fromEntries([...used].map(([limit, amount]) => [limit, formatQuantity(amount)]));
  return { ...quota, status: { ...quota.status, used: amounts } };
}

/** What the write adds to what the quota limits. A change that takes less gives nothing back here: that is counted later. */
function addedUsage(
  { type, old }: AdmissionAttributes,
  object: UnstructuredObject,
  quota: v1.ResourceQuota,
  hard: Quantities,
): Quantities {
  const before = old !== undefined && inScopes(quota, type, old) ? quotaUsage(type, old) : new Map();
  const added: Quantities = new Map();
  for (const [limit, amount] of quotaUsage(type, object)) {
    if (!hard.has(limit)) continue;
    const had = before.get(limit);
    const more = had === undefined ? amount : subtractQuantities(amount, had);
    if (more.nanos > 0n) added.set(limit, more);
  }
  return added;
}
