/** Times and limits of the controllers, each named as the flag of kube-controller-manager that it stands for. */
export interface ControllerOptions {
  /** Without a renewal of its Lease for so long a node is taken for dead (Kubernetes: 40 s). */
  nodeMonitorGracePeriodMs: number;
  /** Ended pods that are kept, over all namespaces (Kubernetes: 12 500). */
  terminatedPodGcThreshold: number;
  /** How long the node of a pod must be gone before the pod is deleted (Kubernetes: 40 s). */
  nodeQuarantineMs: number;
}

/**
 * Quicker than Kubernetes' in noticing dead nodes. Its grace periods allow for a hundred nodes that
 * renew every ten seconds over networks that hiccup; peers renew every two or so, over connections
 * whose loss they notice at once. Eight seconds outlast a leader election with two lost renewals.
 */
export const defaultControllerOptions: ControllerOptions = {
  nodeMonitorGracePeriodMs: 8_000,
  terminatedPodGcThreshold: 12_500,
  nodeQuarantineMs: 10_000,
};
