import type { v1 } from '../api/index.ts';
import { NodeInfo } from './node-info.ts';
import { type PodInfo, podInfo } from './pod-info.ts';

/**
 * What the scheduler believes of nodes and of the pods on them: what the API says, and on top the pods that it has just
 * placed (assumed) and of which the API has not told yet.
 */
export class SchedulerCache {
  readonly #nodes = new Map<string, NodeInfo>();
  /** Pods on nodes, assumed or told, by uid. */
  readonly #placed = new Map<string, { node: string; info: PodInfo; assumed: boolean }>();
  #list: NodeInfo[] | undefined;

  /** All nodes, in a stable order. */
  nodes(): readonly NodeInfo[] {
    this.#list ??= [...this.#nodes.values()].filter(({ node }) => node.metadata.name !== undefined);
    return this.#list;
  }

  setNode(node: v1.Node): void {
    const name = node.metadata.name ?? '';
    const known = this.#nodes.get(name);
    if (known !== undefined) {
      known.update(node);
      return;
    }
    const info = new NodeInfo(node);
    this.#nodes.set(name, info);
    // Its pods may have been told of before it.
    for (const placed of this.#placed.values()) if (placed.node === name) info.add(placed.info);
    this.#list = undefined;
  }

  removeNode(name: string): void {
    this.#nodes.delete(name);
    this.#list = undefined;
  }

  /** The API says that this pod is on a node. */
  setPod(pod: v1.Pod): void {
    const node = pod.spec?.nodeName ?? '';
    const uid = pod.metadata.uid ?? '';
    const known = this.#placed.get(uid);
    // What counts of a running pod does not change, but for its labels.
    if (
      known !== undefined &&
      known.node === node &&
      !known.assumed &&
      known.info.pod.metadata.labels === pod.metadata.labels
    )
      return;
    this.removePod(uid);
    this.#place(podInfo(pod), node, false);
  }

  /** Counts a pod as placed before the API has said so. */
  assume(info: PodInfo, node: string): void {
    this.#place(info, node, true);
  }

  /** The placement failed. */
  forget(uid: string): void {
    if (this.#placed.get(uid)?.assumed === true) this.removePod(uid);
  }

  removePod(uid: string): void {
    const placed = this.#placed.get(uid);
    if (placed === undefined) return;
    this.#placed.delete(uid);
    this.#nodes.get(placed.node)?.remove(uid);
  }

  has(uid: string): boolean {
    return this.#placed.has(uid);
  }

  #place(info: PodInfo, node: string, assumed: boolean): void {
    this.#placed.set(info.uid, { node, info, assumed });
    this.#nodes.get(node)?.add(info);
  }
}
