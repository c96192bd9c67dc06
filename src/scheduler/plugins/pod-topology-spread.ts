import {
  type LabelSelector,
  type LabelSelectorObject,
  selectorFromLabels,
  selectorFromObject,
  type v1,
} from '../../api/index.ts';
import { MAX_SCORE, type Plugin } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';
import { matchesNodeSelectorAndAffinity } from './node-affinity.ts';

const HOSTNAME = 'kubernetes.io/hostname';
const ZONE = 'topology.kubernetes.io/zone';

/** Which pods belong together when a pod says nothing of spreading: those of its Service or owner. */
export type DefaultSelector = (pod: v1.Pod) => Readonly<Record<string, string>> | undefined;

interface Constraint {
  topologyKey: string;
  maxSkew: number;
  hard: boolean;
  selector: LabelSelector;
  /** Domains that must exist at least before the smallest one counts. */
  minDomains: number;
  /** Matching pods in each domain. */
  counts: Map<string, number>;
  smallest: number;
  selfMatch: boolean;
}

/** Spreads the pods of a group evenly over hosts and zones: as their constraints say, or by default as Kubernetes does. */
export function podTopologySpread(defaultSelector: DefaultSelector): Plugin {
  return {
    name: 'PodTopologySpread',
    weight: 2,
    preFilter(pod, nodes) {
      const constraints = constraintsOf(pod.pod, defaultSelector);
      for (const constraint of constraints) count(constraint, pod, nodes);
      return constraints;
    },
    filter(_pod, node, state) {
      for (const constraint of state as readonly Constraint[]) {
        if (!constraint.hard) continue;
        const domain = node.labels[constraint.topologyKey];
        if (domain === undefined)
          return {
            reasons: ["node(s) didn't match pod topology spread constraints (missing required label)"],
            resolvable: false,
          };
        const skew = (constraint.counts.get(domain) ?? 0) + (constraint.selfMatch ? 1 : 0) - constraint.smallest;
        if (skew > constraint.maxSkew)
          return { reasons: ["node(s) didn't match pod topology spread constraints"], resolvable: true };
      }
      return undefined;
    },
    score(_pod, node, state) {
      let score = 0;
      for (const { hard, topologyKey, counts, maxSkew } of state as readonly Constraint[]) {
        const domain = node.labels[topologyKey];
        if (hard || domain === undefined) continue;
        // Many domains: each weighs more, so that hosts don't outweigh zones (Kubernetes' topologyNormalizingWeight).
        score += (counts.get(domain) ?? 0) * Math.log(counts.size + 2) + (maxSkew - 1);
      }
      return score;
    },
    normalize(scores) {
      const lowest = Math.min(...scores);
      const highest = Math.max(...scores);
      for (let i = 0; i < scores.length; i++) {
        scores[i] = highest === 0 ? MAX_SCORE : (MAX_SCORE * (highest + lowest - (scores[i] as number))) / highest;
      }
    },
  };
}

function constraintsOf(pod: v1.Pod, defaultSelector: DefaultSelector): Constraint[] {
  const own = pod.spec?.topologySpreadConstraints ?? [];
  if (own.length > 0) {
    return own.map(({ topologyKey, maxSkew, whenUnsatisfiable, labelSelector, matchLabelKeys, minDomains }) => {
      const extra = Object.fromEntries((matchLabelKeys ?? []).map((key) => [key, pod.metadata.labels?.[key] ?? '']));
      const selector = {
        ...labelSelector,
        matchLabels: { ...labelSelector?.matchLabels, ...extra },
      } as LabelSelectorObject;
      return constraint(
        topologyKey,
        maxSkew,
        whenUnsatisfiable === 'DoNotSchedule',
        selectorFromObject(selector),
        minDomains ?? 1,
      );
    });
  }
  const labels = defaultSelector(pod);
  if (labels === undefined) return [];
  const selector = selectorFromLabels(labels);
  return [constraint(HOSTNAME, 3, false, selector, 1), constraint(ZONE, 5, false, selector, 1)];
}

function constraint(
  topologyKey: string,
  maxSkew: number,
  hard: boolean,
  selector: LabelSelector,
  minDomains: number,
): Constraint {
  return { topologyKey, maxSkew, hard, selector, minDomains, counts: new Map(), smallest: 0, selfMatch: false };
}

function count(constraint: Constraint, pod: PodInfo, nodes: readonly NodeInfo[]): void {
  const { counts, selector, topologyKey } = constraint;
  constraint.selfMatch = selector.matches(pod.labels);
  for (const node of nodes) {
    const domain = node.labels[topologyKey];
    if (domain === undefined || !matchesNodeSelectorAndAffinity(pod.pod, node)) continue;
    let matching = 0;
    for (const other of node.pods.values()) {
      if (other.namespace !== pod.namespace || other.pod.metadata.deletionTimestamp !== undefined) continue;
      if (selector.matches(other.labels)) matching++;
    }
    counts.set(domain, (counts.get(domain) ?? 0) + matching);
  }
  constraint.smallest = counts.size < constraint.minDomains ? 0 : Math.min(...counts.values());
}
