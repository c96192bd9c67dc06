import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';

/**
 * The scheduling framework, named as Kubernetes names it
 * (https://kubernetes.io/docs/concepts/scheduling-eviction/scheduling-framework/). A plug-in has one file, and implements
 * the extension points that it needs.
 */
export interface Plugin {
  readonly name: string;
  /** Once a cycle: computes what `filter` and `score` need for this pod. Returned value is handed to both. */
  preFilter?(pod: PodInfo, nodes: readonly NodeInfo[]): unknown;
  /** Undefined: the pod may run on the node. */
  filter?(pod: PodInfo, node: NodeInfo, state: unknown): Rejection | undefined;
  /** Any number, more is better; `normalize` brings all nodes' scores to 0–100. */
  score?(pod: PodInfo, node: NodeInfo, state: unknown): number;
  normalize?(scores: number[]): void;
  /** How much its score counts. */
  readonly weight?: number;
}

/** Why a pod can't run on a node. */
export interface Rejection {
  /** Texts as users know them; each is counted over the nodes. */
  reasons: readonly string[];
  /** Whether removing other pods from the node could help. */
  resolvable: boolean;
}

export const MAX_SCORE = 100;

/** The outcome of one cycle: a node, or the reasons of all. */
export type CycleResult = { node: NodeInfo } | { rejections: ReadonlyMap<string, Rejection> };

/**
 * Finds the best node for a pod: filters all nodes, scores those left, and picks at random among the best. Pure but for `random`.
 */
export function findNode(
  plugins: readonly Plugin[],
  pod: PodInfo,
  nodes: readonly NodeInfo[],
  random: () => number,
): CycleResult {
  const states = plugins.map((plugin) => plugin.preFilter?.(pod, nodes));
  const rejections = new Map<string, Rejection>();
  const feasible = nodes.filter((node) => {
    for (let i = 0; i < plugins.length; i++) {
      const rejection = plugins[i]?.filter?.(pod, node, states[i]);
      if (rejection === undefined) continue;
      rejections.set(node.name, rejection);
      return false;
    }
    return true;
  });
  if (feasible.length === 0) return { rejections };
  if (feasible.length === 1) return { node: feasible[0] as NodeInfo };
  return { node: best(plugins, states, pod, feasible, random) };
}

function best(
  plugins: readonly Plugin[],
  states: readonly unknown[],
  pod: PodInfo,
  nodes: readonly NodeInfo[],
  random: () => number,
): NodeInfo {
  const totals = new Array<number>(nodes.length).fill(0);
  plugins.forEach((plugin, p) => {
    if (plugin.score === undefined) return;
    const scores = nodes.map((node) => plugin.score?.(pod, node, states[p]) ?? 0);
    plugin.normalize?.(scores);
    const weight = plugin.weight ?? 1;
    for (let i = 0; i < totals.length; i++) totals[i] = (totals[i] as number) + weight * (scores[i] as number);
  });
  const highest = Math.max(...totals);
  const candidates = nodes.filter((_, i) => totals[i] === highest);
  return candidates[Math.floor(random() * candidates.length)] as NodeInfo;
}

/** Scales scores so that the highest becomes 100; with `reverse`, so that more becomes worse. */
export function normalizeByMaximum(scores: number[], reverse: boolean): void {
  const highest = Math.max(...scores);
  for (let i = 0; i < scores.length; i++) {
    const share = highest === 0 ? 0 : ((scores[i] as number) * MAX_SCORE) / highest;
    scores[i] = Math.floor(reverse ? MAX_SCORE - share : share);
  }
}
