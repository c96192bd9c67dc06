/** Times and limits of the controllers, each named as the flag of kube-controller-manager that it stands for. */
export interface ControllerOptions {
  /**
   * A node that gave no sign of life for so long is taken for dead, unless its Lease says a time of its own
   * (Kubernetes: 40 s).
   */
  nodeMonitorGracePeriodMs: number;
  /** Ended pods that are kept, over all namespaces (Kubernetes: 12 500). */
  terminatedPodGcThreshold: number;
  /** How long the node of a pod must be gone before the pod is deleted (Kubernetes: 40 s). */
  nodeQuarantineMs: number;
}

/** As Kubernetes', but that pods of a node that is gone don't wait as long. */
export const defaultControllerOptions: ControllerOptions = {
  nodeMonitorGracePeriodMs: 40_000,
  terminatedPodGcThreshold: 12_500,
  nodeQuarantineMs: 10_000,
};
