import type { v1 } from '../api/index.ts';
import type { PodInfo } from './pod-info.ts';
import { add, parseResources, type Resources } from './resources.ts';

/** A node and the pods on it, with their sums kept up to date: a cycle never adds up pods. */
export class NodeInfo {
  readonly name: string;
  node: v1.Node;
  allocatable: Resources;
  readonly requested: Resources = new Map();
  readonly scoring = { cpu: 0, memory: 0 };
  readonly pods = new Map<string, PodInfo>();
  readonly hostPorts = new Map<string, number>();

  constructor(node: v1.Node) {
    this.name = node.metadata.name ?? '';
    this.node = node;
    this.allocatable = parseResources(node.status?.allocatable);
  }

  get labels(): Readonly<Record<string, string>> {
    return this.node.metadata.labels ?? {};
  }

  update(node: v1.Node): void {
    this.node = node;
    this.allocatable = parseResources(node.status?.allocatable);
  }

  add(pod: PodInfo): void {
    this.remove(pod.uid);
    this.pods.set(pod.uid, pod);
    this.#account(pod, 1);
  }

  remove(uid: string): void {
    const pod = this.pods.get(uid);
    if (pod === undefined) return;
    this.pods.delete(uid);
    this.#account(pod, -1);
  }

  #account(pod: PodInfo, sign: 1 | -1): void {
    add(this.requested, pod.requests, sign);
    this.scoring.cpu += sign * pod.scoring.cpu;
    this.scoring.memory += sign * pod.scoring.memory;
    for (const port of pod.hostPorts) {
      const count = (this.hostPorts.get(port) ?? 0) + sign;
      if (count === 0) this.hostPorts.delete(port);
      else this.hostPorts.set(port, count);
    }
  }
}
