import { isPlainObject, type PlainObject } from '../plain.ts';
import { podResources, type Quantities } from '../pod-resources.ts';
import { formatQuantity } from '../quantity.ts';
import type { v1 } from '../types/index.ts';

const hugePages = 'hugepages-';

/**
 * Completes what a pod as a whole is said to need, where that is said in part: the huge pages and the requests of its
 * containers together are the pod's, and what is limited but requested by none is requested as much as it is limited.
 */
export function completePodResources(spec: PlainObject): void {
  const { resources } = spec;
  if (!isPlainObject(resources)) return;
  const limits = amountsOf(resources, 'limits');
  const requests = amountsOf(resources, 'requests');
  if (Object.keys(limits).length + Object.keys(requests).length === 0) return;
  for (const [name, amount] of ofContainers(spec, 'limits')) {
    if (name.startsWith(hugePages) && requests[name] === undefined) limits[name] ??= formatQuantity(amount);
  }
  if (Object.keys(limits).length === 0) return;
  for (const [name, amount] of ofContainers(spec, 'requests')) {
    if (name === 'cpu' || name === 'memory') requests[name] ??= formatQuantity(amount);
  }
  for (const name of Object.keys(limits)) {
    if (name === 'cpu' || name === 'memory' || name.startsWith(hugePages)) requests[name] ??= limits[name];
  }
  resources['limits'] = limits;
  if (Object.keys(requests).length > 0) resources['requests'] = requests;
}

function amountsOf(resources: PlainObject, field: 'limits' | 'requests'): PlainObject {
  const amounts = resources[field];
  return isPlainObject(amounts) ? amounts : {};
}

/** Nothing where there is something that can't be read; validation says what. */
function ofContainers(spec: PlainObject, field: 'limits' | 'requests'): Quantities {
  const { containers, initContainers } = spec as unknown as v1.PodSpec;
  try {
    return podResources({ containers: containers ?? [], initContainers: initContainers ?? [] }, field);
  } catch {
    return new Map();
  }
}
