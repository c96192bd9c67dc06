import { clonePlain, type UnstructuredObject } from '../../../api/index.ts';
import type { Strategy } from './strategy.ts';

interface Condition {
  type: string;
}

interface Fields {
  status?: { conditions?: Condition[] };
}

const decisions = new Set(['Approved', 'Denied']);
const conditionsOf = (object: UnstructuredObject): Condition[] => (object as Fields).status?.conditions ?? [];

/** What is asked for never changes; only the approval subresource approves and denies. */
export const certificateSigningRequestStrategy: Strategy = {
  timesConditions: true,

  prepareForUpdate(object, old) {
    object['spec'] = clonePlain(old['spec']);
  },

  prepareForStatusUpdate(object, old) {
    const kept = conditionsOf(old).filter(({ type }) => decisions.has(type));
    const others = conditionsOf(object).filter(({ type }) => !decisions.has(type));
    const conditions = [...clonePlain(kept), ...others];
    const fields = object as Fields;
    if (conditions.length > 0) fields.status = { ...fields.status, conditions };
    else delete fields.status?.conditions;
  },
};
