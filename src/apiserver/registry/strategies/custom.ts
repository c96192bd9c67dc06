import type { Strategy } from './strategy.ts';

const common: Strategy = { generation: true, requiresResourceVersion: true, keepsStatusOnCreate: true };

/** Custom resources without a status subresource: the status is a field like any other. */
export const customStrategy: Strategy = { ...common, generationCountsStatus: true };

/** Custom resources whose status is written by itself. */
export const customWithStatusStrategy: Strategy = {
  ...common,
  prepareForCreate(object) {
    delete object['status'];
  },
};
