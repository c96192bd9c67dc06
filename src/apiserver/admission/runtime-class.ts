import { compareQuantities, errors, type nodev1, parseQuantities, type v1 } from '../../api/index.ts';
import type { StateReader } from '../registry/types.ts';
import { newPodSpec } from './pod-spec.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './types.ts';

const runtimeClasses = { group: 'node.k8s.io', resource: 'runtimeclasses' };

/** Gives a pod what its RuntimeClass says: what it costs beside its containers, and where it can run. */
export function runtimeClass(state: StateReader): AdmissionPlugin {
  return {
    name: 'RuntimeClass',
    admit(attributes) {
      const spec = newPodSpec<v1.PodSpec>(attributes);
      if (spec === undefined) return undefined;
      if (spec.runtimeClassName) return apply(spec, spec.runtimeClassName, attributes);
      setOverhead(spec, undefined, attributes);
      return undefined;
    },
  };

  async function apply(spec: v1.PodSpec, name: string, attributes: AdmissionAttributes): Promise<void> {
    const found = await find(name, attributes);
    setOverhead(spec, found, attributes);
    setScheduling(spec, found, attributes);
  }

  async function find(name: string, attributes: AdmissionAttributes): Promise<nodev1.RuntimeClass> {
    let found = state.lookup(runtimeClasses, undefined, name);
    if (found === undefined) {
      await state.fresh();
      found = state.lookup(runtimeClasses, undefined, name);
    }
    if (found === undefined) throw rejected(attributes, `RuntimeClass "${name}" not found`);
    return found.object as unknown as nodev1.RuntimeClass;
  }
}

function setOverhead(spec: v1.PodSpec, found: nodev1.RuntimeClass | undefined, attributes: AdmissionAttributes): void {
  const fixed = found?.overhead?.podFixed;
  if (fixed === undefined) {
    if (spec.overhead === undefined || Object.keys(spec.overhead).length === 0) return;
    throw rejected(attributes, 'Pod Overhead set without corresponding RuntimeClass defined Overhead');
  }
  if (spec.overhead !== undefined && !sameAmounts(spec.overhead, fixed)) {
    throw rejected(attributes, "Pod's Overhead doesn't match RuntimeClass's defined Overhead");
  }
  spec.overhead = { ...fixed };
}

function setScheduling(spec: v1.PodSpec, found: nodev1.RuntimeClass, attributes: AdmissionAttributes): void {
  const { nodeSelector = {}, tolerations = [] } = found.scheduling ?? {};
  for (const [key, value] of Object.entries(nodeSelector)) {
    const own = spec.nodeSelector?.[key];
    if (own === undefined || own === value) continue;
    throw rejected(
      attributes,
      `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`,
    );
  }
  if (Object.keys(nodeSelector).length > 0) spec.nodeSelector = { ...spec.nodeSelector, ...nodeSelector };
  const known = new Set((spec.tolerations ?? []).map((toleration) => JSON.stringify(toleration)));
  const added = tolerations.filter((toleration) => !known.has(JSON.stringify(toleration)));
  if (added.length > 0) spec.tolerations = [...(spec.tolerations ?? []), ...added];
}

function sameAmounts(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const [left, right] = [parseQuantities(a), parseQuantities(b)];
  return (
    left.size === right.size &&
    [...left].every(([name, amount]) => {
      const other = right.get(name);
      return other !== undefined && compareQuantities(amount, other) === 0;
    })
  );
}

function rejected({ type, name }: AdmissionAttributes, text: string): Error {
  return errors.forbidden(type, name, `pod rejected: ${text}`);
}
