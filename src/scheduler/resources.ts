import { milliValueOf, type v1, wholeValueOf } from '../api/index.ts';

/** Amounts of resources: cpu in millicores, all else in its whole unit (bytes, pieces). */
export type Resources = Map<string, number>;

type ResourceList = Readonly<Record<string, string>> | undefined;

/** A container without requests still costs something: what scoring takes it for, as Kubernetes does. */
const DEFAULT_CPU_MILLIS = 100;
const DEFAULT_MEMORY_BYTES = 200 * 1024 * 1024;

export function parseResources(list: ResourceList): Resources {
  const resources: Resources = new Map();
  for (const [name, quantity] of Object.entries(list ?? {})) {
    resources.set(name, name === 'cpu' ? milliValueOf(quantity) : wholeValueOf(quantity));
  }
  return resources;
}

/** What a pod asks for: its containers together, or its greediest init container if that is more, and the overhead. */
export function podRequests(spec: v1.PodSpec | undefined): Resources {
  const total: Resources = new Map();
  for (const { resources } of spec?.containers ?? []) add(total, parseResources(resources?.requests));
  // Sidecars run beside what follows them, so they add up; other init containers run one after another.
  const sidecars: Resources = new Map();
  const peak: Resources = new Map();
  for (const { resources, restartPolicy } of spec?.initContainers ?? []) {
    const requests = parseResources(resources?.requests);
    if (restartPolicy === 'Always') {
      add(sidecars, requests);
      add(total, requests);
      raise(peak, sidecars);
    } else {
      const needed = new Map(sidecars);
      add(needed, requests);
      raise(peak, needed);
    }
  }
  raise(total, peak);
  for (const [name, quantity] of parseResources(spec?.resources?.requests)) total.set(name, quantity);
  add(total, parseResources(spec?.overhead));
  return total;
}

/** CPU and memory as scoring counts them: containers that ask for nothing count with a default. */
export function scoringRequests(spec: v1.PodSpec | undefined): { cpu: number; memory: number } {
  let cpu = 0;
  let memory = 0;
  for (const { resources } of spec?.containers ?? []) {
    const requests = parseResources(resources?.requests);
    cpu += requests.get('cpu') ?? DEFAULT_CPU_MILLIS;
    memory += requests.get('memory') ?? DEFAULT_MEMORY_BYTES;
  }
  return { cpu, memory };
}

export function add(to: Resources, amounts: ReadonlyMap<string, number>, factor = 1): void {
  for (const [name, amount] of amounts) to.set(name, (to.get(name) ?? 0) + factor * amount);
}

function raise(to: Resources, amounts: ReadonlyMap<string, number>): void {
  for (const [name, amount] of amounts) if (amount > (to.get(name) ?? 0)) to.set(name, amount);
}
