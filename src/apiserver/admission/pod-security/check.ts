import type { v1 } from '../../../api/index.ts';

/** A rule of the Pod Security Standards (https://kubernetes.io/docs/concepts/security/pod-security-standards/). */
export interface Check {
  id: string;
  /** The least minor version of Kubernetes 1.x in which it holds. */
  since: number;
  /** Rules of the level below that it is stricter than. */
  overrides?: readonly string[];
  /** What is wrong with a pod; undefined: nothing. */
  run(pod: CheckedPod, minor: number): Violation | undefined;
}

export interface CheckedPod {
  annotations: Readonly<Record<string, string>>;
  spec: v1.PodSpec;
}

export interface Violation {
  reason: string;
  detail: string;
}

export type Container = v1.Container | v1.EphemeralContainer;

/** All containers of a pod, in the order in which Kubernetes names them. */
export function containersOf({
  initContainers = [],
  containers = [],
  ephemeralContainers = [],
}: v1.PodSpec): Container[] {
  return [...initContainers, ...containers, ...ephemeralContainers];
}

/** `container "a"`, `containers "a", "b"`. */
export function named(what: string, names: readonly string[]): string {
  return `${plural(what, names)} ${quoted(names)}`;
}

export function plural(word: string, of: readonly unknown[]): string {
  return of.length === 1 ? word : `${word}s`;
}

export function quoted(names: readonly string[]): string {
  return names.map((name) => JSON.stringify(name)).join(', ');
}

/** Each once, by the alphabet. */
export function distinct(values: Iterable<string>): string[] {
  return [...new Set(values)].sort();
}

/** Names of the containers that the test finds. */
export function containersWhere(spec: v1.PodSpec, test: (container: Container) => boolean): string[] {
  return containersOf(spec)
    .filter(test)
    .map(({ name }) => name);
}

/** Who did it: `pod and containers "a", "b"`. */
export function setters(pod: boolean, containers: readonly string[]): string {
  const parts = [...(pod ? ['pod'] : []), ...(containers.length > 0 ? [named('container', containers)] : [])];
  return parts.join(' and ');
}

export function violation(found: boolean, reason: string, detail: () => string): Violation | undefined {
  return found ? { reason, detail: detail() } : undefined;
}

/** Its users are others than the node's, so root in it is nobody outside. */
export function hasOwnUsers(spec: v1.PodSpec): boolean {
  return spec.hostUsers === false;
}

export function isWindows(spec: v1.PodSpec): boolean {
  return spec.os?.name === 'windows';
}
