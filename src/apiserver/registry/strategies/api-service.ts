import { type apiregistrationv1, availabilityOf, type UnstructuredObject } from '../../../api/index.ts';
import type { Strategy } from './strategy.ts';

/** An APIService tells from the start whether it is available; who keeps them follows later changes. */
export const apiServiceStrategy: Strategy = {
  requiresResourceVersion: true,
  prepareForCreate(object: UnstructuredObject) {
    const { spec, metadata } = object as unknown as apiregistrationv1.APIService;
    const lastTransitionTime = metadata.creationTimestamp!;
    object['status'] = { conditions: [{ ...availabilityOf(spec), lastTransitionTime }] };
  },
};
