import { addQuantities, compareQuantities, parseQuantity, type Quantity } from './quantity.ts';
import type { v1 } from './types/index.ts';

export type Quantities = Map<string, Quantity>;

export function parseQuantities(list: Readonly<Record<string, string>> | undefined): Quantities {
  return new Map(Object.entries(list ?? {}).map(([name, amount]) => [name, parseQuantity(amount)]));
}

/**
 * All that a pod requests, or is limited to: its containers together, or its greediest init container if that is more; what
 * the pod as a whole says counts instead. The overhead comes on top, to limits only where there are some.
 */
export function podResources(spec: v1.PodSpec, kind: 'requests' | 'limits'): Quantities {
  const total: Quantities = new Map();
  for (const { resources } of spec.containers) add(total, parseQuantities(resources?.[kind]));
  // Sidecars run beside what follows them, so they add up; other init containers run one after another.
  const sidecars: Quantities = new Map();
  const peak: Quantities = new Map();
  for (const { resources, restartPolicy } of spec.initContainers ?? []) {
    const own = parseQuantities(resources?.[kind]);
    if (restartPolicy === 'Always') {
      add(sidecars, own);
      add(total, own);
      raise(peak, sidecars);
    } else {
      const needed = new Map(sidecars);
      add(needed, own);
      raise(peak, needed);
    }
  }
  raise(total, peak);
  for (const [name, amount] of parseQuantities(spec.resources?.[kind])) total.set(name, amount);
  const overhead = parseQuantities(spec.overhead);
  for (const name of overhead.keys()) if (kind === 'limits' && !total.has(name)) overhead.delete(name);
  add(total, overhead);
  return total;
}

function add(to: Quantities, amounts: ReadonlyMap<string, Quantity>): void {
  for (const [name, amount] of amounts) {
    const before = to.get(name);
    to.set(name, before === undefined ? amount : addQuantities(before, amount));
  }
}

function raise(to: Quantities, amounts: ReadonlyMap<string, Quantity>): void {
  for (const [name, amount] of amounts) {
    const before = to.get(name);
    if (before === undefined || compareQuantities(amount, before) > 0) to.set(name, amount);
  }
}
