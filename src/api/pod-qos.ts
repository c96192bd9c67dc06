import { parseQuantity } from './quantity.ts';
import type { v1 } from './types/index.ts';

type Resources = Readonly<Record<string, string | number>>;

const counted = ['cpu', 'memory'];

/** A pod's quality of service: Guaranteed when all containers' limits are set and equal their requests. What the pod says as a whole counts instead. */
export function podQosClass({ resources, containers, initContainers }: v1.PodSpec): v1.PodQOSClass {
  const ofPod = resources?.requests !== undefined || resources?.limits !== undefined;
  const consumers = ofPod ? [{ resources }] : [...(containers ?? []), ...(initContainers ?? [])];
  const requests = new Map<string, bigint>();
  const limits = new Map<string, bigint>();
  let guaranteed = true;
  for (const { resources: own } of consumers) {
    add(requests, own?.requests);
    if (add(limits, own?.limits) < counted.length) guaranteed = false;
  }
  if (requests.size === 0 && limits.size === 0) return 'BestEffort';
  const equal = requests.size === limits.size && [...requests].every(([name, value]) => limits.get(name) === value);
  return guaranteed && equal ? 'Guaranteed' : 'Burstable';
}

/** Adds up what counts and isn't zero; returns how many there were. */
function add(sums: Map<string, bigint>, resources: Resources = {}): number {
  let found = 0;
  for (const name of counted) {
    const text = resources[name];
    const value = text === undefined ? 0n : parseQuantity(text).nanos;
    if (value === 0n) continue;
    found++;
    sums.set(name, (sums.get(name) ?? 0n) + value);
  }
  return found;
}
