import { type FieldPath, fieldPath, forbiddenField, invalidValue } from '../../field-errors.ts';
import { equalPlain } from '../../plain.ts';
import { podQosClass } from '../../pod-qos.ts';
import type { v1 } from '../../types/index.ts';
import type { Errors } from '../checks.ts';
import { mirrorAnnotation } from './annotations.ts';
import { podSpecPath } from './spec.ts';
import { noSpec } from './update.ts';

const resizable = ['cpu', 'memory'];

/** A running pod's containers may get more or less CPU and memory; nothing else changes. */
export function checkResize(errors: Errors, pod: v1.Pod, old: v1.Pod): void {
  const { spec = noSpec } = pod;
  const { spec: before = noSpec } = old;
  const refusal = refusalOf(spec, old);
  if (refusal !== undefined) {
    errors.splice(0, errors.length, forbiddenField(fieldPath(), refusal));
    return;
  }
  if ((old.status?.qosClass ?? podQosClass(before)) !== podQosClass(spec)) {
    const detail = 'Pod QOS Class may not change as a result of resizing';
    errors.push(invalidValue(podSpecPath, pod.status?.qosClass ?? '', detail));
  }
  const running = old.status?.containerStatuses?.find(({ state }) => state?.running !== undefined);
  // Nodes that can change what a container may use say what it may use now.
  if (running !== undefined && running.resources === undefined) {
    errors.push(forbiddenField(podSpecPath, 'Pod running on node without support for resize'));
  }
  checkContainersResized(errors, spec, before);
  checkSidecarsResized(errors, spec, before);
  if (errors.length > 0) return;
  const { containers: _, initContainers: __, ...rest } = spec;
  const { containers: ___, initContainers: ____, ...others } = before;
  if (!equalPlain(rest, others)) errors.push(forbiddenField(podSpecPath, 'only cpu and memory resources are mutable'));
}

/** Why a pod can't be resized at all. */
function refusalOf(spec: v1.PodSpec, { metadata, spec: old }: v1.Pod): string | undefined {
  if (hasOwnResources(spec) || hasOwnResources(old)) return 'pods with pod-level resources cannot be resized';
  if (metadata.annotations?.[mirrorAnnotation] !== undefined) return 'static pods cannot be resized';
  return old?.os?.name === 'windows' ? 'windows pods cannot be resized' : undefined;
}

function hasOwnResources({ resources }: v1.PodSpec = noSpec): boolean {
  const { requests = {}, limits = {} } = resources ?? {};
  return Object.keys(requests).length + Object.keys(limits).length > 0;
}

function checkContainersResized(errors: Errors, spec: v1.PodSpec, old: v1.PodSpec): void {
  // A list that has to be there is null where it isn't given.
  const [containers, known] = [spec.containers ?? [], old.containers ?? []];
  for (const [index, before] of known.entries()) {
    const container = containers[index];
    if (container === undefined) continue;
    checkKept(errors, podSpecPath.child('containers').index(index).child('resources'), container, before);
    if (isOnlyResized(container, before)) continue;
    errors.push(forbiddenField(podSpecPath, 'only cpu and memory resources are mutable'));
  }
  if (containers.length === known.length) return;
  errors.push(forbiddenField(podSpecPath, 'only cpu and memory resources are mutable'));
}

function checkSidecarsResized(errors: Errors, spec: v1.PodSpec, old: v1.PodSpec): void {
  const path = podSpecPath.child('initContainers');
  const { initContainers: now = [] } = spec;
  for (const [index, before] of (old.initContainers ?? []).entries()) {
    const container = now[index];
    if (container === undefined) continue;
    if (before.restartPolicy !== 'Always') {
      if (equalPlain(container, before)) continue;
      errors.push(forbiddenField(podSpecPath, 'resources for non-sidecar init containers are immutable'));
      continue;
    }
    checkKept(errors, path.index(index).child('resources'), container, before);
    if (isOnlyResized(container, before)) continue;
    const detail = 'only cpu and memory resources for sidecar containers are mutable';
    errors.push(forbiddenField(podSpecPath, detail));
  }
  if (now.length === (old.initContainers?.length ?? 0)) return;
  errors.push(forbiddenField(podSpecPath, 'only cpu and memory resources are mutable'));
}

/** What is requested, or limited, may become more or less, but not nothing. */
function checkKept(errors: Errors, path: FieldPath, { resources = {} }: v1.Container, old: v1.Container): void {
  for (const field of ['requests', 'limits'] as const) {
    const now = resources[field] ?? {};
    if (Object.keys(old.resources?.[field] ?? {}).every((name) => now[name] !== undefined)) continue;
    errors.push(forbiddenField(path.child(field), `resource ${field} cannot be removed`));
  }
}

function isOnlyResized(container: v1.Container, old: v1.Container): boolean {
  return equalPlain(withoutResizable(container), withoutResizable(old));
}

function withoutResizable({ resources = {}, ...container }: v1.Container): object {
  const { limits, requests, ...others } = resources;
  const rest = (amounts: Readonly<Record<string, unknown>> = {}): object =>
    Object.fromEntries(Object.entries(amounts).filter(([name]) => !resizable.includes(name)));
  return { ...container, resources: { ...others, limits: rest(limits), requests: rest(requests) } };
}
